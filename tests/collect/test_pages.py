"""Pages as real sites write them, and what is read from them."""

import pytest

from mapgan.collect.links import largest, resolve, unwrap
from mapgan.collect.pages import read_page
from mapgan.params.collecting import Gallery

URL = "https://maps.example/gallery/index.html"
DEFAULT = Gallery()


def read(html, follow="", url=URL, **selectors):
    selectors = {"images": DEFAULT.images, "next_page": DEFAULT.next_page, "follow": follow, **selectors}
    return read_page(html.encode(), url, **selectors)


def best_urls(html, **options):
    return [image.urls[0].removeprefix("https://maps.example") for image in read(html, **options).images]


IMAGES = {
    "a plain image": ('<img src="a.png">', ["/gallery/a.png"]),
    "a linked image, not its thumbnail": ('<a href="/f.png"><img src="t.png"></a>', ["/f.png"]),
    "a thumbnail that leads to a page": ('<a href="/f.html"><img src="t.png"></a>', ["/gallery/t.png"]),
    "a text link to an image": ('<a href="a.JPG">The pit</a>', ["/gallery/a.JPG"]),
    "a link to a page": ('<a href="a.html">The pit</a>', []),
    "data-orig-file": (
        '<img src="/a-300x225.jpg" data-orig-file="/a.jpg" data-large-file="/a-1024x768.jpg">',
        ["/a.jpg"],
    ),
    "data-large-file": ('<img src="/a.jpg?w=9" data-large-file="/b.jpg">', ["/b.jpg"]),
    "the largest of a srcset": (
        '<img src="/s.png" srcset="/s.png 3w, /l.png 9w, /m.png 6w">',
        ["/l.png"],
    ),
    "a lazy srcset": ('<img src="data:image/gif;base64,R0" data-srcset="/s.png 1x, /l.png 2x">', ["/l.png"]),
    "a lazy src": ('<img src="/blank.gif" data-src="/a.png">', ["/a.png"]),
    "a picture element": (
        '<picture><source srcset="/l.webp 2000w"><img src="/s.png" srcset="/m.png 500w"></picture>',
        ["/l.webp"],
    ),
    "a data URL": ('<img src="data:image/png;base64,iVBO">', []),
    "a WordPress query": ('<img src="/a.png?w=300&amp;h=200&amp;ssl=1">', ["/a.png?ssl=1"]),
    "a thumbnail name": ('<img src="/up/pit-300x225.jpg">', ["/up/pit.jpg"]),
    "a size in squares": ('<img src="/up/pit-20x30.jpg">', ["/up/pit-20x30.jpg"]),
    "a linked image keeps its name": ('<a href="/pit-1024x768.jpg">x</a>', ["/pit-1024x768.jpg"]),
    "a redirector": ('<a href="/leaving.asp?url=http%3A//maps.example/a.jpg&amp;o=dnd">x</a>', None),
    "a redirector to a path": ('<a href="/leaving.asp?url=/dnd/a.jpg">x</a>', ["/dnd/a.jpg"]),
    "an image proxy": ('<img src="/_next/image?url=%2Fmaps%2Fa.png&amp;w=640&amp;q=75">', ["/maps/a.png"]),
    "a fragment": ('<img src="/a.png#top">', ["/a.png"]),
    "an ampersand escaped twice": ('<img src="/a.png?x=1&amp;amp;y=2">', ["/a.png?x=1&y=2"]),
    "a space": ('<img src="/My Map.png">', ["/My%20Map.png"]),
    "a line break": ('<img src="/My\nMap.png">', ["/MyMap.png"]),
    "a base": ('<base href="/up/"><img src="a.png">', ["/up/a.png"]),
    "a relative base": ('<base href="../up/"><img src="a.png">', ["/up/a.png"]),
    "duplicates": ('<img src="/a.png"><a href="/a.png">a</a><img src="/a.png?w=20">', ["/a.png"]),
    "a script": ("<a href=\"javascript:go('a.png')\">x</a>", []),
    "an invalid URL": ('<img src="http://[a.png"><img src="/b.png">', ["/b.png"]),
    "a file page of a wiki": ('<a href="/File:A.png"><img src="/th/220px-A.png"></a>', ["/th/220px-A.png"]),
}


@pytest.mark.parametrize(("html", "expected"), IMAGES.values(), ids=IMAGES)
def test_best_url(html, expected):
    if expected is None:
        expected = ["http://maps.example/a.jpg"]
    assert best_urls(html) == expected


def test_all_candidates():
    (image,) = read('<a href="/a.png"><img src="/th/a-300x225.png?w=3"></a>').images
    assert [url.removeprefix("https://maps.example") for url in image.urls] == [
        "/a.png",
        "/th/a.png",
        "/th/a-300x225.png",
        "/th/a-300x225.png?w=3",
    ]


SRCSETS = [
    ("/a.png", "/a.png"),
    ("/a.png 1x, /b.png 1.5x", "/b.png"),
    ("/a.png 100w,/b.png 200w", "/b.png"),
    ("/w_1,h_2/a.png 100w, /w_9,h_9/b.png 900w", "/w_9,h_9/b.png"),
    ("/a.png, /b.png 2x", "/b.png"),
    (" \n/a.png 300w,\n /b.png 20w\n", "/a.png"),
    ("data:image/gif;base64,R0 900w, /b.png 20w", "/b.png"),
    ("", None),
    (" , ", None),
]


@pytest.mark.parametrize(("srcset", "expected"), SRCSETS)
def test_largest(srcset, expected):
    assert largest(srcset) == expected


TITLES = {
    "alt": ('<img src="a.png" alt=" The  pit " title="no">', "The pit"),
    "title": ('<img src="a.png" alt="" title="The pit">', "The pit"),
    "alt inside a link": ('<a href="a.png" title="no"><img src="t.png" alt="The pit">no</a>', "The pit"),
    "text of a link": ('<a href="a.png">The <b>pit</b></a>', "The pit"),
    "title of a link": ('<a href="a.png" title="The pit"><img src="t.png"></a>', "The pit"),
    "nothing": ('<img src="a.png">', ""),
}


@pytest.mark.parametrize(("html", "expected"), TITLES.values(), ids=TITLES)
def test_title(html, expected):
    assert read(html).images[0].title == expected


INDEXES = {
    "python": """<ul><li><a href="sub/">sub/</a></li><li><a href="a.png">a.png</a></li></ul>""",
    "nginx": """<h1>Index of /gallery/</h1><hr><pre><a href="../">../</a>
<a href="sub/">sub/</a>      01-Jan-2024 10:00   -
<a href="a.png">a.png</a>    01-Jan-2024 10:00   123</pre>""",
    "apache": """<table><tr><th><a href="?C=N;O=D">Name</a></th><th><a href="?C=M;O=A">Last</a></th></tr>
<tr><td><img src="/icons/back.svg" alt=""></td><td><a href="/">Parent Directory</a></td></tr>
<tr><td><a href="sub/">sub/</a></td></tr><tr><td><a href="a.png">a.png</a></td></tr></table>""",
}


@pytest.mark.parametrize("html", INDEXES.values(), ids=INDEXES)
def test_index_pages(html):
    page = read(html, follow='a[href$="/"], a[href^="?"]', images="a[href]", url="https://maps.example/gallery/")
    assert [image.urls for image in page.images] == [("https://maps.example/gallery/a.png",)]
    assert page.follow == ["https://maps.example/gallery/sub/"]


NEXT = {
    "link": ('<link rel="next" href="/p/2">', "/p/2"),
    "a rel": ('<a rel="nofollow next" href="?page=2">older</a>', "/gallery/index.html?page=2"),
    "a class": ('<ul><li class="next"><a href="/p/2">&gt;</a></li></ul>', "/p/2"),
    "only to the page itself": ('<a class="next" href="#">slide</a>', None),
    "after a link to the page itself": ('<a class="next" href="#">slide</a><a rel="next" href="/p/2">2</a>', "/p/2"),
    "none": ('<a href="/p/2">2</a>', None),
}


@pytest.mark.parametrize(("html", "expected"), NEXT.values(), ids=NEXT)
def test_next_page(html, expected):
    assert read(html).next_page == (expected and f"https://maps.example{expected}")


def test_a_followed_link_and_its_thumbnail_are_not_images():
    page = read('<a class="m" href="/m/1.png"><img src="t.png"></a><img src="b.png">', follow="a.m")
    assert page.follow == ["https://maps.example/m/1.png"]
    assert [image.urls[0] for image in page.images] == ["https://maps.example/gallery/b.png"]


def test_licence_and_author_of_a_page():
    page = read('<meta name="author" content="Ann"><a rel="license" href="/by">CC  BY</a>')
    assert (page.author, page.licence) == ("Ann", "CC BY")
    assert read('<link rel="license" href="/by">').licence == "https://maps.example/by"


def test_charset_of_the_content_type():
    page = read_page('<img src="a.png" alt="Höhle">'.encode("latin-1"), URL, images="img", next_page="",
                     charset="iso-8859-1")  # fmt: skip
    assert page.images[0].title == "Höhle"


@pytest.mark.parametrize("charset", ["bogus", "utf-16", "utf-7", "base64", "idna"])
def test_a_wrong_charset_of_the_content_type(charset):
    page = read_page('<meta charset="utf-8"><img src="a.png" alt="Höhle">'.encode(), URL, images="img", next_page="",
                     charset=charset)  # fmt: skip
    assert len(page.images) in (0, 1)


def test_xhtml(recwarn):
    html = '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><img src="a.png"/></html>'
    assert best_urls(html) == ["/gallery/a.png"]
    assert len(recwarn) == 0


def test_passwords_in_links_are_removed():
    assert resolve("https://me:secret@maps.example/a.png", URL) == "https://maps.example/a.png"


def test_a_redirector_to_a_page_is_not_unwrapped():
    assert unwrap("https://a.example/go?url=https://b.example/") == "https://a.example/go?url=https://b.example/"
