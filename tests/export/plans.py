"""Plans whose walls are known: drawn by the tests, and three demo maps as their layout has them."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

ROCK, GROUND, LINE, DOTS = "#3a3632", "#e9dfc8", "#14110f", "#b9ad94"
FINE = 20  # samples per square of the truth
NEAR = 0.25  # squares

Rect = tuple[int, int, int, int]  # left, top, width and height, squares
Points = NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """Ground in rectangles and circles (in their bounding boxes), squares; doors are squares of corridors."""

    columns: int
    rows: int
    rects: list[Rect]
    circles: list[Rect]
    doors: list[tuple[int, int]]

    def is_ground(self, x: Points, y: Points) -> NDArray[np.bool_]:
        ground = np.zeros(x.shape, bool)
        for left, top, width, height in self.rects:
            ground |= (x > left) & (x < left + width) & (y > top) & (y < top + height)
        for left, top, width, height in self.circles:
            ground |= np.hypot(x - left - width / 2, y - top - height / 2) < width / 2
        return ground

    def walls(self) -> Points:
        """Points along the borders of the ground, `[N, 2]`."""
        y, x = (np.mgrid[: self.rows * FINE, : self.columns * FINE] + 0.5) / FINE
        ground = self.is_ground(x, y)
        row, column = np.nonzero(ground[:, 1:] != ground[:, :-1])
        upright = np.stack([(column + 1) / FINE, (row + 0.5) / FINE], axis=1)
        row, column = np.nonzero(ground[1:] != ground[:-1])
        return np.concatenate([upright, np.stack([(column + 0.5) / FINE, (row + 1) / FINE], axis=1)])


def draw(plan: Plan, square: int = 16, ground: str = GROUND, rock: str = ROCK) -> Image.Image:
    """The plan as the demo maps are drawn: ground with dotted lines, a border, and doors between posts."""
    y, x = np.mgrid[: plan.rows * square, : plan.columns * square]
    mask = Image.fromarray(plan.is_ground((x + 0.5) / square, (y + 0.5) / square))
    inside = mask.convert("L").filter(ImageFilter.MinFilter(3))
    dots = ((x % square == 0) | (y % square == 0)) & ((x + y) % 3 == 0) & np.asarray(inside, bool)
    image = Image.new("RGB", mask.size, rock)
    for color, where in ((LINE, mask.convert("L").filter(ImageFilter.MaxFilter(3))), (ground, inside)):
        image.paste(color, (0, 0), where)
    image.paste(DOTS, (0, 0), Image.fromarray(dots))
    pen = ImageDraw.Draw(image)
    for column, row in plan.doors:  # a corridor that runs across
        top, middle, reach = row * square, round((column + 0.5) * square), square // 8
        for post in (top, top + square - square // 5):
            pen.rectangle((middle - reach, post, middle + reach, post + square // 5), LINE)
        for bar in (middle - reach, middle + reach):
            pen.line((bar, top, bar, top + square), LINE)
    return image


def near(points: Points, others: Points, distance: float = NEAR) -> float:
    """The fraction of `points` that have one of `others` within `distance`."""
    chunks = np.array_split(points, len(points) // 500 + 1)
    close = [np.hypot(*(chunk[:, None] - others[None]).transpose(2, 0, 1)).min(axis=1) <= distance for chunk in chunks]
    return float(np.concatenate(close).mean())


def along(lines: list[Points], step: float = 0.1) -> Points:
    """Points at equal distances along lines, `[N, 2]`."""
    found = []
    for line in lines:
        for start, end in itertools.pairwise(line):
            count = max(1, round(float(np.hypot(*(end - start))) / step))
            found.append(start + (end - start) * ((np.arange(count) + 0.5) / count)[:, None])
    return np.concatenate(found)


def demo_plans() -> dict[str, Plan]:
    """Three demo maps, by what `tools/draw_demo_maps.py` has dungeongen lay out with their seeds."""
    plans = {}
    for name, layout in json.loads((Path(__file__).parent / "demo_plans.json").read_text(encoding="utf-8")).items():
        rects, circles = [], []
        for kind, *room in layout["rooms"]:
            (circles if kind == "CIRCLE" else rects).append(tuple(room))
        for passage in layout["passages"]:
            for (x, y), (to_x, to_y) in itertools.pairwise(passage):
                rects.append((min(x, to_x), min(y, to_y), abs(to_x - x) + 1, abs(to_y - y) + 1))
        plans[name] = Plan(*layout["size"], rects, circles, [tuple(door) for door in layout["doors"]])
    return plans
