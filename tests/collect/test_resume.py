"""Downloads that were cut off go on; what has not changed is not sent again."""

import contextlib

import pytest

from mapgan.collect import fetching, gallery
from mapgan.collect.addresses import UnavailableError
from mapgan.collect.page_cache import PageCache
from mapgan.collect.partial import IN_MEMORY, Partial, validator_of
from mapgan.collect.store import Store

from .conftest import Reply, gallery_scrape, html, image_bytes, large_image, png

BODY, OTHER = large_image(1), large_image(2)
LIMIT = 1 << 20
TAG = {"ETag": '"one"'}
HALF = Reply(BODY[:200_000], "image/png", headers=TAG, content_length=len(BODY))


def range_reply(body, start, end, total, tag='"one"', status=206):
    headers = {"ETag": tag, "Content-Range": f"bytes {start}-{end}/{total}"}
    return Reply(body, "image/png", status=status, headers=headers)


SECOND = {
    "accepted": Reply(BODY, "image/png", headers=TAG, ranges=True),
    "refused": Reply(BODY, "image/png", headers=TAG),
    "refused by a server without ETag": Reply(BODY, "image/png"),
    "another range": [range_reply(BODY[100:], 100, len(BODY) - 1, len(BODY)), Reply(BODY, "image/png")],
    "not to the end": [range_reply(BODY[200_000:250_000], 200_000, 249_999, len(BODY)), Reply(BODY, "image/png")],
    "no Content-Range": [Reply(BODY[200_000:], "image/png", status=206, headers=TAG), Reply(BODY, "image/png")],
    "not satisfiable": [Reply(status=416), Reply(BODY, "image/png")],
    "cut off once more": [range_reply(BODY[200_000:], 200_000, len(BODY) - 1, len(BODY))],
}


@pytest.mark.parametrize("replies", SECOND.values(), ids=SECOND)
def test_a_half_download_ends_with_the_right_bytes(site, client_of, tmp_path, replies):
    url = site.put("/a.png", HALF)
    store = Store(tmp_path)
    with store.downloading(), store.partial(url) as partial, pytest.raises(UnavailableError, match="incomplete"):
        client_of(url, retries=0).fetch(url, partial, "image", LIMIT)
    site.put("/a.png", *(replies if isinstance(replies, list) else [replies]))
    with store.downloading(), store.partial(url) as partial:
        client_of(url).fetch(url, partial, "image", LIMIT)
        assert partial.open().read() == BODY
    ranges = [headers.get("Range") for headers in site.headers]
    assert ranges[:3] == [None, None, None]  # robots.txt, tdmrep.json, the first half
    assert ranges.count("bytes=200000-") == 1


def test_a_file_that_changed_is_sent_anew(site, client_of, tmp_path):
    url = site.put("/a.png", HALF)
    store = Store(tmp_path)
    with store.downloading(), store.partial(url) as partial, contextlib.suppress(UnavailableError):
        client_of(url, retries=0).fetch(url, partial, "image", LIMIT)
    site.put("/a.png", Reply(OTHER, "image/png", headers={"ETag": '"two"'}, ranges=True))
    with store.downloading(), store.partial(url) as partial:
        client_of(url).fetch(url, partial, "image", LIMIT)
        assert partial.open().read() == OTHER


def test_a_range_of_another_version_is_not_added(site, client_of, tmp_path):
    """A server that ignores If-Range."""
    url = site.put("/a.png", HALF)
    store = Store(tmp_path)
    with store.downloading(), store.partial(url) as partial, contextlib.suppress(UnavailableError):
        client_of(url, retries=0).fetch(url, partial, "image", LIMIT)
    end = len(OTHER)
    site.put("/a.png", range_reply(OTHER[200_000:], 200_000, end - 1, end, '"two"'), Reply(OTHER, "image/png"))
    with store.downloading(), store.partial(url) as partial:
        client_of(url).fetch(url, partial, "image", LIMIT)
        assert partial.open().read() == OTHER


def test_a_retry_goes_on_where_the_connection_broke(site, client_of, tmp_path):
    url = site.put("/a.png", HALF, Reply(BODY, "image/png", headers=TAG, ranges=True))
    store = Store(tmp_path)
    with store.downloading(), store.partial(url) as partial:
        client_of(url).fetch(url, partial, "image", LIMIT)
        assert partial.open().read() == BODY
    assert site.headers[-1]["Range"] == "bytes=200000-"


def test_a_second_scrape_goes_on_and_leaves_nothing_behind(site, client_of, tmp_path):
    start = site.put("/", html('<img src="a.png">'))
    site.put("/a.png", HALF)
    source, store = gallery.source(gallery_scrape(start)), Store(tmp_path / "cache")

    def rows():
        return fetching.gather(source, client_of(start, retries=0), store, tmp_path / "raw", "").rows

    assert [row.reason for row in rows()] == ["the response is incomplete"]
    assert len(list((tmp_path / "cache" / "partial").iterdir())) == 2
    site.put("/a.png", SECOND["accepted"])
    (row,) = rows()
    assert (tmp_path / "raw" / row.file).read_bytes() == BODY
    assert list((tmp_path / "cache" / "partial").iterdir()) == []


def test_a_damaged_image_is_not_gone_on_with(site, client_of, tmp_path):
    start = site.put("/", html('<img src="a.png">'))
    site.put("/a.png", Reply(BODY[:200_000] + bytes(len(BODY) - 200_000), "image/png", headers=TAG))
    source, store = gallery.source(gallery_scrape(start)), Store(tmp_path / "cache")
    (row,) = fetching.gather(source, client_of(start), store, tmp_path / "raw", "").rows
    assert row.reason == "damaged: cannot be decoded"
    assert list((tmp_path / "cache" / "partial").iterdir()) == []


# the file of a download


def test_a_small_download_touches_no_disk(tmp_path):
    partial = Partial(tmp_path / "p", "u", resume=False)
    partial.restart('"v"')
    partial.write(b"x" * IN_MEMORY)
    assert list(tmp_path.iterdir()) == []
    partial.move(tmp_path / "images" / "x")
    assert [path.name for path in tmp_path.rglob("*")] == ["images", "x"]


NOTES = ["", "{", "[]", '{"url": "other", "validator": "v"}', '{"url": "u", "validator": "a\\nX: y"}', '{"url": "u"}']


@pytest.mark.parametrize("note", NOTES)
def test_a_damaged_note_starts_anew(tmp_path, note):
    (tmp_path / "p").write_bytes(b"old")
    (tmp_path / "p.json").write_text(note)
    partial = Partial(tmp_path / "p", "u", resume=True)
    assert partial.continuation == {}
    partial.restart('"v"')
    partial.write(b"x" * IN_MEMORY)
    partial.write(b"y")
    partial.close()
    assert partial.open().read() == b"x" * IN_MEMORY + b"y"


VALIDATORS = {
    "a strong ETag": ({"ETag": '"a"'}, '"a"'),
    "a weak ETag": ({"ETag": 'W/"a"'}, ""),
    "an old date": (
        {"Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT", "Date": "Wed, 21 Oct 2015 07:28:02 GMT"},
        "Wed, 21 Oct 2015 07:28:00 GMT",
    ),
    "a date of now": (
        {"Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT", "Date": "Wed, 21 Oct 2015 07:28:00 GMT"},
        "",
    ),
    "no date": ({"Last-Modified": "soon"}, ""),
    "an encoded body": ({"ETag": '"a"', "Content-Encoding": "gzip"}, ""),
    "nothing": ({}, ""),
}


@pytest.mark.parametrize(("headers", "validator"), VALIDATORS.values(), ids=VALIDATORS)
def test_what_a_download_can_go_on_with(headers, validator):
    assert validator_of(headers) == validator


@pytest.mark.parametrize("limit", [{"max_mib": 0.00001}, {"max_megapixels": 0.00001}])
def test_limits_hold_for_images_that_are_here(site, client_of, tmp_path, limit):
    start = site.put("/", html('<img src="a.png">'))
    site.put("/a.png", png())

    def rows(cache, **settings):
        source, store = gallery.source(gallery_scrape(start)), Store(tmp_path / cache)
        return fetching.gather(source, client_of(start, **settings), store, tmp_path / "raw", "").rows

    assert rows("here")[0].reason == ""
    assert rows("here", **limit) == rows("empty", **limit)
    assert rows("here", **limit)[0].reason.startswith("larger than 1e-05" if "max_megapixels" in limit else "larger")


# pages


@pytest.fixture
def crawl_again(site, client_of, tmp_path):
    def run():
        client = client_of(site.url, pages=PageCache(tmp_path / "cache"))
        source = gallery.source(gallery_scrape(f"{site.url}/"))
        site.headers.clear()
        return fetching.gather(source, client, Store(tmp_path / "cache"), tmp_path / "raw", "").rows

    return run


def test_a_page_that_has_not_changed_is_not_sent_again(site, crawl_again):
    site.put(
        "/",
        Reply(b'<p>&uuml;</p><img src="a.png" alt="\xfc">', "text/html; charset=iso-8859-1", headers=TAG, ranges=True),
    )
    site.put("/a.png", png())
    first = crawl_again()
    assert crawl_again() == first
    assert [headers.get("If-None-Match") for headers in site.headers] == [None, '"one"']
    assert first[0].title == "ü"


def test_a_page_that_has_changed_is(site, crawl_again):
    site.put("/", Reply(b'<img src="a.png">', headers=TAG, ranges=True))
    site.put("/a.png", png(1))
    site.put("/b.png", png(2))
    assert len(crawl_again()) == 1
    site.put("/", Reply(b'<img src="a.png"><img src="b.png">', headers={"ETag": '"two"'}, ranges=True))
    assert len(crawl_again()) == 2


def test_opt_outs_of_a_page_hold_when_it_has_not_changed(site, crawl_again):
    headers = {**TAG, "X-Robots-Tag": "noai"}
    site.put("/", Reply(b'<img src="a.png">', headers=headers, ranges=True))
    assert [row.status for row in crawl_again()] == ["refused"]
    site.replies["/"][0].headers = TAG
    assert [row.status for row in crawl_again()] == ["refused"]


def test_an_opt_out_that_comes_with_a_304_holds(site, crawl_again):
    """As nginx adds it: a header of the site is new, its pages are the same."""
    site.put("/", Reply(b'<img src="a.png">', headers=TAG, ranges=True))
    site.put("/a.png", png())
    assert [row.status for row in crawl_again()] == ["ok"]
    site.replies["/"][0].headers = {**TAG, "X-Robots-Tag": "noai"}
    assert [row.reason for row in crawl_again()] == ["its page says noai"]


def test_a_304_that_nobody_asked_for_is_an_error(site, client_of, tmp_path):
    url = site.put("/", Reply(status=304))
    with pytest.raises(UnavailableError, match="HTTP 304"):
        client_of(url).fetch(url, contextlib.nullcontext(), "page", LIMIT)


@pytest.mark.parametrize("damage", [b"", b"{}\n", b"[]\nx", b"no\nx", image_bytes()])
def test_a_damaged_page_in_the_cache_is_asked_for_again(site, crawl_again, tmp_path, damage):
    site.put("/", Reply(b'<img src="a.png">', headers=TAG, ranges=True))
    site.put("/a.png", png())
    first = crawl_again()
    (page,) = (tmp_path / "cache" / "pages").iterdir()
    page.write_bytes(damage)
    assert crawl_again() == first
    assert "If-None-Match" not in site.headers[-1]
