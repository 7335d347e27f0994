import pytest

from mapgan.collect import wordpress
from mapgan.collect.client import Client
from mapgan.errors import MapganError
from mapgan.params.api_sources import WordPress
from mapgan.params.collecting import Download, Scrape

from .apis import Blog, as_json
from .conftest import Reply, html


@pytest.fixture
def blog(site):
    return Blog(site)


@pytest.fixture
def find(blog, sleeps):
    def run(*urls, download=None, **settings):
        urls = list(urls) or [blog.site.url]
        chosen = Download(**{"delay": 0, "timeout": 5, "retries": 0, **(download or {})})
        source = wordpress.source(Scrape(wordpress=WordPress(urls=urls, **settings), download=chosen))
        return source.find(Client(chosen, source.trusted, source.api, sleep=sleeps.append))

    return run


def paths(blog, found):
    return [[url.removeprefix(blog.site.url) for url in image.urls] for image in found.images]


def test_the_images_of_all_posts_in_full_size(blog, find):
    for number in range(5):
        blog.post(f"pit-{number}", f'<a href="/u/{number}.png"><img src="/u/{number}-300x225.png" alt=""></a>')
    found = find()
    assert [urls[0] for urls in paths(blog, found)] == [f"/u/{number}.png" for number in range(5)]
    image = found.images[3]
    assert (image.title, image.author) == ("The pit-3 \u2013 a map", "Dyson")
    assert image.page == f"{blog.site.url}/pit-3/"
    assert len(blog.site.requested) == 5  # robots.txt, the home page, three answers


def test_the_licence_and_title_that_a_post_names(blog, find):
    licence = '<a rel="license" href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a>'
    blog.post("pit", f'<img src="/u/1.png" alt="The &lt;Pit&gt;">{licence}')
    (image,) = find().images
    assert (image.title, image.licence) == ("The <Pit>", "CC BY 4.0")


def test_the_media_library_with_the_originals_of_scaled_images(blog, find):
    blog.file("pit-scaled.jpg", "image/jpeg", original_image="pit.jpg")
    blog.file("hall.png")
    blog.file("song.ogg", "audio/ogg")
    blog.file("x.png", original_image="../../x/y.png")
    assert paths(blog, find(content="media")) == [
        ["/wp-content/uploads/pit.jpg", "/wp-content/uploads/pit-scaled.jpg"],
        ["/wp-content/uploads/hall.png"],
        ["/wp-content/uploads/y.png", "/wp-content/uploads/x.png"],
    ]


def test_a_part_of_the_api(blog, find):
    blog.post("pit", '<img src="/u/1.png">')
    asked = []
    answer = blog.answer
    blog.site.replies.answer = lambda path, query: asked.append((path, query)) or answer(path, query)
    find(f"{blog.site.url}/wp-json/wp/v2/posts?categories[]=12&categories[]=13")
    find(f"{blog.site.url}/?rest_route=/wp/v2/posts")
    assert [query["categories[]"] for _, query in asked if "categories[]" in query] == [["12", "13"]]
    assert [path for path, query in asked if "rest_route" in query] == ["/"]


def test_a_page_on_which_nothing_is_public_is_not_the_last(blog, find):
    for number in range(6):
        blog.post(f"pit-{number}", f'<img src="/u/{number}.png">')
    blog.hidden = {2}
    assert len(find().images) == 4


def test_a_site_that_does_not_say_how_many_pages_there_are(blog, find):
    for number in range(4):
        blog.post(f"pit-{number}", f'<img src="/u/{number}.png">')
    answer = blog.answer

    def without_total(path, query):
        reply = answer(path, query)
        if reply:
            reply.headers.pop("X-WP-TotalPages", None)
        return reply

    blog.site.replies.answer = without_total
    found = find()
    assert (len(found.images), found.left_out, found.cut) == (4, [], False)


def test_limits(blog, find, capsys):
    for number in range(6):
        blog.post(f"pit-{number}", f'<img src="/u/{number}.png">')
    assert (len(find(max_images=3).images), find(max_images=3).cut) == (3, True)
    assert "scrape.wordpress.max_images reached" in capsys.readouterr().err
    found = find(max_pages=2)
    assert (len(found.images), found.cut) == (4, True)
    assert "scrape.wordpress.max_pages reached" in capsys.readouterr().err


def test_a_page_that_fails_is_left_out(blog, find):
    for number in range(6):
        blog.post(f"pit-{number}", f'<img src="/u/{number}.png">')
    answer = blog.answer
    fails = Reply(b"no", status=404)
    blog.site.replies.answer = lambda path, query: fails if query.get("page") == ["2"] else answer(path, query)
    found = find()
    assert (len(found.images), [row.reason for row in found.left_out]) == (4, ["HTTP 404"])


def test_robots_txt_is_for_the_api_of_a_blog_too(blog, find):
    blog.post("pit", '<img src="/u/1.png">')
    blog.site.put("/robots.txt", Reply(b"User-agent: *\nDisallow: /wp-json/"))
    with pytest.raises(MapganError, match=r"robots\.txt forbids it"):
        find()


@pytest.mark.parametrize(
    "home", [html('<meta name="robots" content="noai">'), Reply(b"<p>", headers={"X-Robots-Tag": "noai"})]
)
def test_a_site_that_says_no_is_left_alone(blog, find, home):
    blog.post("pit", '<img src="/u/1.png">')
    blog.site.put("/", home)
    with pytest.raises(MapganError, match="its site says noai"):
        find()
    assert len(find(download={"opt_outs": "ignore"}).images) == 1


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(b"<html>"), "not JSON"),
        (as_json({"code": "rest_no_route"}), "not a list of WordPress"),
        (Reply(b'{"code": "rest_no_route"}', "application/json", 404), "HTTP 404"),
        (Reply(b"{}", "application/json", 401), "HTTP 401"),
        (as_json(b"[" + b" " * (9 << 20) + b"]"), "larger than 8 MiB"),
        (as_json([], X_Robots_Tag="noai"), "its site says noai"),
    ],
)
def test_an_answer_that_is_none_ends_in_one_line(blog, find, reply, reason):
    blog.site.replies.answer = lambda path, query: reply if "wp-json" in path else None
    with pytest.raises(MapganError) as raised:
        find()
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("by", ["header", "robots.txt"])
def test_a_list_that_its_owner_keeps_back_is_refused(blog, find, by):
    for number in range(6):
        blog.post(f"pit-{number}", f'<img src="/u/{number}.png">')
    if by == "robots.txt":
        blog.site.replies["/robots.txt"] = [Reply(b"User-agent: *\nDisallow: /*page=2$\n", "text/plain")]
    else:
        answer, no = blog.answer, as_json([], X_Robots_Tag="noai")
        blog.site.replies.answer = lambda path, query: no if query.get("page") == ["2"] else answer(path, query)
    assert [row.status for row in find().left_out] == ["refused"]


def test_odd_items_are_passed_over(blog, find):
    blog.post("pit", '<img src="/u/1.png">')
    odd = [3, None, [], {}, {"content": "x"}, {"content": {"rendered": 3}, "title": [], "_embedded": {"author": {}}}]
    odd += [{"source_url": None}, {"source_url": "file:///etc/passwd", "mime_type": "image/png"}]
    odd += [{"source_url": "http://\ud800/", "mime_type": "image/png"}, {"content": {"rendered": "<i>\ud800" * 999}}]
    odd += [{"source_url": "/a.png", "mime_type": "image/png", "media_details": {"original_image": ".."}}]
    blog.site.replies.answer = lambda path, query: as_json(odd + blog.lists["posts"], X_WP_TotalPages="1")
    assert [urls[0] for urls in paths(blog, find())] == ["/a.png", "/u/1.png"]


@pytest.mark.parametrize(
    ("urls", "message"), [([], r"wordpress\.urls is empty"), (["https://me:x@a.example"], "a user name or password")]
)
def test_wrong_settings_stop_the_run_before_any_request(urls, message):
    with pytest.raises(MapganError, match=message):
        wordpress.source(Scrape(wordpress=WordPress(urls=urls)))


@pytest.mark.parametrize(
    ("url", "is_api"),
    [
        ("https://a.example/wp-json/wp/v2/posts", True),
        ("https://a.example/?rest_route=/wp/v2/media", True),
        ("https://a.example/maps/", False),
    ],
)
def test_the_settings_for_an_address(url, is_api):
    assert wordpress.from_url(url) == ({"urls": [url]} if is_api else None)
