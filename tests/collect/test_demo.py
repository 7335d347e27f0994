import io

import pytest
import requests
from PIL import Image

from mapgan.collect import demo
from mapgan.collect.manifest import write_manifest
from mapgan.errors import MapganError
from mapgan.params.collecting import Demo

from .conftest import image_bytes


@pytest.fixture
def base(small_demo):
    with demo.serve(["rock"], small_demo) as url:
        yield url


def gather(small_demo, tmp_path, styles=("rock",)):
    found = demo.gather(Demo(styles=list(styles)), "", tmp_path / "raw", tmp_path / "cache", source=small_demo)
    return found.rows, found.new


def test_every_map_of_the_style_is_collected(small_demo, tmp_path):
    rows, new = gather(small_demo, tmp_path)
    assert new == len(rows) == 26
    first, last = (next(row for row in rows if row.url == f"demo:maps/rock-classic-0{n}.webp") for n in ("00", "25"))
    assert (first.page, last.page) == ("demo:page/1", "demo:page/2")
    assert (first.title, first.licence) == ("The <Pit> & 0", "MIT")
    assert first.author == "mapgan demo, drawn with dungeongen"
    assert (first.mime, first.width, first.height, first.group) == ("image/webp", 40, 30, "rock-classic-000")
    assert all(row.status == "ok" for row in rows)


def test_every_run_writes_the_same_manifest(small_demo, tmp_path):
    for name in ("a.csv", "b.csv"):
        write_manifest(tmp_path / name, gather(small_demo, tmp_path)[0])
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert b"127.0.0.1" not in (tmp_path / "a.csv").read_bytes()


def test_a_changed_map_is_downloaded_again(small_demo, tmp_path):
    before = {row.url: row.file for row in gather(small_demo, tmp_path, ["ink"])[0]}
    (small_demo / "maps" / "ink-classic-026.webp").write_bytes(image_bytes(99, "WEBP"))
    after = {row.url: row.file for row in gather(small_demo, tmp_path, ["ink"])[0]}
    assert [url for url in before if before[url] != after[url]] == ["demo:maps/ink-classic-026.webp"]
    assert not (tmp_path / "cache" / "downloads.jsonl").exists()


def test_the_site_in_a_browser(base):
    with requests.Session() as browser:
        browser.trust_env = False
        assert "<figcaption>The &lt;Pit&gt; &amp; 0</figcaption>" in browser.get(base).text
        thumb = browser.get(base + "thumbs/rock-classic-000.webp").content
        assert Image.open(io.BytesIO(thumb)).format == "WEBP"
        assert browser.get(base + "maps/../maps.json").status_code == 404


def test_the_trap_is_linked_and_disallowed(base):
    with requests.Session() as browser:
        browser.trust_env = False
        assert 'href="/trap"' in browser.get(base).text
        assert "Disallow: /trap" in browser.get(base + "robots.txt").text


def test_the_trap_is_not_visited(base, client_of, tmp_path):
    from mapgan.collect.crawl import crawl
    from mapgan.params.collecting import Gallery

    crawled = crawl(Gallery(urls=[base], follow='a[href="/trap"]'), client_of(base))
    assert [(row.url, row.reason) for row in crawled.failed] == [(f"{base}trap", "robots.txt forbids it")]


def test_styles_without_maps_stop_the_run(small_demo, tmp_path):
    with pytest.raises(MapganError, match=r"scrape\.demo\.styles: .* choose from ink, rock"):
        gather(small_demo, tmp_path, ["blueprint"])


def test_missing_maps_stop_the_run(tmp_path):
    with pytest.raises(MapganError, match="maps of the demo are missing"):
        gather(tmp_path / "nowhere", tmp_path)
