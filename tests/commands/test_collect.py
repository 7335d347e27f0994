import subprocess
import sys

import pytest

from mapgan.collect import read_manifest
from mapgan.collect.found import read_list
from mapgan.commands.collect import collect
from mapgan.errors import MapganError
from tests.collect.apis import Wiki
from tests.collect.conftest import Reply, html, png, running_site

FAST = ["scrape.download.delay=0", "scrape.download.retries=0", "scrape.download.allow_private=true"]


@pytest.fixture
def gallery(monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with running_site() as site:
        site.put("/", html('<img src="a.png" alt="The pit"><img src="b.png">'))
        site.put("/a.png", png(1))
        site.put("/b.png", png(2))
        yield site


def test_a_page(gallery, tmp_path):
    line = collect(f"{gallery.url}/", tmp_path / "out", False, None, FAST)
    assert line == f"2 images in {tmp_path / 'out'} (2 new, 0 failed)"
    assert len(list((tmp_path / "out").glob("*.png"))) == 2
    assert "0 new" in collect(f"{gallery.url}/", tmp_path / "out", False, None, FAST)
    gallery.requested.clear()
    assert "0 new" in collect(f"{gallery.url}/", tmp_path / "out", False, None, FAST, offline=True)
    assert gallery.requested == []


def test_a_dry_run_lists_the_images_and_downloads_none(gallery, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = collect(f"{gallery.url}/", None, True, None, FAST)
    assert gallery.requested == ["/robots.txt", "/"]
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "found.csv").write_text(text + "\n", encoding="utf-8")
    assert [image.title for image in read_list(tmp_path / "found.csv").images] == ["The pit", ""]
    assert collect("found.csv", tmp_path / "out", False, None, FAST).startswith("2 images")


def test_a_source_with_an_api(gallery, tmp_path):
    wiki = Wiki(gallery)
    wiki.add("The Pit.jpg", "Maps", licence="CC BY 4.0")
    source = "https://commons.wikimedia.org/wiki/Category:Maps"
    settings = [*FAST, f"scrape.commons.api={wiki.api}"]
    with pytest.raises(MapganError, match=r"scrape\.download\.contact is empty"):
        collect(source, tmp_path / "out", False, None, settings)
    settings.append("scrape.download.contact=me@maps.example")
    text = collect(source, None, True, None, settings)
    assert "CC BY 4.0" in text
    assert collect(source, tmp_path / "out", False, None, settings).startswith("1 images in ")
    (row,) = read_manifest(tmp_path / "out" / "manifest.csv")
    assert (row.title, row.licence) == ("The Pit", "CC BY 4.0")
    (tmp_path / "found.csv").write_text(text + "\n", encoding="utf-8")
    collect(str(tmp_path / "found.csv"), tmp_path / "again", False, None, settings)
    assert read_manifest(tmp_path / "again" / "manifest.csv") == [row]


def test_without_a_folder_it_says_so(gallery):
    with pytest.raises(MapganError, match="name one with --out"):
        collect(f"{gallery.url}/", None, False, None, FAST)


def test_exit_codes(gallery, tmp_path):
    def run(url):
        options = [option for setting in FAST for option in ("--set", setting)]
        command = [sys.executable, "-m", "mapgan", "collect", url, "--out", str(tmp_path / "out"), *options]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        return result.returncode, result.stderr.splitlines()[-1]

    assert run(f"{gallery.url}/")[0] == 0
    assert run("maps.example")[0] == 2
    gallery.put("/", Reply(status=503))
    code, line = run(f"{gallery.url}/")
    assert code == 3
    assert "2 images of the last scrape are missing now and were kept" in line
    assert len(list((tmp_path / "out").glob("*.png"))) == 2
