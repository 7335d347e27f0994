"""A bad day of a site costs no image of an earlier scrape."""

import shutil
from dataclasses import replace

import pytest

from mapgan import files
from mapgan.collect import Incomplete, collect, read_manifest
from mapgan.errors import MapganError

from .conftest import Reply, gallery_scrape, html, png


@pytest.fixture
def scrape(site, tmp_path):
    """Scrapes as DVC does it: `raw` is empty at the start."""

    def run(download=None, **settings):
        raw = tmp_path / "raw"
        shutil.rmtree(raw, ignore_errors=True)
        try:
            collect(gallery_scrape(f"{site.url}/0", download=download, **settings), raw, tmp_path / "cache")
        finally:
            rows = read_manifest(raw / "manifest.csv") if raw.exists() else []
            found[:] = [row for row in rows if row.status == "ok"]
            assert {row.file for row in found} == {path.name for path in raw.glob("*.png")}
        return list(found)

    found = []
    run.found = found
    return run


@pytest.fixture
def ten_pages(site):
    for page in range(10):
        images = "".join(f'<img src="/{page}{number}.png">' for number in range(10))
        site.put(f"/{page}", html(f'{images}<a rel="next" href="/{page + 1}">next</a>' if page < 9 else images))
        for number in range(10):
            site.put(f"/{page}{number}.png", png(page * 10 + number))


def test_a_page_that_fails_loses_nothing(site, scrape, ten_pages):
    before = scrape()
    page_5 = site.replies["/5"]
    site.put("/5", Reply(status=503))
    with pytest.raises(Incomplete, match="50 images of the last scrape are missing now and were kept"):
        scrape()
    assert [row.url for row in scrape.found] == [row.url for row in before]
    assert sum(row.reason == "kept from an earlier scrape" for row in scrape.found) == 50
    site.put("/5", *page_5)
    assert scrape() == before


def test_a_site_that_is_down_loses_nothing(site, scrape, ten_pages):
    before = scrape()
    site.put("/0", Reply(status=503))
    with pytest.raises(Incomplete, match=r"HTTP 503.*; 100 images of the last scrape"):
        scrape()
    assert [row.file for row in scrape.found] == [row.file for row in before]


def test_images_that_fail_are_kept_with_the_reason(site, scrape, tmp_path):
    site.put("/0", html('<img src="/a.png"><img src="/b.png">'))
    site.put("/a.png", png(1))
    site.put("/b.png", png(2))
    scrape()
    (tmp_path / "cache" / "downloads.jsonl").unlink()
    site.put("/b.png", Reply(status=503))
    with pytest.raises(Incomplete):
        scrape()
    assert [row.reason for row in scrape.found] == ["", "kept from an earlier scrape: HTTP 503"]


def test_images_that_new_ones_push_behind_a_limit_are_not_missing(site, scrape):
    for number in range(4):
        site.put(f"/{number}.png", png(number))
    site.put("/0", html('<img src="/1.png"><img src="/2.png"><img src="/3.png">'))
    scrape(max_images=2)
    site.put("/0", html('<img src="/0.png"><img src="/1.png"><img src="/2.png"><img src="/3.png">'))
    assert [row.url[-6:] for row in scrape(max_images=2)] == ["/0.png", "/1.png"]


def test_behind_the_depth_nothing_goes_missing(site, scrape):
    for number in range(3):
        site.put(f"/{number}.png", png(number))
    deep = '<a class="m" href="/m1">1</a>'
    site.put("/m1", html('<a class="m" href="/m2">2</a>'))
    site.put("/0", html(f'<img src="/1.png"><img src="/2.png">{deep}'))
    scrape(follow="a.m", depth=1)
    site.put("/0", html(f'<img src="/1.png">{deep}'))
    with pytest.raises(Incomplete, match="1 images of the last scrape"):
        scrape(follow="a.m", depth=1)


def test_told_otherwise_fewer_images_are_fine(site, scrape, ten_pages):
    scrape()
    site.put("/0", html('<img src="/00.png">'))
    assert len(scrape({"allow_fewer": True})) == 1
    assert len(scrape()) == 1


def test_other_settings_are_another_scrape(site, scrape, ten_pages):
    scrape()
    assert len(scrape(max_pages=2)) == 20


def test_the_pace_makes_no_other_scrape(site, scrape, ten_pages):
    scrape()
    site.put("/0", Reply(status=503))
    with pytest.raises(Incomplete, match="100 images of the last scrape"):
        scrape({"retries": 1, "timeout": 4})


def test_an_image_that_changed_is_not_missing(site, scrape, tmp_path):
    site.put("/0", html('<img src="/a.png">'))
    site.put("/a.png", png(1))
    (before,) = scrape()
    (tmp_path / "cache" / "downloads.jsonl").unlink()
    site.put("/a.png", png(2))
    (after,) = scrape()
    assert before.file != after.file


def test_a_full_size_image_replaces_its_thumbnail(site, scrape):
    """When the full image was forbidden at first: the thumbnail is not missing then."""
    site.put("/0", html('<a href="/full.png"><img src="/thumb.png"></a>'))
    site.put("/full.png", Reply(status=403))
    site.put("/thumb.png", png(1))
    (before,) = scrape()
    site.put("/full.png", png(2))
    (after,) = scrape()
    assert (before.url[-10:], after.url[-9:]) == ("/thumb.png", "/full.png")


def test_what_its_owner_refuses_now_is_not_kept(site, scrape):
    site.put("/0", html('<img src="/a.png"><img src="/b.png">'))
    site.put("/a.png", png(1))
    site.put("/b.png", png(2))
    scrape()
    site.put("/0", html('<meta name="robots" content="noai"><img src="/a.png"><img src="/b.png">'))
    with pytest.raises(MapganError, match="no images collected"):
        scrape()


def test_what_was_taken_against_its_owners_word_does_not_stay(site, tmp_path):
    start = site.put("/", html('<img src="a.png"><img src="b.png">'))
    site.put("/a.png", replace(png(1), headers={"X-Robots-Tag": "noai"}))
    site.put("/b.png", png(2))

    def statuses(opt_outs):
        settings = gallery_scrape(start, download={"opt_outs": opt_outs})
        collect(settings, tmp_path / "raw", tmp_path / "cache")
        return [row.status for row in read_manifest(tmp_path / "raw" / "manifest.csv")]

    assert [statuses(word) for word in ("ignore", "obey", "ignore")] == [["ok"] * 2, ["refused", "ok"], ["ok"] * 2]
    assert site.request_counts()["/a.png"] == 2  # the third time it is there


def test_many_failures_fail_the_scrape_and_keep_what_there_is(site, scrape):
    site.put("/0", html("".join(f'<img src="/{number}.png">' for number in range(20))))
    for number in range(20):
        site.put(f"/{number}.png", png(number) if number < 5 else Reply(status=404))
    with pytest.raises(
        Incomplete, match=r"15 pages or images failed \(15 HTTP 404\), more than scrape\.download\.max_failed allows"
    ):
        scrape()
    assert len(scrape.found) == 5
    assert len(scrape({"max_failed": 0.75})) == 5


def test_incomplete_has_an_exit_code_of_its_own():
    assert Incomplete("x").exit_code == 3


def test_two_scrapes_into_one_cache_do_not_mix(scrape, ten_pages, tmp_path):
    with (
        files.locked(tmp_path / "cache" / "scrape.lock", ""),
        pytest.raises(MapganError, match="another scrape uses"),
    ):
        scrape()


def test_leftovers_of_a_killed_scrape_are_removed(site, tmp_path):
    site.put("/0", html('<img src="/a.png">'))
    site.put("/a.png", png())
    name = f".{'a' * 64}.png.123.part"
    left = [tmp_path / "cache/download-abc/image", tmp_path / "cache/images/aa" / name, tmp_path / "raw" / name]
    for path in left:
        path.parent.mkdir(parents=True)
        path.write_bytes(b"half")
    collect(gallery_scrape(f"{site.url}/0"), tmp_path / "raw", tmp_path / "cache")
    assert [path for path in left if path.exists()] == []
    assert not left[0].parent.exists()
