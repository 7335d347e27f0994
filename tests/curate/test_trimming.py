import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mapgan.curate.trimming import content_box

from .conftest import encoded, map_image


def framed(borders, colors, size=(60, 40)):
    """Noise within a border on each side: left, top, right, bottom."""
    left, top, right, bottom = borders
    inside = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    inside[:, [0, -1]], inside[[0, -1]] = 255 - np.array(colors[0]), 255 - np.array(colors[0])
    whole = Image.new("RGB", (left + size[0] + right, top + size[1] + bottom), colors[0])
    whole.paste(colors[1], (whole.width - right, 0, whole.width, whole.height))
    whole.paste(Image.fromarray(inside), (left, top))
    return whole


@settings(max_examples=30, deadline=None)
@given(st.tuples(*[st.integers(1, 30)] * 4))
def test_borders_of_any_width_are_found(borders):
    image = framed(borders, [(250, 250, 240), (250, 250, 240)])
    left, top, _, _ = borders
    assert content_box(image) == (left, top, left + 60, top + 40)


def test_each_side_may_have_its_colour():
    image = framed((10, 0, 20, 0), [(250, 250, 240), (0, 0, 0)])
    assert content_box(image)[0::2] == (10, 70)


def test_noise_of_a_jpeg_is_no_content(tmp_path):
    image = Image.new("RGB", (320, 240), "white")
    image.paste(map_image(1, (160, 128)), (80, 64))
    (tmp_path / "a.jpg").write_bytes(encoded(image, "JPEG", quality=90))
    box = content_box(Image.open(tmp_path / "a.jpg").convert("RGB"))
    assert np.abs(np.subtract(box, (80, 64, 240, 192))).max() <= 8


@pytest.mark.parametrize("image", [map_image(1), Image.new("RGB", (9, 5), "red"), Image.new("RGB", (1, 1))])
def test_without_a_border_all_is_left(image):
    assert content_box(image) == (0, 0, *image.size)
