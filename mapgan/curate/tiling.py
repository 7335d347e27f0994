"""Positions of tiles on an image."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Lines:
    """The lines of a grid at which windows may start: any pixel by default.

    Args:
        period: distance between lines, pixels.
        x: position of a vertical line, pixels.
        y: position of a horizontal line, pixels.
    """

    period: float = 1.0
    x: float = 0.0
    y: float = 0.0


ANYWHERE = Lines()


def positions(length: int, window: int, overlap: float, period: float = 1.0, line: float = 0.0) -> list[int]:
    """Start positions of windows along one axis: evenly spaced, the first and the last as near the ends as can be.

    Neighbours overlap by at least `overlap` of a window (up to rounding), so the axis is covered between them.

    Args:
        length: of the axis, pixels, at least `window`.
        window: length of a window, pixels.
        overlap: from 0 to less than 1.
        period: windows start at lines at this distance, pixels.
        line: position of one of the lines, pixels.
    """
    first = line % period
    last = math.floor((length - window - first) / period + 1e-9)  # index of the last line
    if last < 0:  # no window that starts at a line fits
        return [(length - window) // 2]
    stride = max(1.0, window * (1 - overlap) / period)
    count = 1 + math.ceil(last / stride - 1e-9)
    lines = sorted({round(index) for index in np.linspace(0, last, count).tolist()})
    return [min(round(first + index * period), length - window) for index in lines]


def corners(
    size: tuple[int, int], window: tuple[int, int], overlap: float, limit: int, lines: Lines = ANYWHERE
) -> list[tuple[int, int]]:
    """Corners (x, y) of windows on an image of `size`, at most `limit`, that start at `lines`.

    Any prefix of the list is spread evenly over the image, so it can be cut off anywhere. (Every
    n-th window in row-major order might all be in one column.) The order is that of the dither mask
    of M. Roberts, "The unreasonable effectiveness of quasirandom sequences", 2018: two irrational
    steps, kept in [0, 1).
    """
    across, down = (
        positions(size[axis], window[axis], overlap, lines.period, line) for axis, line in enumerate((lines.x, lines.y))
    )
    rank = (np.arange(len(across)) * 0.7548776662466927 + np.arange(len(down))[:, None] * 0.5698402909980532) % 1
    order = np.argsort(rank, axis=None, kind="stable")[:limit]
    return [(across[index % len(across)], down[index // len(across)]) for index in order.tolist()]
