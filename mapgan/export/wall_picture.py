"""The map with its traced walls and doors drawn over it, to check them by eye."""

from __future__ import annotations

from PIL import Image, ImageDraw

from mapgan.export.square_map import SquareMap
from mapgan.export.walls import Walls

SQUARE = 40  # pixels per square, if the picture stays below LARGEST
LARGEST = 4000  # pixels, the longest side
WALL, CORNER, DOOR = (230, 30, 120), (255, 190, 0), (0, 160, 255)


def draw_walls(drawing: SquareMap, walls: Walls) -> Image.Image:
    """Walls in pink with their corners in yellow, doors in blue."""
    square = max(4, min(SQUARE, LARGEST // max(drawing.columns, drawing.rows)))
    picture = drawing.resized(square)
    pen = ImageDraw.Draw(picture)
    width = max(2, square // 12)
    for line in walls.lines:
        points = [(float(x), float(y)) for x, y in line * square]
        pen.line(points, WALL, width)
        for x, y in points:
            pen.rectangle((x - width, y - width, x + width, y + width), CORNER)
    for door in walls.doors:
        start, end = ((x * square, y * square) for x, y in door.ends)
        pen.line((start, end), DOOR, 2 * width)
    return picture
