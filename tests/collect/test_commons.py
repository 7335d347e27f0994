import io
import json

import pytest

from mapgan.collect import commons, fetching
from mapgan.collect.addresses import UnavailableError
from mapgan.collect.client import Client
from mapgan.collect.store import Store
from mapgan.errors import MapganError
from mapgan.params.api_sources import Commons
from mapgan.params.collecting import Download, Scrape

from .apis import Wiki, as_json
from .conftest import Reply


@pytest.fixture
def wiki(site):
    return Wiki(site)


@pytest.fixture
def find(wiki, sleeps):
    def run(download=None, **settings):
        settings = {"api": wiki.api, **settings}
        chosen = Download(**{"delay": 0, "timeout": 5, "retries": 2, "contact": "me@maps.example", **(download or {})})
        source = commons.source(Scrape(commons=Commons(**settings), download=chosen))
        client = Client(chosen, source.trusted, source.api, sleep=sleeps.append)
        run.client, run.source = client, source
        return source.find(client)

    return run


def titles(found):
    return sorted(image.title for image in found.images)


def test_the_files_of_a_category_with_licence_author_and_title(wiki, find):
    wiki.add("The Pit.jpg", "Maps", Artist='<a href="//x" title="User:Ann">Ann &amp; Bob</a>, 2019')
    wiki.add("Hall.png", "Maps", licence="CC0", mime="image/png")
    wiki.add("Elsewhere.png", "Others")
    pit, _ = sorted(find(categories=["Maps"]).images, key=lambda image: image.title, reverse=True)
    assert (pit.title, pit.author, pit.licence) == ("The Pit", "Ann & Bob, 2019", "CC BY-SA 4.0")
    assert pit.page == f"{wiki.site.url}/wiki/File%3AThe_Pit.jpg"
    assert pit.urls == (f"{wiki.site.url}/wikipedia/commons/thumb/a/ab/The_Pit.jpg/1920px-The_Pit.jpg",)


def test_the_contact_is_in_the_user_agent_and_robots_txt_is_not_for_the_api(wiki, find):
    wiki.add("Pit.jpg", "Maps")
    find(categories=["Maps"])
    assert {header["User-Agent"].partition(" ")[2] for header in wiki.site.headers} == {"(+me@maps.example)"}
    assert all(path.startswith("/w/api.php?") for path in wiki.site.requested)
    with pytest.raises(UnavailableError, match=r"robots\.txt forbids it"):
        find.client.fetch(f"{wiki.site.url}/w/index.php", io.BytesIO(), "page", 1000)


def test_continuations_are_followed(wiki, find):
    for number in range(7):
        wiki.add(f"Map {number}.jpg", "Maps")
    wiki.batch = 2
    assert len(find(categories=["Maps"]).images) == 7
    assert len(wiki.site.requested) == 4


def test_information_that_comes_in_a_later_answer_is_added(wiki, find):
    for number in range(5):
        wiki.add(f"Map {number}.jpg", "Maps")
    wiki.batch, wiki.halves = 2, True
    assert titles(find(categories=["Maps"])) == [f"Map {number}" for number in range(5)]


def test_searches_and_a_file_that_two_of_them_find(wiki, find):
    for name in ("Old dungeon map.jpg", "Dungeon of doom.jpg", "Cat.jpg"):
        wiki.add(name)
    wiki.batch = 1
    assert titles(find(search=["dungeon", "map"])) == ["Dungeon of doom", "Old dungeon map"]


def test_the_same_bytes_under_two_names_are_taken_once(wiki, find):
    wiki.add("A.jpg", "Maps")
    wiki.add("B.jpg", "Maps")
    wiki.files["File:B.jpg"]["sha1"] = wiki.files["File:A.jpg"]["sha1"]
    assert titles(find(categories=["Maps"])) == ["A"]


def test_only_allowed_licences(wiki, find):
    for licence in ("CC BY 2.0", "CC BY-SA 2.5 de", "CC0", "Public domain", "CC BY-NC 4.0", "GFDL", "Fair use"):
        wiki.add(f"{licence}.jpg", "Maps", licence=licence)
    wiki.add("Nothing.jpg", "Maps", licence="")
    found = find(categories=["Maps"])
    assert {image.licence for image in found.images} == {"CC BY 2.0", "CC BY-SA 2.5 de", "CC0", "Public domain"}
    assert {(row.status, row.reason) for row in found.left_out} == {
        ("refused", "its page names no licence"),
        *(
            ("refused", f"its licence, {name}, is not in scrape.commons.licences")
            for name in ("CC BY-NC 4.0", "GFDL", "Fair use")
        ),
    }
    assert len(find(categories=["Maps"], licences=["gfdl"]).images) == 1


def test_files_that_are_no_images_are_passed_over(wiki, find):
    wiki.add("Map.svg", "Maps", mime="image/svg+xml")
    wiki.add("Book.pdf", "Maps", mime="application/pdf")
    wiki.add("Book.djvu", "Maps", mime="image/vnd.djvu")
    wiki.add("Song.ogg", "Maps", mime="audio/ogg")
    found = find(categories=["Maps"])
    assert (titles(found), found.left_out) == (["Map"], [])
    assert found.images[0].urls[0].endswith("1920px-Map.svg.png")


def test_max_images(wiki, find, capsys):
    for number in range(5):
        wiki.add(f"Map {number}.jpg", "Maps")
    wiki.batch = 2
    found = find(categories=["Maps", "Maps"], max_images=3)
    assert (len(found.images), found.cut) == (3, True)
    assert "scrape.commons.max_images reached" in capsys.readouterr().err


def test_it_waits_while_the_wiki_lags(wiki, find, sleeps):
    wiki.add("Map.jpg", "Maps")
    wiki.lags = [3, 8]
    assert titles(find(categories=["Maps"])) == ["Map"]
    assert sleeps == [5, 8]


@pytest.mark.parametrize(
    ("lags", "message"), [([1] * 9, "the wiki answers maxlag: Waiting for"), ([500], "is busy for more than 120 s")]
)
def test_it_does_not_wait_for_ever(wiki, find, lags, message):
    wiki.add("Map.jpg", "Maps")
    wiki.lags = lags
    with pytest.raises(MapganError, match=message):
        find(categories=["Maps"])


def test_images_come_with_their_row(wiki, find, tmp_path):
    wiki.add("The Pit.jpg", "Maps", licence="CC BY 3.0")
    wiki.add("Small.png", "Maps", width=300, mime="image/png")
    find(categories=["Maps"])
    gathered = fetching.gather(find.source, find.client, Store(tmp_path / "cache"), tmp_path / "raw", "")
    assert {(row.title, row.author, row.licence, row.group, row.status) for row in gathered.rows} == {
        ("The Pit", "Ann", "CC BY 3.0", "The_Pit", "ok"),
        ("Small", "Ann", "CC BY-SA 4.0", "Small", "ok"),
    }


@pytest.mark.parametrize(
    ("settings", "contact", "message"),
    [
        ({}, "me", "nothing to look for"),
        ({"categories": ["Maps"]}, " ", r"scrape\.download\.contact is empty"),
        ({"categories": ["Maps"], "licences": []}, "me", r"scrape\.commons\.licences is empty"),
        ({"categories": ["Maps"], "api": "file:///etc"}, "me", "neither http nor https"),
    ],
)
def test_wrong_settings_stop_the_run_before_any_request(settings, contact, message):
    with pytest.raises(MapganError, match=message):
        commons.source(Scrape(commons=Commons(**settings), download=Download(contact=contact)))


def test_a_category_that_is_not_there(find):
    with pytest.raises(MapganError, match=r"no images found; check the names in scrape\.commons\.categories"):
        find(categories=["Mpas"])


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(b"<html>", "text/html"), "not JSON"),
        (Reply(b"", "application/json"), "not JSON"),
        (Reply(b"\xff\xfe\x00", "application/json"), "not JSON"),
        (as_json(b"[" * 100_000), "not JSON"),
        (as_json(b"1" * 100_000), "not JSON"),
        (as_json(b'{"a": ' + b" " * (9 << 20) + b"1}"), "larger than 8 MiB"),
        (as_json([]), "not an answer of MediaWiki"),
        (as_json({"error": {"code": "badvalue", "info": "No\x1b[2J such"}}), "the wiki answers badvalue: No [2J such"),
        (as_json({"error": "x"}), "the wiki answers with an error"),
        (Reply(b"no", status=500), "HTTP 500"),
        (Reply(b"no", status=403), "HTTP 403"),
        (Reply(status=302, headers={"Location": "http://10.0.0.1/"}), "leads to a private address"),
    ],
)
def test_an_answer_that_is_none_ends_in_one_line(wiki, find, reply, reason):
    wiki.api_answer = lambda query: reply
    with pytest.raises(MapganError) as raised:
        find({"retries": 0}, categories=["Maps"])
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"query": []},
        {"query": {"pages": 3}},
        {"query": {"pages": [3, None, {}, {"title": None}, {"title": []}]}},
        {"query": {"pages": {"-1": {"ns": 6}}}, "continue": []},
    ],
)
def test_an_answer_without_files_is_no_trouble(wiki, find, data):
    wiki.api_answer = lambda query: as_json(data)
    with pytest.raises(MapganError, match="no images found; check"):
        find(categories=["Maps"])


def file(**info):
    thumb = {"thumburl": "//127.0.0.1/a.png", "sha1": "1", "mime": "image/png"}
    return {"title": "File:A.png", "imageinfo": [thumb | info]}


GOOD = {"LicenseShortName": {"value": "CC0"}}


@pytest.mark.parametrize(
    ("page", "status", "reason"),
    [
        ({"title": "File:A.png", "missing": True}, "failed", "the wiki says nothing of it"),
        ({"title": "File:A.png", "imageinfo": [[]]}, "failed", "the wiki says nothing of it"),
        (file(thumburl=None, extmetadata=GOOD), "failed", "the wiki has no scaled image of it"),
        (file(thumburl="file:///etc/passwd", extmetadata=GOOD), "failed", "the wiki has no scaled image of it"),
        (file(thumburl="http://\ud800/", extmetadata=GOOD), "failed", "the wiki has no scaled image of it"),
        ({"title": "File:\ud800.png"}, "failed", "the wiki says nothing of it"),
        (file(), "refused", "its page names no licence"),
        (file(extmetadata=[]), "refused", "its page names no licence"),
        (file(extmetadata={"LicenseShortName": "CC0"}), "refused", "its page names no licence"),
        (file(extmetadata={"LicenseShortName": {"value": ["CC0"]}}), "refused", "its page names no licence"),
        (file(extmetadata={"LicenseShortName": {"value": "<b>\x1b</b>" * 9999}}), "refused", None),
    ],
)
def test_an_odd_file_gets_a_row_and_the_others_are_found(wiki, find, page, status, reason):
    good = file(extmetadata=GOOD, thumburl="//127.0.0.1/b.png", sha1="2") | {"title": "File:B.png"}
    wiki.api_answer = lambda query: as_json({"batchcomplete": True, "query": {"pages": [page, good]}})
    found = find(categories=["Maps"])
    assert titles(found) == ["B"]
    (row,) = found.left_out
    assert row.status == status
    assert reason is None or row.reason == reason
    assert row.reason.isprintable()


@pytest.mark.parametrize(
    ("metadata", "author"),
    [
        ({"Artist": {"value": "<script>alert(1)</script><b>Ann</b><!-- x -->"}}, "Ann"),
        ({"Artist": {"value": 'Unknown author<span style="display: none;">Unknown author</span>'}}, "Unknown author"),
        ({"Artist": {"value": "Ann"}, "Attribution": {"value": "© Ann, <i>maps.example</i>"}}, "© Ann, maps.example"),
        ({"Credit": {"value": "Own work"}}, "Own work"),
        ({"Artist": {"value": "<i>" * 50_000 + "Ann"}}, ""),
        ({"Artist": {"value": "\ud800Ann"}}, "?Ann"),
        ({"Artist": {"value": {"en": "Ann"}}}, ""),
        ({}, ""),
    ],
)
def test_authors_in_html(wiki, find, metadata, author):
    page = file(extmetadata=GOOD | metadata)
    wiki.api_answer = lambda query: as_json({"batchcomplete": True, "query": {"pages": [page]}})
    assert find(categories=["Maps"]).images[0].author == author


def test_a_continuation_in_a_circle_keeps_what_was_found(wiki, find):
    page = file(extmetadata=GOOD)
    more = {"gcmcontinue": "file|1\ud800", "continue": "gcmcontinue||"}
    wiki.api_answer = lambda query: as_json({"batchcomplete": True, "query": {"pages": [page]}, "continue": more})
    found = find(categories=["Maps"])
    assert (titles(found), [row.reason for row in found.left_out]) == (["A"], ["its answers go round in a circle"])
    assert len(wiki.site.requested) == 2


def test_a_continuation_that_never_ends(wiki, find):
    page, number = file(extmetadata=GOOD), iter(range(10**6))

    def answer(query):
        return as_json(
            {"batchcomplete": True, "query": {"pages": [page]}, "continue": {"gcmcontinue": str(next(number))}}
        )

    wiki.api_answer = answer
    found = find(categories=["Maps"])
    assert [row.reason for row in found.left_out] == ["20 answers in a row without a new file"]
    assert len(wiki.site.requested) == 21


def test_older_versions_of_a_single_file_are_not_asked_for(wiki, find):
    page = file(extmetadata=GOOD)
    more = {"iistart": "2009-09-30T06:04:51Z", "continue": "||"}
    wiki.api_answer = lambda query: as_json({"query": {"pages": [page]}, "continue": more})
    assert titles(find(categories=["Maps"])) == ["A"]
    assert len(wiki.site.requested) == 1


def test_an_answer_that_fails_on_the_way_keeps_what_was_found(wiki, find):
    for number in range(4):
        wiki.add(f"Map {number}.jpg", "Maps")
    wiki.batch, answers = 2, wiki.api_answer
    wiki.api_answer = lambda query: Reply(status=404) if "gcmcontinue" in query else answers(query)
    found = find(categories=["Maps"])
    assert (len(found.images), [row.reason for row in found.left_out]) == (2, ["HTTP 404"])


@pytest.mark.parametrize(
    ("url", "settings"),
    [
        ("https://commons.wikimedia.org/wiki/Category:Dungeon_maps", {"categories": ["Dungeon maps"]}),
        ("https://commons.wikimedia.org/wiki/Category:Ma%C3%9F#x", {"categories": ["Maß"]}),
        ("https://commons.wikimedia.org/w/index.php?search=battle+map&ns6=1", {"search": ["battle map"]}),
        ("https://commons.wikimedia.org/wiki/Special:MediaSearch?type=image&search=pit", {"search": ["pit"]}),
        ("https://commons.wikimedia.org/wiki/File:Pit.jpg", None),
        ("https://maps.example/wiki/Category:Maps", None),
    ],
)
def test_the_settings_for_a_page(url, settings):
    assert commons.from_url(url) == settings


def test_the_answers_of_the_test_are_as_documented(wiki):
    wiki.add("The Pit.jpg", "Maps")
    wiki.batch = 0
    query = dict(commons.QUERY) | {"generator": "categorymembers", "gcmtitle": "Category:Maps", "gcmtype": "file"}
    reply = wiki.api_answer({name: str(value) for name, value in query.items()} | {"gcmlimit": "50"})
    assert json.loads(reply.body)["continue"] == {"gcmcontinue": "file|0", "continue": "gcmcontinue||"}
