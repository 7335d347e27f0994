"""Pages as widespread software writes them, read with the default settings."""

from pathlib import Path

from mapgan.collect.pages import read_page
from mapgan.params.collecting import Gallery

PAGES = Path(__file__).parent / "pages"


def read(html, url):
    """Read a page of `pages/` by its name, or one that is given."""
    html = html if "<" in html else (PAGES / f"{html}.html").read_text(encoding="utf-8")
    settings = Gallery()
    return read_page(html.encode(), url, images=settings.images, next_page=settings.next_page, follow=settings.follow)


def best(page):
    return [image.urls[0] for image in page.images]


WP = "https://maps.example/wp-content/uploads/2020/01"


def test_wordpress_classic():
    page = read("wordpress-classic", "https://maps.example/")
    assert best(page) == [f"{WP}/pit.jpg", f"{WP}/hall.jpg"]
    assert [image.title for image in page.images] == ["The pit", "The hall"]
    assert page.next_page == "https://maps.example/page/2/"


def test_a_single_post_of_wordpress_has_no_next_page():
    html = """<nav class="navigation post-navigation"><div class="nav-links"><div class="nav-previous">
    <a href="https://maps.example/older/" rel="prev">Older</a></div></div></nav>"""
    assert read(html, "https://maps.example/pit/").next_page is None


def test_wordpress_blocks():
    page = read("wordpress-blocks", "https://maps.example/")
    assert best(page) == [f"{WP}/pit.png", f"{WP}/hall-scaled.png"]
    assert page.next_page == "https://maps.example/?query-0-page=2"


def test_wordpress_jetpack():
    assert best(read("wordpress-jetpack", "https://maps.example/")) == [f"{WP}/pit.png"]


def test_a_category_of_mediawiki():
    page = read("mediawiki-category", "https://wiki.example/wiki/Category:Maps")
    assert best(page)[:2] == [
        "https://wiki.example/images/a/ab/Pit_1.png",
        "https://wiki.example/images/thumb/c/cd/Plan.svg/120px-Plan.svg.png",
    ]
    assert page.images[0].urls[1] == "https://wiki.example/images/thumb/a/ab/Pit_1.png/240px-Pit_1.png"
    assert page.next_page == "https://wiki.example/w/index.php?title=Category:Maps&filefrom=Quarry.png"


def test_a_file_page_of_mediawiki():
    page = read("mediawiki-file", "https://wiki.example/wiki/File:Pit_1.png")
    assert best(page) == ["https://wiki.example/images/a/ab/Pit_1.png"]


def test_a_thread_of_phpbb():
    page = read("phpbb-thread", "https://forum.example/viewtopic.php?t=5")
    assert best(page) == [
        "https://forum.example/download/file.php?id=12&mode=view",
        "https://forum.example/download/file.php?id=13",
    ]
    assert page.next_page == "https://forum.example/viewtopic.php?t=5&start=10"


def test_a_listing_of_drupal():
    page = read("drupal-listing", "https://maps.example/maps")
    assert best(page) == ["https://maps.example/sites/default/files/2020-01/pit.jpg"]
    assert page.next_page == "https://maps.example/maps?page=1"


def test_directory_indexes_of_nginx_and_apache():
    for html in ("nginx-index", "apache-index"):
        page = read(html, "https://maps.example/maps/")
        assert best(page) == ["https://maps.example/maps/My%20pit.png"]
        assert page.follow == ["https://maps.example/maps/caves/"]


def test_only_a_directory_index_is_followed_unasked():
    assert read('<title>Maps</title><a href="caves/">caves</a>', "https://maps.example/maps/").follow == []


def test_lazy_and_zoomed_images():
    html = """<img src="/s.gif" data-lazy="/a.png"><img src="/t.png" data-full="/b.png">
    <img src="/u.png" data-zoom-image="/c.png"><img src="/v-300x200.png" data-large_image="/d.png">"""
    assert best(read(html, "https://maps.example/")) == [f"https://maps.example/{name}.png" for name in "abcd"]
