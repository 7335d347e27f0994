"""Grids as lines, and as an overlay that is transparent but for them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from PIL import Image, ImageChops, ImageDraw

from mapgan.params import Export
from mapgan.params.exporting import parse_color, parse_offset

Point = tuple[float, float]
ROW = math.sqrt(3) / 2  # distance between rows of hexagons that are 1 from side to side
SIDE = 1 / math.sqrt(3)  # of such a hexagon
WIDTH = 0.02  # of a line, squares
SUPERSAMPLING = 2  # of slanted lines


def grid_lines(kind: str, columns: int, rows: int, offset: Point) -> Iterator[list[Point]]:
    """The lines of a grid, squares; they may reach beyond the map.

    Args:
        kind: square; hex-pointy, hexagons with a corner at the top, in rows; or hex-flat, with a side, in columns.
        columns: of the map.
        rows: of the map.
        offset: a corner of a square, or the middle of a hexagon's left (or top) side, to the right and down.
    """
    if kind == "square":
        for x in range(columns + 1):
            yield [(x + offset[0] % 1, 0.0), (x + offset[0] % 1, float(rows))]
        for y in range(rows + 1):
            yield [(0.0, y + offset[1] % 1), (float(columns), y + offset[1] % 1)]
    elif kind == "hex-pointy":
        yield from _hexagons(columns, rows, offset)
    else:
        for line in _hexagons(rows, columns, offset[::-1]):
            yield [(x, y) for y, x in line]


def _hexagons(columns: int, rows: int, offset: Point) -> Iterator[list[Point]]:
    """The upper right half of each hexagon with a corner at the top; its neighbours have the rest."""
    down = offset[1] % (2 * ROW)
    for row in range(-3, math.ceil(rows / ROW) + 2):
        y = row * ROW + down
        shift = offset[0] % 1 + (row % 2) / 2
        for column in range(-2, columns + 1):
            x = column + shift
            yield [(x, y - SIDE / 2), (x + 0.5, y - SIDE), (x + 1, y - SIDE / 2), (x + 1, y + SIDE / 2)]


def grid_overlay(settings: Export, columns: int, rows: int, square: int) -> Image.Image:
    """The grid on a transparent ground, RGBA, `square` pixels per square."""
    fine = 1 if settings.grid == "square" else SUPERSAMPLING
    scale = square * fine
    size = columns * scale, rows * scale
    mask = Image.new("L", size)
    pen = ImageDraw.Draw(mask)
    width = max(1, round(WIDTH * square)) * fine
    for line in grid_lines(settings.grid, columns, rows, parse_offset(settings.grid_offset)):
        pen.line([(min(x * scale, size[0] - 1), min(y * scale, size[1] - 1)) for x, y in line], 255, width)
    mask = mask.reduce(fine)
    faint = ImageChops.constant(mask, round(255 * settings.grid_opacity))
    overlay = Image.new("RGBA", mask.size, (*parse_color(settings.grid_color), 0))
    overlay.putalpha(ImageChops.multiply(mask, faint))
    return overlay


def with_grid(image: Image.Image, settings: Export, columns: int, rows: int, square: int) -> Image.Image:
    """`image` with the grid drawn into it."""
    overlay = grid_overlay(settings, columns, rows, square)
    return Image.alpha_composite(image.convert("RGBA"), overlay).convert("RGB")
