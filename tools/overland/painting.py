"""Paint a terrain: grounds with smooth edges, the sea, rivers and roads, and stamps from back to front."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
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
COLOR_STEP = 8  # between the values of a channel: nobody sees it, and the files are a seventh smaller
ROUNDING = 0.9  # of outlines, squares
SLACK = 0.25  # between an outline and the edges of its squares, squares: narrow places are not rounded away

SHALLOW, SEA, DEEP = "#9ccccc", "#7cb4bc", "#5c9cac"
RIPPLE, FOAM = "#4c849c", "#8cbcc4"
SAND = "#ecdcac"
GRASS, GRASS_DARK = "#c4cc84", "#acbc74"
WOODLAND = "#8cac5c"
HEATH = "#bcb46c"
SCREE = "#b4a484"
MARSH = "#94a46c"
TUFT = "#84a45c"
ROAD, ROAD_EDGE, BRIDGE = "#dcbc84", "#7c5c3c", "#b47c4c"

# what lies around a ground goes on below it, so that no grass shows between them
GROUNDS = (
    ((Label.WOOD,), WOODLAND),
    ((Label.SWAMP,), MARSH),
    ((Label.HILL, Label.MOUNTAIN), HEATH),
    ((Label.MOUNTAIN,), SCREE),
    ((Label.SAND, Label.WATER), SAND),
)
RIVER_WIDTH, ROAD_WIDTH, COAST_LINE = 0.5, 0.34, 0.1  # squares


def paint(terrain: Terrain) -> Image.Image:
    """The finished map, `SIDE * SQUARE` pixels wide."""
    side = SIDE * SQUARE * OVERSAMPLING
    canvas = Image.new("RGB", (side, side), GRASS)
    pen = Pen(canvas, SQUARE * OVERSAMPLING)
    _paint_grounds(canvas, terrain)
    _paint_waters(pen, terrain)
    _paint_roads(pen, terrain)
    _paint_stamps(pen, terrain)
    reduced = np.asarray(canvas.reduce(OVERSAMPLING))
    return Image.fromarray(reduced // COLOR_STEP * COLOR_STEP + COLOR_STEP // 2)


def curve(way: list[Square]) -> list[Point]:
    """A smooth line along squares: a quadratic B-spline whose control points are their middles."""
    middles = [(column + 0.5, row + 0.5) for row, column in way]
    inner = zip(middles, middles[1:-1], middles[2:], strict=False)  # staircases become slopes
    smooth = [((a[0] + 2 * b[0] + c[0]) / 4, (a[1] + 2 * b[1] + c[1]) / 4) for a, b, c in inner]
    middles = [middles[0], *smooth, middles[-1]]
    ends = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in itertools.pairwise(middles)]
    line = [middles[0]]
    for start, (x, y), end in zip(ends, middles[1:-1], ends[1:], strict=False):
        for t in np.linspace(0, 1, 9):
            a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
            line.append((float(a * start[0] + b * x + c * end[0]), float(a * start[1] + b * y + c * end[1])))
    return [*line, middles[-1]]


def _course(river: list[Square], terrain: Terrain) -> list[Point]:
    line = curve(river)
    if terrain.ground[river[-1]] == Label.WATER:  # it ends before the first ripple
        line[-1] = ((line[-2][0] + line[-1][0]) / 2, (line[-2][1] + line[-1][1]) / 2)
    return line


def _outline(squares: Mask) -> Floats:
    """A field that is positive inside a smooth outline of the squares, `SLACK` from their edges at most."""
    sharp = np.repeat(np.repeat(squares, COARSE, 0), COARSE, 1)
    inside, outside = distance(~sharp, 2 * COARSE), distance(sharp, 2 * COARSE)
    signed = (inside - outside) / COARSE
    rounded = blurred(sharp.astype(np.float32), ROUNDING * COARSE) - 0.5
    return blurred(np.clip(rounded, signed - SLACK, signed + SLACK), COARSE / 4)


def _mask(field: Floats, level: float, side: int) -> Image.Image:
    return Image.fromarray((enlarged(field, side) > level).astype(np.uint8) * 255)


def _fill(canvas: Image.Image, field: Floats, level: float, color: str) -> None:
    canvas.paste(color, mask=_mask(field, level, canvas.width))


def _paint_grounds(canvas: Image.Image, terrain: Terrain) -> None:
    meadow = noise(terrain.seed, "meadow", SIDE, 7)
    _fill(canvas, meadow, 0.3, GRASS_DARK)
    for labels, color in GROUNDS:
        _fill(canvas, _outline(np.isin(terrain.ground, labels)), 0, color)


def _paint_waters(pen: Pen, terrain: Terrain) -> None:
    water = _outline(terrain.ground == Label.WATER)
    land: Mask = water <= 0
    reach = 4 * COARSE
    offshore = blurred(distance(land, reach), 3.0) / np.float32(COARSE)  # squares
    courses = [_course(river, terrain) for river in terrain.rivers]
    for course in courses:
        pen.stroke(course, INK, RIVER_WIDTH + 2 * pen.line)
    sea, side = _mask(water, 0, pen.canvas.width), pen.canvas.width
    for turn in np.linspace(
        0, 2 * np.pi, 16, endpoint=False
    ):  # the coast line: the sea, moved a line's width all around
        x, y = (round(COAST_LINE * pen.scale * float(part)) for part in (np.cos(turn), np.sin(turn)))
        pen.canvas.paste(INK, (x, y, x + side, y + side), sea)
    pen.canvas.paste(SHALLOW, mask=sea)
    for level, color in ((0.55, RIPPLE), (0.65, SEA), (1.25, RIPPLE), (1.34, SEA), (2.1, DEEP)):
        _fill(pen.canvas, offshore, level, color)
    for course in courses:
        pen.stroke(course, SHALLOW, RIVER_WIDTH)


def _paint_roads(pen: Pen, terrain: Terrain) -> None:
    for width, color in ((ROAD_WIDTH + 2 * pen.line, ROAD_EDGE), (ROAD_WIDTH, ROAD)):
        for road in terrain.roads:
            pen.stroke(curve(road), color, width)
    wet = {square for river in terrain.rivers for square in river}
    for road in terrain.roads:
        line = curve(road)
        for row, column in wet.intersection(road):
            planks = [(x, y) for x, y in line if column - 0.1 <= x <= column + 1.1 and row - 0.1 <= y <= row + 1.1]
            if len(planks) > 1:
                for width, color in ((ROAD_WIDTH + 4 * pen.line, INK), (ROAD_WIDTH + 2 * pen.line, BRIDGE)):
                    pen.stroke(planks, color, width)


def _bricks(squares: Mask) -> Iterator[tuple[int, int, int]]:
    """Row, column and width of the stamps that cover a mask: two squares wide, as bricks are laid, else one."""
    padded = np.pad(squares, [(0, 0), (1, 1)], mode="edge")  # the range goes on beyond the map
    for row in range(SIDE):
        column = 0
        while column < SIDE + 2:
            wide = 2 if column % 2 == row % 2 and padded[row, column : column + 2].sum() == 2 else 1
            if padded[row, column]:
                yield row, column - 1, wide
            column += wide


def _paint_stamps(pen: Pen, terrain: Terrain) -> None:
    labels = terrain.labels
    mountains = labels == Label.MOUNTAIN
    peaks, humps = list(_bricks(mountains)), list(_bricks(labels == Label.HILL))
    chances = rng.uniform(terrain.seed, "overland stamps", 0, 0, SIDE * SIDE * 3).reshape(SIDE, SIDE, 3)
    # whole pixels, so that all stamps of a kind have the same edges: easier to learn, and the files are smaller
    jitter = (np.floor(chances * 5) - 2) / SQUARE
    for row in range(SIDE):  # from back to front
        for _, column, wide in (peak for peak in peaks if peak[0] == row):
            behind = row > 0 and bool(mountains[row - 1, max(0, column) : column + wide].all())
            great = behind and wide == 2 and chances[row, column, 2] < 0.3
            tall = (0.8 if wide == 1 else 1.3) + 0.25 * behind + 0.35 * great
            stamps.mountain(pen, column + wide / 2, row + 1, wide, tall)
        for _, column, wide in (hump for hump in humps if hump[0] == row):
            stamps.hill(pen, column + wide / 2, row + 15 / 16, wide * 0.94, 0.5 + 0.17 * wide)
        for column in range(SIDE):
            x, y = column + 0.5, row + 0.5
            right, down, chance = (float(number) for number in (*jitter[row, column, :2], chances[row, column, 2]))
            match labels[row, column]:
                case Label.WOOD:
                    shift = 0.1875 if row % 2 else -0.1875
                    kind = stamps.fir if terrain.firs[row, column] else stamps.tree
                    kind(pen, x + shift + right / 2, y + down, 1.08)
                case Label.VILLAGE:
                    stamps.house(pen, x, y)
                case Label.SWAMP if (row + column) % 2 == 0:
                    stamps.reeds(pen, x, y, SHALLOW)
                case Label.GRASS if row % 3 == 0 and (column + row // 3) % 3 == 0 and chance < 0.7:
                    if _alone(labels, row, column, 1):
                        stamps.tuft(pen, x + right, y + down, TUFT)
                case Label.WATER if row % 2 == 1 and (column + 2 * (row // 2)) % 4 == 0 and chance < 0.7:
                    if _alone(labels, row, column, 3):
                        stamps.wave(pen, x, y, FOAM)


def _alone(labels: NDArray[np.int8], row: int, column: int, around: int) -> bool:
    near = labels[max(0, row - around) : row + around + 1, max(0, column - around) : column + around + 1]
    return bool((near == labels[row, column]).all())
