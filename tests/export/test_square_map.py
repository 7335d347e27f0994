"""Images as whole squares."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mapgan.collect.demo import __file__ as demo
from mapgan.curate.tiling import Lines
from mapgan.errors import MapganError
from mapgan.export.square_map import into_squares, open_map


@given(st.integers(80, 400), st.floats(5, 40), st.floats(0, 50))  # a whole square fits, wherever the lines are
def test_squares_lie_within_the_image_and_are_of_the_grids_size(width: int, period: float, line: float) -> None:
    drawing = into_squares(Image.new("RGB", (width, 60)), Lines(period, line, 0.0), "an image")
    left, _, right, _ = drawing.box
    assert 0 <= left < right <= width
    assert drawing.columns * period == pytest.approx(right - left, abs=0.21 * period)
    assert max(drawing.cut[0], drawing.cut[2]) < 1.01 * period


def test_an_image_becomes_squares_times_pixels() -> None:
    drawing = into_squares(Image.new("RGB", (163, 99)), Lines(16, 3, 3), "an image")
    assert (drawing.columns, drawing.rows, drawing.cut) == (10, 6, (3, 3, 0, 0))
    assert drawing.resized(100).size == (1000, 600)
    assert drawing.resized(70).size == (700, 420)
    assert drawing.resized(100, (2.5, 1, 4, 6)).size == (150, 500)


def test_partial_squares_are_left_out() -> None:
    image = Image.new("RGB", (100, 48), "red")
    image.paste("blue", (10, 0, 90, 48))
    drawing = into_squares(image, Lines(16, 10, 0), "an image")
    assert (drawing.columns, drawing.cut) == (5, (10, 0, 10, 0))
    assert (np.asarray(drawing.resized(16)) == (0, 0, 255)).all()


def test_demo_maps_are_of_squares_of_16_pixels() -> None:
    for name in ("rock-cavern-025", "rock-temple-037", "rock-classic-035"):
        path = Path(demo).parent / "maps" / f"{name}.webp"
        drawing = open_map(path)
        assert (drawing.columns * 16, drawing.rows * 16) == drawing.image.size, path


@pytest.mark.parametrize(
    ("size", "square", "message"),
    [((100, 100), 0.0, "shows no battle grid"), ((100, 100), 3.0, "at least 4"), ((100, 30), 40.0, "per square")],
)
def test_images_without_squares_are_refused(tmp_path: Path, size: tuple[int, int], square: float, message: str) -> None:
    Image.new("RGB", size).save(tmp_path / "map.png")
    with pytest.raises(MapganError, match=message):
        open_map(tmp_path / "map.png", square)


def test_what_would_be_too_large_is_refused() -> None:
    drawing = into_squares(Image.new("RGB", (1000, 1000)), Lines(10), "an image")
    with pytest.raises(MapganError, match=r"60000 x 60000 pixels .* lower --resolution"):
        drawing.resized(600)
