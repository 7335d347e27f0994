"""The cheapest way over the squares, for rivers and roads."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tools.overland.fields import Floats, Mask

Square = tuple[int, int]  # row, column
STEPS = ((-1, 0), (0, -1), (0, 1), (1, 0))


def beside(square: Square, side: int) -> Iterator[Square]:
    """The squares that share an edge with this one."""
    for down, right in STEPS:
        row, column = square[0] + down, square[1] + right
        if 0 <= row < side and 0 <= column < side:
            yield row, column


def cheapest(cost: Floats, start: Square, goals: Mask) -> list[Square]:
    """The squares of the cheapest way from `start` to any goal, both included; empty if there is none.

    Ways turn only at right angles, so that neighbouring squares of a river or road share an edge.

    Args:
        cost: of entering a square; infinite where there is no way.
        start: the first square.
        goals: where the way may end.
    """
    best: NDArray[np.float64] = np.full(cost.shape, np.inf)
    best[start] = 0
    before: dict[Square, Square] = {}
    queue: list[tuple[float, Square]] = [(0.0, start)]
    while queue:
        so_far, square = heapq.heappop(queue)
        if so_far > best[square]:
            continue
        if goals[square]:
            way = [square]
            while way[-1] in before:
                way.append(before[way[-1]])
            return way[::-1]
        for near in beside(square, len(cost)):
            total = so_far + float(cost[near])
            if total < best[near]:
                best[near] = total
                before[near] = square
                heapq.heappush(queue, (total, near))
    return []


def patches(mask: Mask) -> list[list[Square]]:
    """The connected parts of a mask."""
    left = {(int(row), int(column)) for row, column in np.argwhere(mask)}
    found = []
    while left:
        patch = [min(left)]
        left.remove(patch[0])
        for square in patch:  # grows while it is read
            near = [other for other in beside(square, len(mask)) if other in left]
            left.difference_update(near)
            patch += near
        found.append(patch)
    return found
