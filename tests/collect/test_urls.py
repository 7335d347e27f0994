import pytest

from mapgan.collect import Counts, Incomplete, collect, read_manifest
from mapgan.collect.found import Found, FoundImage, read_list, to_csv
from mapgan.errors import MapganError
from mapgan.params.collecting import Download, Scrape, Urls

from .conftest import gallery_scrape, html, png


@pytest.fixture
def collect_list(tmp_path):
    def run(text, name="list.txt", **settings):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        chosen = {"delay": 0, "retries": 0, "allow_private": True, "max_failed": 1.0, **settings}
        counts = collect(
            Scrape(source="urls", urls=Urls(path=str(path)), download=Download(**chosen)),
            tmp_path / "raw",
            tmp_path / "c",
        )
        return counts, read_manifest(tmp_path / "raw" / "manifest.csv")

    return run


def test_a_text_file(site, collect_list):
    a, b = site.put("/a.png", png(1)), site.put("/b.png", png(2))
    counts, rows = collect_list(f"# maps\n{a}\n\n  {b}  \n{a}\nnot an address\n")
    assert counts == Counts(images=2, new=2, failed=1)
    assert {row.url: row.reason for row in rows} == {a: "", b: "", "not an address": "neither http nor https"}


def test_a_csv_file(site, collect_list):
    site.put("/t.png", png(1))
    text = f"title,url,alternatives,licence\nThe pit,{site.url}/a.png,{site.url}/x.png {site.url}/t.png,CC0\n"
    _, (row,) = collect_list(text, "list.csv")
    assert (row.url, row.title, row.licence) == (f"{site.url}/t.png", "The pit", "CC0")


def test_the_manifest_of_a_scrape_is_a_list(site, collect_list, tmp_path):
    start = site.put("/", html('<img src="a.png" alt="=The pit">'))
    site.put("/a.png", png())
    collect(gallery_scrape(start), tmp_path / "g", tmp_path / "gc")
    text = (tmp_path / "g" / "manifest.csv").read_text(encoding="utf-8")
    assert collect_list(text, "list.csv")[1] == read_manifest(tmp_path / "g" / "manifest.csv")


def test_an_image_that_failed_keeps_its_author_and_licence(site, collect_list):
    """A later scrape may take it from the manifest."""
    there = site.put("/a.png", png())
    text = f"url,author,licence\n{site.url}/gone.png,Ann,CC BY 4.0\n{there},Bob,CC0\n"
    rows = {row.author: row for row in collect_list(text, "list.csv")[1]}
    assert (rows["Ann"].status, rows["Ann"].licence) == ("failed", "CC BY 4.0")


def test_a_second_run_downloads_nothing(site, collect_list):
    text = site.put("/a.png", png())
    collect_list(text)
    assert collect_list(text)[0].new == 0
    assert site.request_counts()["/a.png"] == 1


def test_a_shorter_list_is_another_scrape(site, collect_list):
    a, b = site.put("/a.png", png(1)), site.put("/b.png", png(2))
    collect_list(f"{a}\n{b}")
    assert collect_list(a)[0].images == 1


def test_a_list_does_not_lead_into_the_home_network(site, collect_list):
    with pytest.raises(Incomplete, match="private address"):
        collect_list(site.put("/a.png", png()), allow_private=False)
    assert site.requested == []


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("", "list.txt", "no addresses of images"),
        ("# nothing\n", "list.txt", "no addresses of images"),
        ("hello\n", "list.txt", "no addresses of images; the first line is hello"),
        ("a,b\n1,2\n", "list.csv", "no column url"),
        ('url\n"x', "list.csv", "not CSV"),
    ],
)
def test_what_is_no_list_stops_the_run(collect_list, text, name, message):
    with pytest.raises(MapganError, match=message):
        collect_list(text, name)


def test_a_missing_list_stops_the_run(tmp_path):
    with pytest.raises(MapganError, match="cannot be read"):
        read_list(tmp_path / "none.txt")


def test_a_list_that_was_written_is_read_back(tmp_path):
    images = [
        FoundImage(("https://a.example/1.png", "https://a.example/t/1.png"), "https://a.example/", "-The, pit", "Ann"),
        FoundImage(("https://a.example/2.png",), licence="CC0"),
    ]
    path = tmp_path / "list.csv"
    path.write_text(to_csv(reversed(images)), encoding="utf-8")
    assert read_list(path) == Found(images)
