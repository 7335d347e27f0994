"""Walls: the contours of the ground, with few corners, straightened along the grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import contourpy
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from mapgan.export.doors import Door, Doors, open_doors
from mapgan.export.ground import Field, Which, find_ground
from mapgan.export.square_map import SquareMap

FINEST, COARSEST = 24, 8  # pixels per square in which walls are traced
SMALLEST = 0.25  # squares of area: stones, columns and specks below this are no walls
SHORTEST = 0.5  # squares: lines below this at the border are no walls
BLUR = 1 / 16  # of a square: specks and rough edges of the drawing are no corners of walls
TOLERANCE = 0.1  # squares by which a simplified wall may leave the contour
BEVEL = 0.75  # squares: shorter slants between two walls along the grid are a corner

Line = NDArray[np.float64]


@dataclass(frozen=True)
class Walls:
    """Traced walls and doors, squares.

    Args:
        lines: each `[points, 2]`, x and y; those that are closed end where they start.
        doors: sorted.
    """

    lines: list[Line]
    doors: list[Door]


NO_WALLS = Walls([], [])


def trace_walls(drawing: SquareMap, which: Which = "auto", snap: float = 0.2, doors: Doors = "gaps") -> Walls | None:
    """Trace the walls of a map, or None if its ground and rock cannot be told apart.

    Args:
        drawing: the map.
        which: which colours are ground, see `find_ground`.
        snap: squares within which walls along the grid are moved onto its lines; 0 to leave them where they are.
        doors: which doors are wanted, see `open_doors`.
    """
    square = round(min(max(drawing.pixels_per_square, COARSEST), FINEST))
    ground = find_ground(drawing.resized(square), which)
    if ground is None:
        return None
    found, opened = open_doors(ground, square, doors)
    size = np.array([drawing.columns, drawing.rows], np.float64)
    smooth = smoothed(opened, BLUR * square)
    lines = [straightened(simplified(line), snap) for line in contours(smooth, square, size)]
    return Walls([line for line in lines if len(line) > 1], found)


def smoothed(ground: Field, radius: float) -> Field:
    """`ground` blurred, by a Gaussian with a standard deviation of `radius` pixels."""
    grey = Image.fromarray(np.rint((ground + 0.5) * 255).astype(np.uint8))
    return np.asarray(grey.filter(ImageFilter.GaussianBlur(radius)), np.float32) / 255 - np.float32(0.5)


def contours(ground: Field, square: int, size: NDArray[np.float64]) -> Iterator[Line]:
    """The lines between ground and rock, squares, without those around specks.

    Args:
        ground: `[H, W]`, positive on ground.
        square: pixels per square.
        size: columns and rows of the map; lines end at its border.
    """
    padded = np.pad(ground, 1, mode="edge")  # the centres of the outermost pixels are half a pixel inside the map
    generator = contourpy.contour_generator(z=padded, name="serial", line_type=contourpy.LineType.Separate)
    for points in generator.lines(0.0):
        line = np.clip((np.asarray(points, np.float64) - 0.5) / square, 0, size)
        closed = bool((line[0] == line[-1]).all())
        if (area(line) >= SMALLEST) if closed else (length(line) >= SHORTEST):
            yield line


def area(line: Line) -> float:
    """Area within a closed line."""
    x, y = line[:-1].T
    return abs(float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())) / 2


def length(line: Line) -> float:
    """Length of a line."""
    return float(np.hypot(*np.diff(line, axis=0).T).sum())


def simplified(line: Line, tolerance: float = TOLERANCE) -> Line:
    """The line with as few points as leave it within `tolerance` (Douglas and Peucker, 1973)."""
    if (line[0] == line[-1]).all():  # start in a corner
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
    """Distance of points from the line through `start` and `end`, or from the point that both are."""
    along, to_points = end - start, points - start
    span = float(np.hypot(*along))
    if span == 0:
        return np.hypot(*to_points.T)
    return np.asarray(np.abs(along[0] * to_points[:, 1] - along[1] * to_points[:, 0]) / span, np.float64)


def straightened(line: Line, snap: float) -> Line:
    """The line with walls along the grid moved onto grid lines within `snap` squares, and sharp corners between them."""
    if snap == 0:
        return line
    line = line.copy()
    closed = bool((line[0] == line[-1]).all())
    fixed = np.zeros(line.shape, bool)
    for index in range(len(line) - 1):
        start, end = line[index], line[index + 1]
        for axis in (0, 1):
            place = round((start[axis] + end[axis]) / 2)
            along = abs(start[1 - axis] - end[1 - axis]) >= SHORTEST
            if along and max(abs(start[axis] - place), abs(end[axis] - place)) <= snap:
                line[index : index + 2, axis] = place
                fixed[index : index + 2, axis] = True
    if closed:  # the first point and the last are one
        joined = fixed[0] | fixed[-1]
        line[[0, -1]] = np.where(fixed[0], line[0], line[-1])
        fixed[[0, -1]] = joined
    return _without_bends(_with_corners(line, fixed, closed), closed)


def _with_corners(line: Line, fixed: NDArray[np.bool_], closed: bool) -> Line:
    """The line with a corner in place of each short slant between a wall across and a wall down."""
    points, count = [], len(line) - 1
    skip_first = False
    for index in range(count if closed else count + 1):
        following = (index + 1) % count if closed else min(index + 1, count)
        start, end = fixed[index], fixed[following]
        slant = index != following and float(np.hypot(*(line[index] - line[following]))) <= BEVEL
        if slant and start.sum() == end.sum() == 1 and (start != end).all():
            points.append(np.where(start, line[index], line[following]))
            skip_first = skip_first or following == 0
            fixed[following] = True  # it is part of this corner
            line[following] = points[-1]
        else:
            points.append(line[index])
    if closed:
        points = points[skip_first:]
        points.append(points[0])
    return np.array(points)


def _without_bends(line: Line, closed: bool) -> Line:
    """The line without points that repeat, or lie on the way between their neighbours."""
    ring = line[:-1] if closed else line
    before, after = np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0)
    moved = ~np.isclose(ring, before).all(axis=1)
    if not closed:
        moved[0] = True
    ring = ring[moved]
    before, after = np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0)
    cross = (ring - before)[:, 0] * (after - ring)[:, 1] - (ring - before)[:, 1] * (after - ring)[:, 0]
    bends = np.abs(cross) > 1e-6
    if not closed:
        bends[[0, -1]] = True
        return ring[bends]
    ring = ring[bends]
    return np.concatenate([ring, ring[:1]]) if len(ring) > 2 else np.zeros((0, 2))
