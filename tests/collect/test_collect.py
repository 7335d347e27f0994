import subprocess
import sys

import pytest

from mapgan.collect import Counts, collect, demo, read_manifest
from mapgan.errors import MapganError
from mapgan.params.collecting import Demo, Folder, Scrape

from .conftest import gallery_scrape, html, image_bytes, png


@pytest.fixture
def folders(tmp_path):
    return tmp_path / "raw", tmp_path / "cache"


def names_in(folder):
    return {path.name for path in folder.iterdir()}


def test_a_folder(tmp_path, folders):
    (tmp_path / "inbox").mkdir()
    for name, seed in [("a.png", 1), ("b.png", 2), ("same-as-a.png", 1)]:
        (tmp_path / "inbox" / name).write_bytes(image_bytes(seed))
    scrape = Scrape(source="folder", folder=Folder(path=str(tmp_path / "inbox")))
    assert collect(scrape, *folders) == Counts(images=2, new=2, failed=0)
    rows = read_manifest(folders[0] / "manifest.csv")
    assert [row.url for row in rows] == ["folder:a.png", "folder:b.png"]
    assert names_in(folders[0]) == {"manifest.csv", *(row.file for row in rows)}


def test_a_gallery(site, folders):
    site.put("/a.png", png())
    start = site.put("/", html('<img src="a.png"><img src="gone.png">'))
    scrape = gallery_scrape(start, download={"max_failed": 0.5})
    assert collect(scrape, *folders) == Counts(images=1, new=1, failed=1)
    assert collect(scrape, *folders) == Counts(images=1, new=0, failed=1)


def test_the_demo(small_demo, folders, monkeypatch):
    monkeypatch.setattr(demo, "packaged", lambda: small_demo)
    assert collect(Scrape(source="demo", demo=Demo(styles=["ink"])), *folders) == Counts(4, 4, 0)


def test_images_of_an_earlier_run_are_removed_and_other_files_kept(tmp_path, folders):
    (tmp_path / "inbox").mkdir()
    image = tmp_path / "inbox" / "a.png"
    scrape = Scrape(source="folder", folder=Folder(path=str(tmp_path / "inbox")))
    image.write_bytes(image_bytes(1))
    collect(scrape, *folders)
    foreign = f"{'a' * 64}.png"
    (folders[0] / foreign).write_bytes(b"not ours")
    image.write_bytes(image_bytes(2))
    collect(scrape, *folders)
    (row,) = read_manifest(folders[0] / "manifest.csv")
    assert names_in(folders[0]) == {"manifest.csv", row.file, foreign}


def test_a_damaged_manifest_of_an_earlier_run_is_replaced(tmp_path, folders):
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "a.png").write_bytes(image_bytes())
    folders[0].mkdir()
    (folders[0] / "manifest.csv").write_text("file\n../inbox/a.png\n")
    collect(Scrape(source="folder", folder=Folder(path=str(tmp_path / "inbox"))), *folders)
    assert len(read_manifest(folders[0] / "manifest.csv")) == 1
    assert (tmp_path / "inbox" / "a.png").exists()


def test_a_run_without_images_stops_and_the_manifest_has_the_reasons(site, folders):
    start = site.put("/", html('<img src="gone.png">'))
    with pytest.raises(MapganError, match=r"no images collected, 1 failed; .*gone\.png: HTTP 404"):
        collect(gallery_scrape(start), *folders)
    assert [row.reason for row in read_manifest(folders[0] / "manifest.csv")] == ["HTTP 404"]


def test_a_gallery_without_urls_stops_the_run_before_any_work(folders):
    with pytest.raises(MapganError, match=r"scrape\.gallery\.urls is empty"):
        collect(Scrape(source="gallery"), *folders)
    assert not folders[0].exists()


def test_collect_does_not_import_torch_or_dvc():
    code = "import sys, mapgan.collect; print({'torch', 'dvc', 'mapgan.curate'} & set(sys.modules))"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "set()"
