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
from mapgan.export.lines import SHORTEST, Line, area, length, simplified, straightened
from mapgan.export.square_map import SquareMap

FINEST, COARSEST = 24, 8  # pixels per square in which walls are traced
SMALLEST = 0.25  # squares of area: stones, columns and specks below this are no walls
BLUR = 1 / 16  # of a square: specks and rough edges of the drawing are no corners of walls


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
    blurred = np.asarray(grey.filter(ImageFilter.GaussianBlur(radius)))
    return (blurred / 255 - 0.5).astype(np.float32)


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
