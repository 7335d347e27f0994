from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgan.curate.tiling import corners, positions

axes = st.tuples(st.integers(1, 400), st.integers(0, 3000)).map(lambda pair: (pair[0] + pair[1], pair[0]))
overlaps = st.floats(0, 0.95)


@settings(max_examples=100, deadline=None)
@given(axes, overlaps)
def test_windows_cover_the_axis_and_touch_both_ends(axis, overlap):
    length, window = axis
    indices = positions(length, window, overlap)
    assert (indices[0], indices[-1]) == (0, length - window)
    assert all(b - a <= window for a, b in pairwise(indices))


@settings(max_examples=100, deadline=None)
@given(axes, overlaps)
def test_windows_are_evenly_spaced_and_overlap_enough(axis, overlap):
    length, window = axis
    steps = np.diff(positions(length, window, overlap))
    if len(steps):
        assert steps.max() - steps.min() <= 1
        assert steps.max() < max(1, window * (1 - overlap)) + 1


@pytest.mark.parametrize(
    ("length", "overlap", "expected"),
    [(100, 0.5, [0]), (200, 0.0, [0, 100]), (200, 0.5, [0, 50, 100]), (201, 0.0, [0, 50, 101])],
)
def test_some_positions(length, overlap, expected):
    assert positions(length, 100, overlap) == expected


@settings(max_examples=100, deadline=None)
@given(axes, overlaps, st.floats(4, 100), st.floats(0, 100))
def test_windows_start_at_lines(axis, overlap, period, line):
    length, window = axis
    starts = positions(length, window, overlap, period, line)
    assert starts == sorted(set(starts))
    assert 0 <= starts[0] <= starts[-1] <= length - window
    if length - window >= period:
        apart = [(start - line + period / 2) % period - period / 2 for start in starts]
        assert max(map(abs, apart)) <= 0.5 + 1e-6
        assert starts[0] < period + 1
        assert length - window - starts[-1] < period + 1


def test_corners_are_all_combinations():
    assert sorted(corners((30, 20), (10, 10), 0.0, 99)) == [(x, y) for x in (0, 10, 20) for y in (0, 10)]


@pytest.mark.parametrize("most", [25, 50, 100])
def test_the_first_corners_are_spread_over_the_image(most):
    chosen = np.array(corners((1000, 1000), (10, 10), 0.0, most))
    assert len(chosen) == most
    quarters = np.histogram2d(chosen[:, 0], chosen[:, 1], bins=2, range=[[0, 1000]] * 2)[0]
    assert quarters.min() >= most / 4 - 3
