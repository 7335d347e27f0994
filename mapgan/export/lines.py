"""Lines with few corners, straightened along the grid. Each is `[points, 2]`, x and y in squares.

A line that is closed ends where it starts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 0.1  # squares by which a simplified line may leave the original
SHORTEST = 0.5  # squares: shorter lines are no walls
BEVEL = 0.75  # squares: a shorter way between a wall across and a wall down is a corner
MOST = 5  # points that may lie there
EQUAL = 1e-6

Line = NDArray[np.float64]


def is_closed(line: Line) -> bool:
    """Whether the line ends where it starts."""
    return bool((line[0] == line[-1]).all())


def area(line: Line) -> float:
    """Area within a closed line."""
    x, y = line[:-1].T
    return abs(float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())) / 2


def length(line: Line) -> float:
    """Length of a line."""
    return float(np.hypot(*np.diff(line, axis=0).T).sum())


def simplified(line: Line, tolerance: float = TOLERANCE) -> Line:
    """The line with few points, none of the others further than `tolerance` from it.

    By the method of D. Douglas and T. Peucker, "Algorithms for the reduction of the number of points required to
    represent a digitized line or its caricature", 1973.
    """
    if is_closed(line):  # start in a corner
        start = int(np.hypot(*(line - line.mean(axis=0)).T).argmax())
        line = np.concatenate([line[start:-1], line[: start + 1]])
    keep = np.zeros(len(line), bool)
    keep[[0, -1]] = True
    pending = [(0, len(line) - 1)]
    while pending:
        first, last = pending.pop()
        distance = _distance(line[first + 1 : last], line[first], line[last])
        if len(distance) and distance.max() > tolerance:
            middle = first + 1 + int(distance.argmax())
            keep[middle] = True
            pending += [(first, middle), (middle, last)]
    return line[keep]


def _distance(points: Line, start: Line, end: Line) -> NDArray[np.float64]:
    """Distance of points from the nearest point between `start` and `end`."""
    along, to_points = end - start, points - start
    place = np.clip(to_points @ along / max(float(along @ along), EQUAL**2), 0, 1)
    return np.asarray(np.hypot(*(to_points - place[:, None] * along).T), np.float64)


def straightened(line: Line, snap: float) -> Line:
    """The line with parts along the grid moved onto grid lines within `snap` squares, and sharp corners between them.

    A line of which nothing is left has no points.
    """
    closed = is_closed(line)
    points = line[:-1].copy() if closed else line.copy()
    parts = [(index, (index + 1) % len(points)) for index in range(len(points) - (not closed))]
    moved = np.zeros(points.shape, bool)  # coordinates that are those of a grid line
    for ends in map(list, parts):
        for axis in (0, 1):
            place = np.round(points[ends, axis].mean())
            along = abs(float(np.diff(points[ends, 1 - axis])[0])) >= SHORTEST
            if along and np.abs(points[ends, axis] - place).max() <= snap:
                points[ends, axis] = place
                moved[ends, axis] = True
    for first in range(len(points)):
        _sharpen(points, moved, first, closed)
    return _without_needless(points, closed)


def _sharpen(points: Line, moved: NDArray[np.bool_], first: int, closed: bool) -> None:
    """Replace what lies between a wall across that ends at `first` and a wall down, or the reverse, by their corner."""
    run = [first]
    while len(run) < MOST and (len(run) == 1 or not moved[run[-1]].any()):
        following = run[-1] + 1
        if following == len(points) and not closed:
            return
        run.append(following % len(points))
    last = run[-1]
    is_short = float(np.hypot(*(points[first] - points[last]))) <= BEVEL
    if is_short and moved[first].sum() == 1 and (moved[first] != moved[last]).all():
        points[run] = np.where(moved[first], points[first], points[last])
        moved[run] = True


def _without_needless(points: Line, closed: bool) -> Line:
    """The line through `points`, without those that repeat, or lie on the way between their neighbours."""
    for needed in (_moves, _bends):
        keep = needed(points - np.roll(points, 1, axis=0), np.roll(points, -1, axis=0) - points)
        if not closed:
            keep[[0, -1]] = True
        points = points[keep]
    if len(points) < (3 if closed else 2):
        return np.zeros((0, 2))
    return np.concatenate([points, points[:1]]) if closed else points


def _moves(before: Line, _: Line) -> NDArray[np.bool_]:
    return np.asarray((np.abs(before) > EQUAL).any(axis=1))


def _bends(before: Line, after: Line) -> NDArray[np.bool_]:
    return np.asarray(np.abs(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]) > EQUAL)
