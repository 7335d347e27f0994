"""Positions of tiles on an image."""

from __future__ import annotations

import math

import numpy as np


def positions(length: int, window: int, overlap: float) -> list[int]:
    """Start positions of windows along one axis: evenly spaced, the first and the last flush with the ends.

    Neighbours overlap by at least `overlap` of a window (up to rounding), so the whole axis is covered.

    Args:
        length: of the axis, pixels, at least `window`.
        window: length of a window, pixels.
        overlap: from 0 to less than 1.
    """
    last_start = length - window
    stride = window * (1 - overlap)
    count = 1 + math.ceil(last_start / stride - 1e-9)
    return sorted({round(start) for start in np.linspace(0, last_start, count).tolist()})


def corners(size: tuple[int, int], window: tuple[int, int], overlap: float, limit: int) -> list[tuple[int, int]]:
    """Corners (x, y) of windows on an image of `size`, at most `limit`.

    Any prefix of the list is spread evenly over the image, so it can be cut off anywhere. (Every
    n-th window in row-major order might all be in one column.) The order is that of the dither mask
    of M. Roberts, "The unreasonable effectiveness of quasirandom sequences", 2018: two irrational
    steps, kept in [0, 1).
    """
    across, down = (positions(size[axis], window[axis], overlap) for axis in (0, 1))
    rank = (np.arange(len(across)) * 0.7548776662466927 + np.arange(len(down))[:, None] * 0.5698402909980532) % 1
    order = np.argsort(rank, axis=None, kind="stable")[:limit]
    return [(across[index % len(across)], down[index // len(across)]) for index in order.tolist()]
