"""The cheapest way over the squares, for rivers and roads."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tools.overland.fields import Floats, Mask

Square = tuple[int, int]  # row, column
DIAGONAL = 0.7  # of the cost of its two squares
STEPS = ((-1, 0), (0, -1), (0, 1), (1, 0))


def beside(square: Square, side: int) -> Iterator[Square]:
    """The squares that share an edge with this one."""
    for down, right in STEPS:
        row, column = square[0] + down, square[1] + right
        if 0 <= row < side and 0 <= column < side:
            yield row, column


def cheapest(cost: Floats, starts: list[Square], goals: Mask) -> list[Square]:
    """The squares of the cheapest way from a start to the first goal, both included; empty if there is none.

    A diagonal step is no dearer than its length, so that ways do not run along rows and columns; it leads through the
    cheaper of the two squares at its side, so that neighbouring squares of a river or road share an edge.

    Args:
        cost: of entering a square; infinite where there is no way.
        starts: where the way may begin.
        goals: where the way may end.
    """
    best: NDArray[np.float64] = np.full(cost.shape, np.inf)
    before: dict[Square, list[Square]] = {}  # the squares of the last step, latest first
    queue: list[tuple[float, Square]] = [(0.0, start) for start in sorted(starts)]
    for start in starts:
        best[start] = 0
    while queue:
        so_far, square = heapq.heappop(queue)
        if so_far > best[square]:
            continue
        if goals[square]:
            way = [square]
            while way[-1] in before:
                way += before[way[-1]]
            way.reverse()
            return way[: next(at for at, passed in enumerate(way) if goals[passed]) + 1]
        straight = list(beside(square, len(cost)))
        steps = [(so_far + float(cost[near]), near, [square]) for near in straight]
        for row, column in ((r, c) for r, _ in straight for _, c in straight if r != square[0] and c != square[1]):
            corner = min((row, square[1]), (square[0], column), key=lambda at: float(cost[at]))
            total = so_far + DIAGONAL * float(cost[corner] + cost[row, column])
            steps.append((total, (row, column), [corner, square]))
        for total, near, passed in steps:
            if total < best[near]:
                best[near] = total
                before[near] = passed
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
