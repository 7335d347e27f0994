"""Against a real web server, nginx, started here: all images arrive, byte for byte."""

import json
import sys
from pathlib import Path

import pytest

from mapgan.collect import collect, read_manifest
from mapgan.collect.client import Client
from mapgan.collect.demo.site import MAPS_PER_PAGE, bodies_of, read_index
from mapgan.collect.partial import Partial
from mapgan.collect.store import Store
from mapgan.params.collecting import Download

from .conftest import gallery_scrape, image_bytes, large_image

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from nginx import find_nginx, serving

pytestmark = pytest.mark.skipif(find_nginx() is None, reason="nginx is not installed (apt-get install nginx-light)")


def scraped(url, folder):
    """The bytes of the images by the path of their address."""
    collect(gallery_scrape(url, max_images=10_000), folder / "raw", folder / "cache")
    rows = read_manifest(folder / "raw" / "manifest.csv")
    assert [row.reason for row in rows if row.status != "ok"] == []
    return {row.url.removeprefix(url): (folder / "raw" / row.file).read_bytes() for row in rows}


def test_directory_indexes(tmp_path):
    root = tmp_path / "root"
    expected = {}
    for number in range(60):
        folder = ("", "caves/", "caves/deep/", "h%C3%B6hlen/")[number % 4]
        path = root / folder.replace("%C3%B6", "ö") / f"a map {number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image_bytes(number))
        expected[f"{folder}a%20map%20{number}.png"] = image_bytes(number)
    (root / "readme.txt").write_text("no image")
    with serving(root, tmp_path / "nginx") as url:
        assert scraped(url, tmp_path) == expected
        assert scraped(url, tmp_path) == expected


def test_the_demo_gallery(small_demo, tmp_path):
    """Its pages and images as files, with the start page as the index."""
    root = tmp_path / "root"
    entries = read_index(["rock", "ink"], small_demo)
    for path, body in bodies_of(entries, small_demo / "maps").items():
        file = root / path.lstrip("/")
        file = file.with_name(f"{file.name}.html") if path.startswith("/page/") else file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body.content())
    assert len(entries) > MAPS_PER_PAGE
    pages = "location = / { return 302 /page/1; } location /page/ { default_type text/html; try_files $uri.html =404; }"
    with serving(root, tmp_path / "nginx", pages) as url:
        found = scraped(url, tmp_path)
    index = json.loads((small_demo / "maps.json").read_text(encoding="utf-8"))
    assert found == {f"maps/{e['file']}": (small_demo / "maps" / e["file"]).read_bytes() for e in index}


def test_a_half_download_goes_on(tmp_path):
    """nginx gives the rest, as it has an ETag."""
    body = large_image(3)
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a.png").write_bytes(body)
    with serving(tmp_path / "root", tmp_path / "nginx") as url:
        client, store = Client(Download(delay=0), [url]), Store(tmp_path / "cache")
        with store.downloading(), store.partial(f"{url}a.png") as partial:
            client.fetch(f"{url}a.png", partial, "image", 1 << 20)
            validator = partial.validator
        half = Partial(tmp_path / "half", f"{url}a.png", resume=False)
        half.restart(validator)
        half.write(body[:100_000])
        answer = client.fetch(f"{url}a.png", half, "image", 1 << 20)
        assert answer.start == 100_000
        assert half.open().read() == body
        half.close()
