from dataclasses import replace

import pytest

from mapgan.collect import fetching, gallery
from mapgan.collect.crawl import crawl
from mapgan.collect.store import Store
from mapgan.errors import MapganError
from mapgan.files import sha256_bytes
from mapgan.params.collecting import Gallery, Scrape

from .conftest import Reply, gallery_scrape, html, image_bytes, png


@pytest.fixture
def gather(tmp_path, client_of):
    def run(*urls, pattern="", store=None, opt_outs="obey", **settings):
        client = client_of(*urls, retries=1, opt_outs=opt_outs)
        source = gallery.source(gallery_scrape(urls[0], **settings))
        gathered = fetching.gather(source, client, store or Store(tmp_path / "cache"), tmp_path / "raw", pattern)
        return gathered.rows, gathered.new

    return run


def by_path(site, rows):
    return {row.url.removeprefix(site.url): row for row in rows}


def test_collects_the_images_of_all_next_pages(site, gather, tmp_path):
    start = site.put("/", html('<img src="1.png" alt="The pit"><a rel="next" href="/p2">2</a>'))
    site.put("/p2", html('<img src="2.png"><a rel="next" href="/">1</a>'))
    site.put("/1.png", png(1))
    site.put("/2.png", png(2))
    rows, new = gather(start)
    row = by_path(site, rows)["/1.png"]
    assert new == len(rows) == 2
    assert (row.title, row.page, row.mime, row.width, row.height) == ("The pit", start, "image/png", 8, 6)
    assert (row.group, row.status, row.bytes) == ("1", "ok", len(image_bytes(1)))
    assert row.file == f"{sha256_bytes(image_bytes(1))}.png"
    assert (tmp_path / "raw" / row.file).read_bytes() == image_bytes(1)


@pytest.mark.parametrize(("depth", "expected"), [(0, []), (1, ["/1.png"]), (2, ["/1.png", "/2.png"])])
def test_depth_limits_followed_links(site, gather, depth, expected):
    site.put("/", html('<a class="m" href="/m1">1</a><img src="0.png">'))
    site.put("/m1", html('<a class="m" href="/m2">2</a><img src="1.png">'))
    site.put("/m2", html('<a class="m" href="/m3">3</a><img src="2.png">'))
    for number in range(4):
        site.put(f"/{number}.png", png(number))
    rows, _ = gather(site.url + "/", follow="a.m", depth=depth)
    assert sorted(by_path(site, rows)) == ["/0.png", *expected]


def test_no_more_links_wait_than_pages_are_read(site, client_of, capsys):
    start = site.put("/", html("".join(f'<a href="/p{number}">x</a>' for number in range(5000))))
    crawled = crawl(Gallery(urls=[start], follow="a", max_pages=3), client_of(start))
    assert (len(crawled.seen), crawled.cut["max_pages"]) == (4, 1)
    assert "max_pages reached" in capsys.readouterr().err


def test_links_beyond_the_depth_are_counted(site, gather, capsys):
    site.put("/", html('<a class="m" href="/m1">1</a><img src="0.png">'))
    site.put("/m1", html('<a class="m" href="/m2">2</a><a class="m" href="/m3">2</a><a class="m" href="/">0</a>'))
    site.put("/0.png", png())
    gather(site.url + "/", follow="a.m", depth=1)
    assert "scrape.gallery.depth reached, at least 2 links left out" in capsys.readouterr().err


def test_a_followed_link_may_be_an_image(site, gather):
    start = site.put("/", html('<a href="/a.png">a</a>'))
    site.put("/a.png", png())
    rows, _ = gather(start, follow="a")
    assert [row.status for row in by_path(site, rows).values()] == ["ok"]


def test_a_start_url_may_be_an_image(site, gather):
    rows, _ = gather(site.put("/a.png", png()))
    assert list(by_path(site, rows)) == ["/a.png"]


def test_max_pages_and_max_images(site, gather, capsys):
    for page in range(5):
        site.put(
            f"/p{page}",
            html(f'<img src="{page}a.png"><img src="{page}b.png"><a rel=next href="p{page + 1}">'),
        )
        site.put(f"/{page}a.png", png(page))
        site.put(f"/{page}b.png", png(page + 10))
    assert len(gather(site.url + "/p0", max_pages=2)[0]) == 4
    assert "scrape.gallery.max_pages" in capsys.readouterr().err
    assert len(gather(site.url + "/p0", max_images=3)[0]) == 3
    assert "scrape.gallery.max_images" in capsys.readouterr().err


def test_images_on_several_pages_count_once(site, gather, capsys):
    site.put("/p0", html('<img src="a.png"><img src="b.png"><a rel=next href="p1">'))
    site.put("/p1", html('<img src="c.png"><img src="b.png"><img src="a.png">'))
    for name in "abc":
        site.put(f"/{name}.png", png(ord(name)))
    assert len(gather(site.url + "/p0", max_images=3)[0]) == 3
    assert "reached" not in capsys.readouterr().err


def test_images_that_are_left_out_on_the_last_page_are_counted(site, gather, capsys):
    site.put("/p0", html('<img src="a.png"><img src="b.png"><img src="c.png">'))
    site.put("/a.png", png())
    assert len(gather(site.url + "/p0", max_images=1)[0]) == 1
    assert "scrape.gallery.max_images reached, at least 2 images left out" in capsys.readouterr().err


def test_links_to_no_address_are_stepped_over(site, gather):
    links = "".join(
        f'<a rel="next" class="m" href="{url}">x</a><img src="{url}/a.png">'
        for url in ("http://h:99999/", "http://h:PORT/", "http://[x/", "//", "http:///", "http://a b/", "x" * 5000)
    )
    site.put("/", html(links + '<img src="a.png">'))
    site.put("/a.png", png())
    rows, _ = gather(site.url + "/", follow="a.m")
    assert "/a.png" in [path for path, row in by_path(site, rows).items() if row.status == "ok"]


def test_a_redirect_to_no_address_fails_alone(site, gather):
    site.put("/", html('<img src="a.png"><img src="b.png">'))
    site.put("/a.png", Reply(status=302, headers={"Location": "http://h:99999/"}))
    site.put("/b.png", png())
    rows = by_path(site, gather(site.url + "/")[0])
    assert (rows["/a.png"].reason, rows["/b.png"].status) == ("not a valid URL", "ok")


def test_the_same_page_under_another_session_is_read_once(site, gather):
    sid = "0123456789abcdef0123456789abcdef"
    start = site.put("/viewtopic.php?t=5", html(f'<img src="a.png"><a rel=next href="/viewtopic.php?t=5&sid={sid}">'))
    site.put("/a.png", png())
    gather(start)
    assert site.requested == ["/robots.txt", "/viewtopic.php?t=5", "/.well-known/tdmrep.json", "/a.png"]


def test_the_page_is_the_referer_of_its_images(site, gather):
    start = site.put("/maps", html('<img src="a.png">'))
    site.put("/a.png", png())
    gather(start)
    assert site.headers[-1]["Referer"] == start


def test_a_directory_index_is_followed_into_its_folders(site, gather):
    for folder, below in (("/", "caves/"), ("/caves/", "deep/"), ("/caves/deep/", "")):
        links = f'<a href="../">../</a><a href="{below}">{below}</a><a href="a{len(folder)}.png">a</a>'
        site.put(folder, html(f"<title>Index of {folder}</title><pre>{links}</pre>"))
        site.put(f"{folder}a{len(folder)}.png", png(len(folder)))
    rows, _ = gather(site.url + "/")
    assert sorted(by_path(site, rows)) == ["/a1.png", "/caves/a7.png", "/caves/deep/a12.png"]


# what owners say on pages

OPT_OUTS = {
    "meta robots": (html('<meta name="ROBOTS" content="NoAI, noarchive">{}'), "noai"),
    "meta mapgan": (html('<meta name="mapgan" content="noimageindex">{}'), "noimageindex"),
    "meta tdm-reservation": (html('<meta name="tdm-reservation" content="1">{}'), "tdm-reservation"),
    "a header": (Reply(b"{}", headers={"X-Robots-Tag": "noindex"}), "noindex"),
}


@pytest.mark.parametrize(("reply", "word"), OPT_OUTS.values(), ids=OPT_OUTS)
def test_images_of_a_page_that_says_so_are_refused(site, gather, reply, word):
    links = b'<img src="a.png"><a rel="next" href="/p2">2</a>'
    start = site.put("/", replace(reply, body=reply.body.replace(b"{}", links)))
    site.put("/p2", html('<img src="b.png">'))
    site.put("/a.png", png(1))
    site.put("/b.png", png(2))
    rows = by_path(site, gather(start)[0])
    assert (rows["/a.png"].status, rows["/a.png"].reason) == ("refused", f"its page says {word}")
    assert rows["/b.png"].status == "ok"
    assert "/a.png" not in site.requested
    assert {row.status for row in gather(start, opt_outs="ignore")[0]} == {"ok"}


def test_an_image_is_taken_if_one_of_its_pages_allows_it(site, gather):
    start = site.put("/", html('<meta name="robots" content="noindex"><img src="a.png"><a rel="next" href="/p2">2</a>'))
    site.put("/p2", html('<img src="a.png">'))
    site.put("/a.png", png())
    assert [row.status for row in gather(start)[0]] == ["ok"]


def test_nofollow_is_obeyed(site, gather):
    start = site.put(
        "/", html('<meta name="robots" content="nofollow"><img src="a.png"><a rel="next" href="/p2">2</a>')
    )
    site.put("/a.png", png())
    gather(start)
    assert "/p2" not in site.requested


def test_does_not_leave_the_site(site, gather):
    start = site.put("/", html('<img src="a.png"><a rel="next" href="http://elsewhere.example/">2</a>'))
    site.put("/a.png", png())
    assert len(gather(start)[0]) == 1


def test_allowed_and_denied_images_and_pages(site, gather):
    site.put(
        "/",
        html(
            '<img src="/maps/a.png"><img src="/ads/b.png"><a class="m" href="/maps/2">2</a><a class="m" href="/x">x</a>'
        ),
    )
    site.put("/maps/2", html('<img src="/maps/c.png"><img src="/maps/thumbs/d.png">'))
    site.put("/x", html('<img src="/maps/e.png">'))
    for name in "ac":
        site.put(f"/maps/{name}.png", png(ord(name)))
    rows, _ = gather(site.url + "/", follow="a.m", allow="/maps/", deny="thumbs|ads")
    assert sorted(by_path(site, rows)) == ["/maps/a.png", "/maps/c.png"]


def test_further_hosts(site, other_site, gather):
    elsewhere = other_site.put("/", html('<img src="/b.png">'))
    start = site.put(
        "/", html(f'<img src="a.png"><a class="m" href="{elsewhere.replace("127.0.0.1", "localhost")}">2</a>')
    )
    site.put("/a.png", png(1))
    rows, _ = gather(start, follow="a.m", hosts=["localhost"])
    assert [row.reason for row in rows if row.status == "failed"] == [  # it was asked for, though not from here
        "leads to a private address; set allow_private if that is intended"
    ]
    assert len(gather(start, follow="a.m")[0]) == 1


def test_a_next_page_that_redirects_off_the_site_is_not_read(site, client_of):
    elsewhere = site.url.replace("127.0.0.1", "localhost") + "/there"
    start = site.put("/", html('<img src="a.png"><a rel="next" href="/out">2</a>'))
    site.put("/out", Reply(status=302, headers={"Location": elsewhere}))
    site.put("/there", html('<img src="b.png">'))
    crawled = crawl(Gallery(urls=[start]), client_of(start, elsewhere))
    assert list(crawled.images) == [site.url + "/a.png"]
    assert [row.reason for row in crawled.failed] == ["leads to another site"]


def test_failures_are_recorded_and_skipped(site, gather):
    site.put("/robots.txt", Reply(b"User-agent: *\nDisallow: /no\n", "text/plain"))
    names = ("ok.png", "404.png", "500.png", "page.png", "no.png")
    images = "".join(f'<img src="{name}" alt="A {name}">' for name in names)
    start = site.put("/", html(f'<a class="m" href="/gone">x</a><a class="m" href="/no">x</a>{images}'))
    site.put("/ok.png", png())
    site.put("/500.png", Reply(status=500))
    site.put("/page.png", html("soft 404"))
    site.put("/no.png", png())
    rows = by_path(site, gather(start, follow="a.m")[0])
    assert {path: row.reason for path, row in rows.items() if row.status != "ok"} == {
        "/gone": "HTTP 404",
        "/no": "robots.txt forbids it",
        "/404.png": "HTTP 404",
        "/500.png": "HTTP 500",
        "/page.png": "not an image (text/html)",
        "/no.png": "robots.txt forbids it",
    }
    assert rows["/404.png"].title == "A 404.png"
    assert rows["/ok.png"].status == "ok"
    assert not {"/no", "/no.png"} & set(site.requested)


def test_a_guessed_url_that_is_missing_gives_way_to_the_next(site, gather):
    start = site.put("/", html('<img src="/pit-300x225.png"><img src="/hall-300x225.png">'))
    site.put("/pit-300x225.png", png(1))
    site.put("/hall-300x225.png", png(2))
    site.put("/hall.png", png(3))
    rows, _ = gather(start)
    assert sorted(by_path(site, rows)) == ["/hall.png", "/pit-300x225.png"]


def test_the_thumbnail_of_a_forbidden_image_does_not_take_its_place_for_good(site, gather):
    start = site.put("/", html('<a href="/full.png"><img src="/thumb.png"></a>'))
    site.put("/full.png", Reply(status=403))
    site.put("/thumb.png", png(1))
    assert list(by_path(site, gather(start)[0])) == ["/thumb.png"]
    site.put("/full.png", png(2))
    assert list(by_path(site, gather(start)[0])) == ["/full.png"]
    assert site.request_counts()["/thumb.png"] == 1


BAD_DOWNLOADS = {
    "nothing": (b"", "an empty file"),
    "HTML": (b"<!doctype html><title>Just a moment", "not an image (image/jpeg)"),
    "a cut JPEG": (image_bytes(1, "JPEG", (300, 300))[:900], "damaged: cannot be decoded"),
}


@pytest.mark.parametrize(("body", "reason"), BAD_DOWNLOADS.values(), ids=BAD_DOWNLOADS)
def test_a_bad_download_is_not_remembered(site, gather, body, reason):
    start = site.put("/", html('<img src="a.jpg">'))
    site.put("/a.jpg", Reply(body, "image/jpeg"))
    assert [(row.status, row.reason) for row in gather(start)[0]] == [("failed", reason)]
    site.put("/a.jpg", Reply(image_bytes(1, "JPEG"), "image/jpeg"))
    assert [row.status for row in gather(start)[0]] == ["ok"]


def test_the_thumbnail_is_not_taken_because_the_server_is_busy(site, gather):
    start = site.put("/", html('<a href="/full.png"><img src="/thumb.png"></a>'))
    site.put("/full.png", Reply(status=500))
    site.put("/thumb.png", png())
    rows, _ = gather(start)
    assert [(row.status, row.reason) for row in rows] == [("failed", "HTTP 500")]
    assert "/thumb.png" not in site.requested


def test_the_format_comes_from_the_content_not_from_the_server(site, gather):
    start = site.put("/", html('<img src="a.png"><img src="b.png">'))
    site.put("/a.png", Reply(image_bytes(1, "JPEG"), "image/png"))
    site.put("/b.png", Reply(b"<svg>no image</svg>", "image/png"))
    rows = by_path(site, gather(start)[0])
    assert (rows["/a.png"].mime, rows["/a.png"].file[-4:]) == ("image/jpeg", ".jpg")
    assert (rows["/b.png"].status, rows["/b.png"].reason) == ("failed", "not an image (image/png)")


def test_tiles_of_one_map_are_one_group(site, gather):
    start = site.put("/", html('<img src="Pit__0_0.png"><img src="Pit__0_1.png">'))
    site.put("/Pit__0_0.png", png(1))
    site.put("/Pit__0_1.png", png(2))
    assert {row.group for row in gather(start, pattern=r"^(.+?)__")[0]} == {"Pit"}


# the store


@pytest.fixture
def pit(site):
    site.put("/pit-300x225.png", png())
    return site.put("/", html('<img src="/pit-300x225.png">'))


def test_no_image_is_downloaded_twice(site, gather, pit):
    rows, new = gather(pit)
    before = site.request_counts()["/pit-300x225.png"], site.request_counts()["/pit.png"]
    rows_again, new_again = gather(pit)
    assert (before, new, new_again) == ((1, 1), 1, 0)
    assert (site.request_counts()["/pit-300x225.png"], site.request_counts()["/pit.png"]) == before
    assert rows == rows_again


def test_images_missing_in_raw_come_from_the_store(gather, pit, tmp_path):
    (row,), _ = gather(pit)
    (tmp_path / "raw" / row.file).unlink()
    assert gather(pit)[1] == 0
    assert (tmp_path / "raw" / row.file).read_bytes() == image_bytes()


def test_a_damaged_image_in_the_store_is_downloaded_again(gather, pit, tmp_path):
    (row,), _ = gather(pit)
    (stored,) = (tmp_path / "cache" / "images").glob("*/*")
    stored.write_bytes(b"damaged")
    assert gather(pit)[1] == 1
    assert (tmp_path / "raw" / row.file).read_bytes() == stored.read_bytes() == image_bytes()


DAMAGED = ["", "[]", "{", '{"url": 1}', '{"requested": {}, "url": "u", "sha256": "../../x"}', "\udcff\x00"]


@pytest.mark.parametrize("line", DAMAGED)
def test_a_damaged_line_in_the_store_is_stepped_over(site, gather, tmp_path, line):
    start = site.put("/", html('<img src="a.png">'))
    site.put("/a.png", png())
    gather(start)
    (tmp_path / "cache" / "downloads.jsonl").write_bytes(line.encode("utf-8", "surrogateescape"))
    assert [gather(start)[1] for _ in range(2)] == [1, 0]


def test_no_temporary_files_stay(gather, pit, tmp_path):
    gather(pit)
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == ["downloads.jsonl", "images"]


# errors


def test_a_missing_first_page_stops_the_run(site, gather):
    with pytest.raises(MapganError, match=r"HTTP 404; check scrape\.gallery\.urls"):
        gather(site.url + "/gone")


def test_a_gallery_without_images_stops_the_run(site, gather):
    with pytest.raises(MapganError, match=r"no images found; check that scrape\.gallery\.images"):
        gather(site.put("/", html("nothing here")))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "scrape.gallery.urls is empty"),
        ({"urls": ["maps.example"]}, "neither http nor https"),
        ({"urls": ["https://me:secret@maps.example/"]}, "user name or password"),
        ({"urls": ["https://maps.example/"], "follow": "a[["}, "scrape.gallery.follow is not a CSS selector"),
    ],
)
def test_wrong_settings_stop_the_run_before_any_request(settings, message):
    with pytest.raises(MapganError) as raised:
        gallery.source(Scrape(gallery=Gallery(**settings)))
    assert message in str(raised.value)
    assert "secret" not in str(raised.value)
