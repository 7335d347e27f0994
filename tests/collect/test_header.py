import pytest
from PIL import Image, features

from mapgan.collect.header import Header, read_header
from mapgan.collect.image_formats import FORMATS

from .conftest import image_bytes


@pytest.mark.parametrize("kind", FORMATS)
def test_kind_and_size_of_every_kind(tmp_path, kind):
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow reads no AVIF")
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    path = tmp_path / "image"
    if kind == "MPO":
        two = [Image.new("RGB", (8, 6), colour) for colour in ("red", "blue")]
        two[0].save(path, "MPO", save_all=True, append_images=two[1:])
    else:
        path.write_bytes(image_bytes(1, kind))
    assert read_header(path) == Header(FORMATS[kind].mime, FORMATS[kind].suffixes[0][1:], 8, 6)


@pytest.mark.parametrize("kind", ["PPM", "EPS", "ICNS"])
def test_rare_kinds_are_never_opened(tmp_path, kind):
    path = tmp_path / "image"
    Image.new("RGB", (16, 16)).save(path, kind)
    assert read_header(path) == Header()
