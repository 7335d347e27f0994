"""Lines with fewer points, and lines along the grid."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mapgan.export.lines import area, is_closed, length, simplified, straightened
from tests.export.plans import near

POINTS = st.lists(st.tuples(st.floats(0, 20), st.floats(0, 20)), min_size=3, max_size=40)


@given(POINTS)
def test_no_point_is_further_from_the_simplified_line_than_the_tolerance(points: list[tuple[float, float]]) -> None:
    line = np.array(points)
    short = simplified(line, 0.5)
    steps = np.linspace(0, 1, 400)[:, None]
    dense = np.concatenate([start + (end - start) * steps for start, end in itertools.pairwise(short)])
    assert near(line, dense, 0.5 + 0.1) == 1
    assert is_closed(short) if is_closed(line) else (short[[0, -1]] == line[[0, -1]]).all()


def test_a_slanted_corner_between_walls_along_the_grid_becomes_sharp() -> None:
    octagon = np.array([(1.1, 3.5), (1.1, 1.4), (1.4, 1.1), (4, 1.1), (4, 3.9), (1.3, 3.9), (1.1, 3.5)])
    assert set(map(tuple, straightened(octagon, 0.2).tolist())) == {(1, 1), (4, 1), (4, 4), (1, 4)}


def test_a_dent_in_a_corner_is_filled() -> None:
    dented = np.array([(1, 4), (1, 1.4), (1.2, 1.3), (1.25, 1.1), (1.6, 1), (4, 1), (4, 4), (1, 4)], float)
    assert set(map(tuple, straightened(dented, 0.2).tolist())) == {(1, 1), (4, 1), (4, 4), (1, 4)}


def test_slanted_walls_and_walls_between_grid_lines_stay() -> None:
    diamond = np.array([(3.0, 0.5), (5.5, 3.0), (3.0, 5.5), (0.5, 3.0), (3.0, 0.5)])
    between = np.array([(1.5, 1.4), (4.5, 1.4), (4.5, 3.6), (1.5, 3.6), (1.5, 1.4)])
    assert (straightened(diamond, 0.2) == diamond).all()
    assert sorted(straightened(between, 0.2).tolist()) == sorted(between.tolist())


def test_a_wall_of_which_nothing_is_left_has_no_points() -> None:
    sliver = np.array([(1.0, 1.05), (4.0, 1.05), (4.0, 0.95), (1.0, 0.95), (1.0, 1.05)])
    assert len(straightened(sliver, 0.2)) == 0


def test_area_and_length() -> None:
    square = np.array([(1.0, 1.0), (4.0, 1.0), (4.0, 3.0), (1.0, 3.0), (1.0, 1.0)])
    assert area(square) == area(square[::-1]) == 6
    assert length(square) == 10
