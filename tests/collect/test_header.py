import pytest
from PIL import Image, features

from mapgan.collect.header import Header, read_header
from mapgan.collect.image_formats import FORMATS, JPEG

from .conftest import image_bytes


@pytest.mark.parametrize("image_format", FORMATS, ids=lambda image_format: image_format.name)
def test_format_and_size(tmp_path, image_format):
    if image_format.name == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow reads no AVIF")
    (tmp_path / "image").write_bytes(image_bytes(1, image_format.name))
    assert read_header(tmp_path / "image") == Header(image_format.mime, image_format.suffixes[0][1:], 8, 6)


def test_a_jpeg_with_a_second_image_is_a_jpeg(tmp_path):
    first, second = (Image.new("RGB", (8, 6), color) for color in ("red", "blue"))
    first.save(tmp_path / "image", "MPO", save_all=True, append_images=[second])
    assert read_header(tmp_path / "image") == Header(JPEG.mime, "jpg", 8, 6)


@pytest.mark.parametrize("name", ["PPM", "EPS", "ICNS"])
def test_rare_formats_are_never_opened(tmp_path, name):
    path = tmp_path / "image"
    Image.new("RGB", (16, 16)).save(path, name)
    assert read_header(path) == Header()
