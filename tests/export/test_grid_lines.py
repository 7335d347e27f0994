"""Grids: where their lines are, and overlays that leave the rest of the map alone."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mapgan.export.grid_lines import grid_lines, grid_overlay, with_grid
from mapgan.params import Export

OFFSETS = st.tuples(st.floats(-3, 3), st.floats(-3, 3))


@given(st.integers(1, 9), st.integers(1, 9), OFFSETS)
def test_squares_are_a_square_apart(columns: int, rows: int, offset: tuple[float, float]) -> None:
    lines = list(grid_lines("square", columns, rows, offset))
    across = [line[0][0] for line in lines if line[0][0] == line[1][0]][: columns + 1]
    assert np.allclose(np.diff(across), 1)
    assert min(abs((x - offset[0]) % 1) for x in across) < 1e-9 or min((offset[0] - x) % 1 for x in across) < 1e-9


@pytest.mark.parametrize("kind", ["hex-pointy", "hex-flat"])
@given(OFFSETS)
def test_sides_of_hexagons_are_equal_and_meet_in_threes(kind: str, offset: tuple[float, float]) -> None:
    ends: dict[tuple[int, int], int] = {}
    for line in grid_lines(kind, 6, 6, offset):
        for start, end in itertools.pairwise(line):
            assert math.dist(start, end) == pytest.approx(1 / math.sqrt(3))
            for x, y in (start, end):
                corner = round(x * 1e6) // 10, round(y * 1e6) // 10
                ends[corner] = ends.get(corner, 0) + 1
    inner = [count for (x, y), count in ends.items() if min(x, y) > 1e5 and max(x, y) < 5e5]
    assert inner
    near_corner = [count for count in inner if count not in (3,)]
    assert len(near_corner) <= 0.1 * len(inner)  # corners whose rounding falls apart


def test_an_overlay_has_the_colour_and_opacity_asked_for() -> None:
    settings = Export(grid="square", grid_color="#ff8000", grid_opacity=0.5, grid_offset="0.5,0")
    pixels = np.asarray(grid_overlay(settings, 4, 3, 20))
    assert pixels.shape == (60, 80, 4)
    assert set(np.unique(pixels[..., 3]).tolist()) == {0, 128}
    assert (pixels[..., :3] == (255, 128, 0)).all()
    assert (pixels[30, [10, 30, 50, 70], 3] == 128).all()
    assert (pixels[30, [0, 20, 40, 60], 3] == 0).all()


@pytest.mark.parametrize("kind", ["square", "hex-flat", "hex-pointy"])
def test_a_grid_that_is_drawn_into_a_map_changes_its_lines_alone(kind: str) -> None:
    image = Image.new("RGB", (240, 180), "white")
    drawn = np.asarray(with_grid(image, Export(grid=kind, grid_opacity=1.0), 8, 6, 30))  # type: ignore[arg-type]
    assert drawn.min() == 0
    assert (drawn == 255).mean() > 0.8
