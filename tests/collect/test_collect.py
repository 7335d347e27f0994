import subprocess
import sys

import pytest

from mapgan.collect import Counts, collect, demo, read_manifest
from mapgan.errors import MapganError
from mapgan.params.collecting import Demo, Folder, Gallery, Scrape

from .conftest import html, image_bytes, png


@pytest.fixture
def indices(tmp_path):
    return tmp_path / "raw", tmp_path / "cache"


def names_in(folder):
    return {path.name for path in folder.iterdir()}


def test_a_folder(tmp_path, indices):
    (tmp_path / "inbox").mkdir()
    for name, seed in [("a.png", 1), ("b.png", 2), ("same-as-a.png", 1)]:
        (tmp_path / "inbox" / name).write_bytes(image_bytes(seed))
    scrape = Scrape(source="folder", folder=Folder(path=str(tmp_path / "inbox")))
    assert collect(scrape, *indices) == Counts(images=2, new=2, failed=0)
    rows = read_manifest(indices[0] / "manifest.csv")
    assert [row.url for row in rows] == ["folder:a.png", "folder:b.png"]
    assert names_in(indices[0]) == {"manifest.csv", *(row.file for row in rows)}


def test_a_gallery(site, indices):
    site.put("/a.png", png())
    start = site.put("/", html('<img src="a.png"><img src="gone.png">'))
    scrape = Scrape(source="gallery", gallery=Gallery(urls=[start], delay=0))
    assert collect(scrape, *indices) == Counts(images=1, new=1, failed=1)
    assert collect(scrape, *indices) == Counts(images=1, new=0, failed=1)


def test_the_demo(stand_in, indices, monkeypatch):
    monkeypatch.setattr(demo, "packaged", lambda: stand_in)
    assert collect(Scrape(source="demo", demo=Demo(styles=["ink"])), *indices) == Counts(4, 4, 0)


def test_images_of_an_earlier_run_go_and_other_files_stay(tmp_path, indices):
    (tmp_path / "inbox").mkdir()
    mine = tmp_path / "inbox" / "a.png"
    scrape = Scrape(source="folder", folder=Folder(path=str(tmp_path / "inbox")))
    mine.write_bytes(image_bytes(1))
    collect(scrape, *indices)
    foreign = f"{'a' * 64}.png"
    (indices[0] / foreign).write_bytes(b"not ours")
    mine.write_bytes(image_bytes(2))
    collect(scrape, *indices)
    (row,) = read_manifest(indices[0] / "manifest.csv")
    assert names_in(indices[0]) == {"manifest.csv", row.file, foreign}


def test_a_broken_manifest_of_an_earlier_run_is_replaced(tmp_path, indices):
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "a.png").write_bytes(image_bytes())
    indices[0].mkdir()
    (indices[0] / "manifest.csv").write_text("file\n../inbox/a.png\n")
    collect(Scrape(source="folder", folder=Folder(path=str(tmp_path / "inbox"))), *indices)
    assert len(read_manifest(indices[0] / "manifest.csv")) == 1
    assert (tmp_path / "inbox" / "a.png").exists()


def test_when_every_image_fails_the_run_stops_and_the_reasons_stay(site, indices):
    start = site.put("/", html('<img src="gone.png">'))
    with pytest.raises(MapganError, match=r"none of 1 images could be read or downloaded; .*gone\.png: HTTP 404"):
        collect(Scrape(source="gallery", gallery=Gallery(urls=[start], delay=0)), *indices)
    assert [row.reason for row in read_manifest(indices[0] / "manifest.csv")] == ["HTTP 404"]


def test_no_address_stops_the_run_before_any_work(indices):
    with pytest.raises(MapganError, match=r"scrape\.gallery\.urls is empty"):
        collect(Scrape(source="gallery"), *indices)
    assert not indices[0].exists()


def test_collect_leaves_torch_and_dvc_alone():
    code = "import sys, mapgan.collect; print({'torch', 'dvc', 'mapgan.curate'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
