import pytest

from mapgan.collect import map_of_the_week
from mapgan.collect.client import Client
from mapgan.errors import MapganError
from mapgan.params.api_sources import MapOfTheWeek
from mapgan.params.collecting import Download, Scrape

from .apis import Archive, as_json
from .conftest import Reply, image_bytes

PAGE = "http://archive.wizards.com/default.asp?x=dnd/mwa/archiveall"
IMAGES = "http://www.wizards.com/dnd/images/mapofweek"
LISTING = """<html><head><title>Map-a-Week</title></head><body><a href="/default.asp?x=dnd/mw">Map-a-Week</a>
<h2>Quest Maps</h2>
<p><b>12/25 The Temple:</b> This sacred place. <a href="/dnd/images/mapofweek/Dec2003/04_Dec2003_72_ppi_54hge.jpg">
Download 72dpi JPG</a> (606k)<br><a href="/dnd/images/mapofweek/Dec2003/04_Dec2003_150_ppi_8xq.jpg">Download 150dpi</a>
<a href="/leaving.asp?url=/dnd/images/mapofweek/Dec2003/04_Dec2003_300_ppi_qq2.jpg&origin=dnd_mw">Download 300dpi</a>
<p><b>11/27 A Large Room:</b> Big. <a href="/dnd/images/mapofweek/Nov2003/Room_72.jpg">Download 72dpi JPG(472k)</a>
- <a href="/dnd/images/mapofweek/Nov2003/Room_w_72.jpg">(White Background)</a>
- <a href="/dnd/images/mapofweek/Nov2003/Room_bw_72.jpg">(Black &amp; White)</a>
<p><b>12/19 The Dungeon:</b> Old. <a href="/dnd/images/mapofweek/dungeon.jpg">Download 128k JPG</a>
<p><b>10/30 The Crypt:</b> Dead. <a href="/dnd/images/mapofweek/crypt_s.jpg">Download 72dpi JPG</a>
<a href="/dnd/images/mapofweek/crypt_l.jpg">Download 300dpi JPG</a>
<p><b>10/02 The Lost One:</b> Gone. <a href="/dnd/images/mapofweek/lost_72.jpg">Download 72dpi JPG</a>
<a href="/dnd/images/other/x.jpg">x</a> <a href="/dnd/images/mapofweek/">folder</a></body></html>"""
KEPT = [
    "Dec2003/04_Dec2003_72_ppi_54hge.jpg",
    "Dec2003/04_Dec2003_150_ppi_8xq.jpg",
    "Dec2003/04_Dec2003_300_ppi_qq2.jpg",
    *("Nov2003/Room_72.jpg", "Nov2003/Room_w_72.jpg", "dungeon.jpg", "crypt_s.jpg", "crypt_l.jpg"),
]


@pytest.fixture
def archive(site):
    archive = Archive(site)
    archive.keep("20080101000000", PAGE, "text/html", LISTING.encode())
    for name in KEPT:
        archive.keep("20050101000000", f"{IMAGES}/{name}", "image/jpeg", image_bytes(len(name)))
    return archive


@pytest.fixture
def find(archive, sleeps):
    def run(download=None, **settings):
        maps = MapOfTheWeek(**{"accept_rights": True, "archive": archive.site.url, **settings})
        chosen = Download(**{"delay": 0, "timeout": 5, "retries": 0, **(download or {})})
        source = map_of_the_week.source(Scrape(**{"map-of-the-week": maps}, download=chosen))
        return source.find(Client(chosen, source.trusted, source.api, sleep=sleeps.append))

    return run


def names(found):
    return [image.urls[0].rpartition("/mapofweek/")[2] for image in found.images]


def test_one_image_of_each_map(archive, find):
    found = find()
    assert names(found) == [KEPT[0], "Nov2003/Room_72.jpg", "dungeon.jpg", "crypt_s.jpg"]
    assert [image.title for image in found.images] == [
        "12/25 The Temple",
        "11/27 A Large Room",
        "12/19 The Dungeon",
        "10/30 The Crypt",
    ]
    image = found.images[0]
    assert image.urls[0] == f"{archive.site.url}/web/20050101000000id_/{IMAGES}/{KEPT[0]}"
    assert image.page == f"{archive.site.url}/web/20080101000000id_/{PAGE}"
    assert (image.author, image.licence) == ("Wizards of the Coast", "all rights reserved")
    assert [(row.url.rpartition("/")[2], row.reason) for row in found.left_out] == [
        ("lost_72.jpg", "not in the web archive")
    ]


@pytest.mark.parametrize(
    ("dpi", "temple", "room", "crypt"),
    [(150, KEPT[1], "Nov2003/Room_72.jpg", "crypt_l.jpg"), (300, KEPT[2], "Nov2003/Room_72.jpg", "crypt_l.jpg")],
)
def test_the_smallest_copy_that_is_large_enough(find, dpi, temple, room, crypt):
    found = names(find(dpi=dpi))
    assert (found[0], found[1], found[3]) == (temple, room, crypt)


def test_the_other_copies_stand_in_for_one_that_was_not_archived(archive, find):
    archive.captures = [capture for capture in archive.captures if not capture[1].endswith("54hge.jpg")]
    image = find().images[0]
    assert [url.rpartition("/")[2] for url in image.urls] == [
        "04_Dec2003_150_ppi_8xq.jpg",
        "04_Dec2003_300_ppi_qq2.jpg",
    ]


def test_the_first_capture_of_each_image_under_either_host_and_in_any_case(archive, find):
    archive.keep("20060101000000", "http://archive.wizards.com:80/dnd/images/MapOfWeek/LOST_72.jpg", "image/jpeg", b"")
    archive.keep("20070101000000", "http://archive.wizards.com/dnd/images/mapofweek/lost_72.jpg", "image/jpeg", b"")
    assert (
        find()
        .images[-1]
        .urls[0]
        .endswith("/web/20060101000000id_/http://archive.wizards.com/dnd/images/MapOfWeek/LOST_72.jpg")
    )


def test_an_older_capture_of_the_page_where_the_newest_lists_nothing(archive, find):
    archive.keep("20150101000000", PAGE, "text/html", b"<html>This site has moved.</html>")
    assert len(find().images) == 4


def test_the_index_is_asked_24_times_a_minute_at_most(archive, find, sleeps):
    find()
    assert len(archive.queries) == 3
    assert sleeps == [2.5] * 3


def test_it_is_for_those_who_know_the_rights(find):
    with pytest.raises(MapganError, match=r"all rights .* are reserved .*accept_rights to true"):
        find(accept_rights=False)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (as_json([]), "the web archive has no copy of this page that lists maps"),
        (as_json([["x"]]), "not an index of a web archive"),
        (as_json({}), "not an index of a web archive"),
        (as_json([[[]]]), "not an index of a web archive"),
        (as_json([["timestamp", "original"], [], 3, ["x", "y"], ["2008", "file:///x"], [None, {}]]), "no copy"),
        (as_json([["timestamp", "original"], ["2008", "http://a.example/" + "x" * 1990]]), "no copy"),
        (Reply(b"Blocked Site Error", "text/plain", 403), "HTTP 403"),
        (Reply(b"<html>"), "not JSON"),
        (Reply(b"", status=429, headers={"Retry-After": "600"}), "HTTP 429"),
    ],
)
def test_an_index_that_is_none_ends_in_one_line(archive, find, reply, reason):
    archive.site.replies.answer = lambda path, query: reply if path.startswith("/cdx") else None
    with pytest.raises(MapganError) as raised:
        find()
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_page_that_says_no_is_left_alone(archive, find):
    archive.captures = [
        (time, url, mime, b'<meta name="robots" content="noai">' + body if url == PAGE else body)
        for time, url, mime, body in archive.captures
    ]
    with pytest.raises(MapganError, match="its page says noai"):
        find()


@pytest.mark.parametrize(
    ("url", "settings"),
    [("map-of-the-week", {}), (PAGE, {}), ("https://maps.example/", None)],
)
def test_the_settings_for_an_address(url, settings):
    assert map_of_the_week.from_url(url) == settings
