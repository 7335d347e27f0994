"""HEIC and HEIF files: read if pillow-heif is installed, else skipped with a hint."""

import sys

import numpy as np
import pytest
from PIL import Image

from mapgan.collect import collect, read_manifest
from mapgan.collect.header import Header, read_header
from mapgan.collect.links import is_image
from mapgan.curate.decode import open_upright
from mapgan.curate.prune import prune
from mapgan.errors import MapganError
from mapgan.params import Machine
from mapgan.params.collecting import Folder, Prune, Scrape

from .conftest import image_bytes


@pytest.fixture
def inbox(tmp_path):
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


@pytest.fixture
def no_heif(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)


def save_heif(path, image, orientation=1):
    pillow_heif = pytest.importorskip("pillow_heif")
    exif = Image.Exif()
    exif[0x0112] = orientation
    heif = pillow_heif.from_pillow(image)
    heif.save(path, quality=-1, chroma=444, exif=exif.tobytes())
    return path


def noise(seed, size=(128, 96)):
    pixels = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), np.uint8)
    return Image.fromarray(pixels).resize(size)


def collected(inbox, tmp_path):
    collect(Scrape(source="folder", folder=Folder(path=str(inbox))), tmp_path / "raw", tmp_path / "cache")
    return read_manifest(tmp_path / "raw" / "manifest.csv")


def test_heic_and_heif_files_of_a_folder_are_collected_and_pruned(inbox, tmp_path):
    save_heif(inbox / "IMG_1.HEIC", noise(1))
    save_heif(inbox / "b.heif", noise(2))
    rows = collected(inbox, tmp_path)
    assert [(row.url, row.mime, row.width, row.height, row.file[-5:]) for row in rows] == [
        ("folder:IMG_1.HEIC", "image/heif", 128, 96, ".heif"),
        ("folder:b.heif", "image/heif", 128, 96, ".heif"),
    ]
    assert prune(Prune(), tmp_path / "raw", tmp_path / "pruned", Machine(backend="threads")).kept == 2


def test_a_rotated_photo_is_decoded_upright(tmp_path):
    left_red = Image.new("RGB", (64, 48), "red")
    left_red.paste("blue", (32, 0, 64, 48))
    with open_upright(save_heif(tmp_path / "a.heic", left_red, orientation=6), 1) as (image, width, height):
        assert image.size == (width, height) == (48, 64)
        assert image.getpixel((24, 5))[0] > 200  # orientation 6: the stored left side is the top


def test_a_truncated_heic_file_is_kept_for_pruning_to_reject(tmp_path):
    path = save_heif(tmp_path / "a.heic", noise(1))
    path.write_bytes(path.read_bytes()[:500])
    assert read_header(path) == Header()


def test_pillow_heif_opens_heif_only(tmp_path):
    pytest.importorskip("pillow_heif")
    (tmp_path / "a.heic").write_bytes(image_bytes(1))
    assert read_header(tmp_path / "a.heic").mime == "image/png"


@pytest.mark.usefixtures("no_heif")
def test_without_pillow_heif_skipped_files_come_with_a_hint(inbox, tmp_path, capsys):
    (inbox / "a.png").write_bytes(image_bytes())
    (inbox / "IMG_1.HEIC").touch()
    assert [row.url for row in collected(inbox, tmp_path)] == ["folder:a.png"]
    assert 'IMG_1.HEIC; pip install "mapgan[heic]" reads HEIC and HEIF files\n' in capsys.readouterr().err


@pytest.mark.usefixtures("no_heif")
def test_without_pillow_heif_a_folder_of_heic_files_gives_the_hint(inbox, tmp_path):
    (inbox / "IMG_1.HEIC").touch()
    with pytest.raises(MapganError, match=r'no images; pip install "mapgan\[heic\]" reads HEIC and HEIF files'):
        collected(inbox, tmp_path)


def test_without_pillow_heif_a_heic_file_has_no_header(tmp_path, monkeypatch):
    path = save_heif(tmp_path / "a.heic", noise(1))
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    assert read_header(path) == Header()


def test_a_link_to_a_heic_file_is_not_followed():
    assert not is_image("https://maps.example/a.heic")
