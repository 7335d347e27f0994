import pytest
from PIL import Image, features

from mapgan.collect.header import KINDS, Header, read_header

from .conftest import image_bytes


@pytest.mark.parametrize("kind", KINDS)
def test_kind_and_size_of_every_kind(tmp_path, kind):
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow reads no AVIF")
    path = tmp_path / "image"
    if kind == "MPO":
        two = [Image.new("RGB", (8, 6), colour) for colour in ("red", "blue")]
        two[0].save(path, "MPO", save_all=True, append_images=two[1:])
    else:
        path.write_bytes(image_bytes(1, kind))
    assert read_header(path) == Header(*KINDS[kind], 8, 6)


@pytest.mark.parametrize("kind", ["PPM", "EPS", "ICNS"])
def test_rare_kinds_are_never_opened(tmp_path, kind):
    path = tmp_path / "image"
    Image.new("RGB", (16, 16)).save(path, kind)
    assert read_header(path) == Header()


def test_the_guard_against_bombs_is_put_back(tmp_path):
    before = Image.MAX_IMAGE_PIXELS
    read_header(tmp_path / "missing")
    assert before == Image.MAX_IMAGE_PIXELS
    assert before is not None
