"""A list of what was found is fetched again: what has changed is named; without the net, all comes from the cache."""

import pytest

from mapgan.collect import Incomplete, collect, read_manifest
from mapgan.errors import MapganError
from mapgan.params.collecting import Download, Scrape, Urls

from .conftest import Reply, gallery_scrape, html, image_bytes, png


@pytest.fixture
def gallery(site):
    """A page with two images, and one that is gone."""
    for name in "ab":
        site.put(f"/{name}.png", png(ord(name)))
    return site.put("/", html('<img src="a.png" alt="The pit"><img src="b.png"><img src="gone.png">'))


def scrape(url, folder, **download):
    try:
        collect(gallery_scrape(url, download={"max_failed": 0.5, **download}), folder / "raw", folder / "cache")
    finally:
        rows = read_manifest(folder / "raw" / "manifest.csv") if (folder / "raw" / "manifest.csv").exists() else []
    return rows


def fetch_list(path, folder, **download):
    options = {"delay": 0, "retries": 0, "allow_private": True, "max_failed": 1.0, **download}
    settings = Scrape(source="urls", urls=Urls(path=str(path)), download=Download(**options))
    collect(settings, folder / "raw", folder / "cache")
    return read_manifest(folder / "raw" / "manifest.csv")


@pytest.fixture
def listed(gallery, tmp_path):
    """The manifest of a scrape, as it would be committed."""
    scrape(gallery, tmp_path / "first")
    return tmp_path / "first" / "raw" / "manifest.csv"


# drift


def test_a_manifest_is_fetched_again(site, listed, tmp_path):
    rows = fetch_list(listed, tmp_path / "later")
    assert rows == read_manifest(listed)
    assert (tmp_path / "later" / "raw" / rows[0].file).read_bytes() == image_bytes(ord("a"))


def test_bytes_that_have_changed_are_not_silently_taken(site, listed, tmp_path):
    site.put("/a.png", png(99))
    drifted, same, gone = fetch_list(listed, tmp_path / "later")
    assert (drifted.status, drifted.file, drifted.title) == ("drift", "", "The pit")
    assert drifted.reason.startswith("changed since it was listed: its SHA-256 is ")
    assert (same.status, gone.status) == ("ok", "failed")
    assert [path.name for path in (tmp_path / "later" / "raw").glob("*.png")] == [same.file]


def test_what_has_changed_is_not_asked_for_each_time(site, listed, tmp_path):
    site.put("/a.png", png(99))
    first = fetch_list(listed, tmp_path / "later")
    assert fetch_list(listed, tmp_path / "later") == first
    assert site.request_counts()["/a.png"] == 2  # with that of the first scrape


def test_bytes_that_are_here_are_taken_though_the_site_has_others_now(site, gallery, listed, tmp_path):
    before = read_manifest(listed)
    site.put("/a.png", png(99))
    assert fetch_list(listed, tmp_path / "first") == before


def test_much_drift_fails_the_scrape(site, listed, tmp_path):
    site.put("/a.png", png(99))
    with pytest.raises(Incomplete, match=r"2 pages or images failed .*changed since"):
        fetch_list(listed, tmp_path / "later", max_failed=0.5)


def test_what_was_refused_is_not_fetched_by_way_of_the_list(site, tmp_path):
    """A page says noai; its image by itself does not."""
    start = site.put("/", html('<img src="b.png"><a rel="next" href="/2">next</a>'))
    site.put("/2", html('<meta name="robots" content="noai"><img src="a.png">'))
    site.put("/a.png", png(1))
    site.put("/b.png", png(2))
    rows = scrape(start, tmp_path / "first")
    assert [row.status for row in rows] == ["refused", "ok"]
    assert fetch_list(tmp_path / "first" / "raw" / "manifest.csv", tmp_path / "later") == rows
    assert site.request_counts()["/a.png"] == 0


# offline


def test_offline_gives_the_same_manifest_and_asks_nobody(site, gallery, tmp_path):
    online = scrape(gallery, tmp_path)
    site.requested.clear()
    (tmp_path / "raw" / online[0].file).unlink()
    assert scrape(gallery, tmp_path, offline=True) == online
    assert (tmp_path / "raw" / online[0].file).exists()
    assert site.requested == []


def test_offline_a_list_gives_the_same(site, listed, tmp_path):
    online = fetch_list(listed, tmp_path / "later")
    site.requested.clear()
    assert fetch_list(listed, tmp_path / "later", offline=True) == online
    assert site.requested == []


def test_offline_says_in_one_line_what_is_missing(site, gallery, tmp_path):
    online = scrape(gallery, tmp_path)
    (tmp_path / "cache" / "images" / online[1].file[:2] / online[1].file[:64]).unlink()
    (tmp_path / "raw" / online[1].file).unlink()
    with pytest.raises(MapganError) as raised:
        scrape(gallery, tmp_path, offline=True)
    assert not isinstance(raised.value, Incomplete)
    assert str(raised.value).startswith("offline: 1 of 3 pages and images are not in ")
    assert f"(first {site.url}/b.png); scrape once without" in str(raised.value)
    assert read_manifest(tmp_path / "raw" / "manifest.csv") == online


def test_offline_without_an_earlier_scrape(gallery, tmp_path):
    with pytest.raises(MapganError, match="not here, and offline"):
        scrape(gallery, tmp_path, offline=True)
    assert not (tmp_path / "raw" / "manifest.csv").exists()


def test_offline_no_robots_txt_is_asked_for(site, gallery, tmp_path):
    online = scrape(gallery, tmp_path)
    site.put("/robots.txt", Reply(status=503))
    assert scrape(gallery, tmp_path, offline=True) == online
