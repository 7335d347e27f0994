"""Paint a terrain: grounds with smooth edges, the sea, rivers and roads, and stamps from back to front."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from mapgan import rng
from tools.overland import stamps
from tools.overland.fields import Floats, Mask, blurred, distance, enlarged, noise
from tools.overland.paths import Square
from tools.overland.stamps import INK, Pen, Point
from tools.overland.terrain import SIDE, Label, Terrain

SQUARE = 16  # side of a square in the finished map, pixels
OVERSAMPLING = 4  # drawn so much larger, and reduced: edges without steps
COARSE = 8  # pixels per square of fields before they are enlarged
SMOOTHNESS = 0.42  # of outlines, squares: more rounds off the corners of the squares and loses narrow places

SHALLOW, SEA, DEEP = "#9fcbc9", "#79b0bb", "#5f9bae"
RIPPLE = "#4f8599"
SAND = "#ecdca8"
GRASS, GRASS_DARK = "#b7ca80", "#a6bd70"
WOODLAND = "#8aa85c"
HEATH = "#b9b56e"
SCREE = "#b0a083"
MARSH = "#94a56c"
ROAD, ROAD_EDGE = "#ecd8a4", "#86643f"

GROUNDS = {Label.WOOD: WOODLAND, Label.SWAMP: MARSH, Label.HILL: HEATH, Label.MOUNTAIN: SCREE}
RIVER_WIDTH, ROAD_WIDTH = 0.5, 0.34  # squares


def paint(terrain: Terrain) -> Image.Image:
    """The finished map, `SIDE * SQUARE` pixels wide."""
    side = SIDE * SQUARE * OVERSAMPLING
    canvas = Image.new("RGB", (side, side), GRASS)
    pen = Pen(canvas, SQUARE * OVERSAMPLING)
    _paint_grounds(canvas, terrain)
    _paint_waters(pen, terrain)
    _paint_roads(pen, terrain)
    _paint_stamps(pen, terrain)
    return canvas.reduce(OVERSAMPLING)


def curve(way: list[Square]) -> list[Point]:
    """A smooth line along squares: a quadratic B-spline whose control points are their middles."""
    middles = [(column + 0.5, row + 0.5) for row, column in way]
    ends = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in zip(middles, middles[1:], strict=False)]
    line = [middles[0]]
    for start, (x, y), end in zip(ends, middles[1:-1], ends[1:], strict=False):
        for t in np.linspace(0, 1, 9):
            a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
            line.append((float(a * start[0] + b * x + c * end[0]), float(a * start[1] + b * y + c * end[1])))
    return [*line, middles[-1]]


def _soft(squares: Mask) -> Floats:
    coarse = np.repeat(np.repeat(squares.astype(np.float32), COARSE, 0), COARSE, 1)
    return blurred(coarse, SMOOTHNESS * COARSE)


def _fill(canvas: Image.Image, field: Floats, level: float, color: str) -> None:
    inside = enlarged(field, canvas.width) > level
    canvas.paste(color, mask=Image.fromarray(inside.astype(np.uint8) * 255))


def _paint_grounds(canvas: Image.Image, terrain: Terrain) -> None:
    meadow = noise(terrain.seed, "meadow", SIDE * COARSE, 5 * COARSE)
    _fill(canvas, meadow, 0.06, GRASS_DARK)
    for label, color in GROUNDS.items():
        _fill(canvas, _soft(terrain.ground == label), 0.5, color)
    # the beach reaches below the sea, so that no grass shows between them
    shore = (terrain.ground == Label.SAND) | (terrain.ground == Label.WATER)
    _fill(canvas, _soft(shore), 0.5, SAND)


def _paint_waters(pen: Pen, terrain: Terrain) -> None:
    water = _soft(terrain.ground == Label.WATER)
    land = np.where(water > 0.5, 0, 1).astype(bool)
    reach = 4 * COARSE
    offshore = blurred(distance(land, reach), 1.5) / COARSE  # squares
    inshore = blurred(distance(~land, reach), 1.0) / COARSE
    for river in terrain.rivers:
        pen.stroke(curve(river), INK, RIVER_WIDTH + 2 * pen.line)
    _fill(pen.canvas, -inshore, -0.12, INK)
    _fill(pen.canvas, water, 0.5, SHALLOW)
    for level, color in ((0.55, RIPPLE), (0.65, SEA), (1.25, RIPPLE), (1.34, SEA), (2.1, DEEP)):
        _fill(pen.canvas, offshore, level, color)
    for river in terrain.rivers:
        pen.stroke(curve(river), SHALLOW, RIVER_WIDTH)


def _paint_roads(pen: Pen, terrain: Terrain) -> None:
    for width, color in ((ROAD_WIDTH + 2 * pen.line, ROAD_EDGE), (ROAD_WIDTH, ROAD)):
        for road in terrain.roads:
            pen.stroke(curve(road), color, width)


def _bricks(squares: Mask) -> Iterator[tuple[int, int, int]]:
    """Row, column and width of the stamps that cover a mask: two squares wide, as bricks are laid, else one."""
    for row in range(SIDE):
        column = 0
        while column < SIDE:
            wide = 2 if column % 2 == row % 2 and column + 1 < SIDE and squares[row, column : column + 2].all() else 1
            if squares[row, column]:
                yield row, column, wide
            column += wide


def _paint_stamps(pen: Pen, terrain: Terrain) -> None:
    labels = terrain.labels
    jitter = rng.uniform(terrain.seed, "overland jitter", 0, 0, SIDE * SIDE * 3).reshape(SIDE, SIDE, 3) - 0.5
    mountains, hills = labels == Label.MOUNTAIN, labels == Label.HILL
    peaks = {(row, column): wide for row, column, wide in _bricks(mountains)}
    humps = {(row, column): wide for row, column, wide in _bricks(hills)}
    for row in range(SIDE):  # from back to front
        for column in range(SIDE):
            x, y = column + 0.5, row + 0.5
            right, down, size = (float(number) for number in jitter[row, column])
            match labels[row, column]:
                case Label.MOUNTAIN if wide := peaks.get((row, column)):
                    behind = row > 0 and bool(mountains[row - 1, column : column + wide].all())
                    tall = (1.0 if wide == 1 else 1.3) + 0.25 * behind + 0.1 * size
                    stamps.mountain(pen, column + wide / 2, row + 0.98, wide * 0.98, tall)
                case Label.HILL if wide := humps.get((row, column)):
                    stamps.hill(pen, column + wide / 2, row + 0.94, wide * 0.92, 0.6 + 0.12 * wide + 0.06 * size)
                case Label.WOOD:
                    kind = stamps.fir if terrain.firs[row, column] else stamps.tree
                    kind(pen, x + 0.16 * right, y + 0.12 * down, 1.0 + 0.1 * size)
                case Label.VILLAGE:
                    stamps.house(pen, x, y)
                case Label.SWAMP if (row + column) % 2 == 0:
                    stamps.reeds(pen, x + 0.1 * right, y, SHALLOW)
                case Label.GRASS if row % 3 == 0 and (column + row // 3) % 3 == 0 and size > -0.1:
                    stamps.tuft(pen, x + 0.3 * right, y + 0.3 * down, "#7f9a50")
                case Label.WATER if row % 3 == 1 and (column + 2 * (row // 3)) % 4 == 0 and size > -0.2:
                    near = labels[max(0, row - 3) : row + 4, max(0, column - 3) : column + 4]
                    if (near == Label.WATER).all():
                        stamps.wave(pen, x, y, RIPPLE)
