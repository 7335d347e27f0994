"""What is in each square of an overland map: heights and moisture from noise, then rivers, villages and roads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from mapgan import rng
from tools.overland.fields import Floats, Mask, distance, neighbours, noise
from tools.overland.paths import Square, cheapest, patches

SIDE = 40  # of a map, squares
SMALLEST = 6  # lake or island, squares: a smaller one is a dot in the picture
SMALLEST_WOOD = 4  # or swamp or range of hills
APART = 9  # villages, squares
RIVERS = 3
VILLAGES = 5


class Label(IntEnum):
    """What a square shows; the number is the index in the palette of the label map."""

    WATER = 0
    SAND = 1
    GRASS = 2
    SWAMP = 3
    WOOD = 4
    HILL = 5
    MOUNTAIN = 6
    RIVER = 7
    ROAD = 8
    VILLAGE = 9


@dataclass(frozen=True)
class Terrain:
    """One map before it is drawn.

    Attributes:
        seed: that it was generated from.
        labels: what each square shows, `[SIDE, SIDE]`.
        ground: the same without rivers, roads and villages: what they lie on.
        rivers: their squares from the source on; the last one is water or belongs to another river.
        roads: their squares.
        firs: where woods are of firs rather than of broad-leaved trees.
    """

    seed: int
    labels: NDArray[np.int8]
    ground: NDArray[np.int8]
    rivers: list[list[Square]]
    roads: list[list[Square]]
    firs: Mask


def generate(seed: int) -> Terrain:
    """The terrain of a seed."""
    height = _height(seed)
    ground = _ground(seed, height)
    labels = ground.copy()
    rivers = _rivers(seed, height, ground)
    for river in rivers:
        _mark(labels, river, Label.RIVER, kept=(Label.WATER, Label.MOUNTAIN))
    centres = _centres(seed, labels)
    roads = _roads(seed, labels, centres)
    for road in roads:
        _mark(labels, road, Label.ROAD)
    _build(seed, labels, centres)
    firs = (height + 0.15 * noise(seed, "firs", SIDE, 12)) > np.quantile(height, 0.75)
    return Terrain(seed, labels, ground, rivers, roads, firs)


def _uniform(seed: int, purpose: str, low: float, high: float) -> float:
    return low + (high - low) * float(rng.uniform(seed, f"overland {purpose}", 0, 0, 1)[0])


def _height(seed: int) -> Floats:
    across = np.linspace(-1, 1, SIDE, dtype=np.float32)
    x, y = np.meshgrid(across, across)
    if rng.integer(seed, "overland shape", 0, 0, 3) == 0:
        slope = 0.55 - 0.8 * (x**2 + y**2)  # an island
    else:
        angle = _uniform(seed, "coast", 0, 2 * np.pi)
        slope = 0.45 * (np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y)
    return np.asarray(slope + 0.3 * noise(seed, "height", SIDE, 13, octaves=3), np.float32)


def _ground(seed: int, height: Floats) -> NDArray[np.int8]:
    water = height < np.quantile(height, _uniform(seed, "sea", 0.22, 0.42))
    for mask, smallest in ((water, SMALLEST), (~water, SMALLEST)):
        for patch in patches(mask):
            if len(patch) < smallest:
                water[tuple(np.transpose(patch))] ^= True
    land = ~water
    from_sea = distance(water, 6)
    ground = np.full((SIDE, SIDE), Label.GRASS, np.int8)

    moist = noise(seed, "moisture", SIDE, 9, octaves=2)
    ground[land & (moist > np.quantile(moist[land], 0.62))] = Label.WOOD
    marsh = 0.3 * noise(seed, "marsh", SIDE, 7) - 0.7 * height
    low = land & (from_sea > 1.5)
    ground[low & (marsh > np.quantile(marsh[low], 0.94))] = Label.SWAMP
    ridge = 0.35 * height - 0.4 * np.abs(noise(seed, "ridge", SIDE, 16, octaves=2))
    inland = land & (from_sea > 2.5)
    high = np.quantile(ridge[land], (0.77, 0.87))
    ground[inland & (ridge > high[0])] = Label.HILL
    peaks = inland & (ridge > high[1])
    beside = np.pad(peaks, [(0, 0), (1, 1)], mode="edge")
    ground[peaks & (beside[:, :-2] | beside[:, 2:])] = Label.MOUNTAIN  # a column of single peaks looks like a stack
    beach = noise(seed, "beach", SIDE, 8, octaves=2)
    ground[land & ((from_sea < 1.3) & (beach > -0.3) | (from_sea < 2.3) & (beach > 0.7))] = Label.SAND
    for label in (Label.WOOD, Label.SWAMP, Label.HILL, Label.MOUNTAIN, Label.SAND):
        for patch in patches(ground == label):
            if len(patch) < SMALLEST_WOOD:
                ground[tuple(np.transpose(patch))] = Label.GRASS
    lonely = (ground == Label.GRASS) & (neighbours(ground == Label.WOOD) >= 3)
    ground[lonely] = Label.WOOD
    ground[water] = Label.WATER
    return ground


def _rivers(seed: int, height: Floats, ground: NDArray[np.int8]) -> list[list[Square]]:
    water = ground == Label.WATER
    peaks = ground == Label.MOUNTAIN
    uneven = noise(seed, "river", SIDE, 2.5)
    cost = np.exp(3.0 * (height - height.min()) + 1.1 * uneven).astype(np.float32)
    cost = np.where(peaks, cost * 8, cost)  # they leave the mountains at once
    sources = np.argwhere(peaks & (neighbours(peaks) < 4))
    order = rng.permutation(seed, "overland sources", 0, len(sources))
    rivers: list[list[Square]] = []
    goals = water.copy()
    taken: Mask = np.zeros_like(water)
    for number in order:
        source = int(sources[number][0]), int(sources[number][1])
        if any(abs(source[0] - river[0][0]) + abs(source[1] - river[0][1]) < 10 for river in rivers) or taken[source]:
            continue
        river = cheapest(cost, [source], goals)
        if len(river) < 6:
            continue
        rivers.append(river)
        course = tuple(np.transpose(river))
        goals[course] = True
        taken |= distance(goals & ~water, 3) < 1.5
        cost = np.where(taken & ~goals, cost * 3, cost)  # no two rivers side by side
        if len(rivers) == RIVERS:
            break
    return rivers


def _centres(seed: int, labels: NDArray[np.int8]) -> list[Square]:
    flat = (labels == Label.GRASS) | (labels == Label.SAND)
    padded = np.pad(flat, 1).astype(int)
    around = sum(padded[row : row + SIDE, column : column + SIDE] for row in range(3) for column in range(3))
    by_water = distance((labels == Label.WATER) | (labels == Label.RIVER), 6)
    wish = -by_water + 3 * rng.uniform(seed, "overland villages", 0, 0, SIDE * SIDE).reshape(SIDE, SIDE)
    wish = np.where(flat & (around >= 7), wish, -np.inf)
    wish[[0, 1, -2, -1]] = wish[:, [0, 1, -2, -1]] = -np.inf
    centres: list[Square] = []
    count = 3 + rng.integer(seed, "overland village count", 0, 0, VILLAGES - 2)
    while len(centres) < count and np.isfinite(wish).any():
        row, column = (int(at) for at in np.unravel_index(np.argmax(wish), wish.shape))
        centres.append((row, column))
        rows, columns = np.ogrid[:SIDE, :SIDE]
        wish = np.where(np.hypot(rows - row, columns - column) < APART, -np.inf, wish)
    return centres


def _roads(seed: int, labels: NDArray[np.int8], centres: list[Square]) -> list[list[Square]]:
    prices = {
        Label.WATER: np.inf,
        Label.MOUNTAIN: 30.0,
        Label.HILL: 4.0,
        Label.WOOD: 2.5,
        Label.SWAMP: 4.0,
        Label.RIVER: 9.0,
    }
    cost = np.ones((SIDE, SIDE), np.float32)
    for label, price in prices.items():
        cost[labels == label] = price
    cost *= np.exp(0.8 * noise(seed, "road", SIDE, 2.5))
    goals = np.zeros((SIDE, SIDE), bool)
    if centres:
        goals[centres[0]] = True
    roads = []
    for centre in centres[1:]:
        near = (distance(goals, 2) < 1.5) & ~goals  # no road beside another
        road = cheapest(np.where(near, cost * 2, cost), [centre], goals)
        if road:
            roads.append(road)
            goals[tuple(np.transpose(road))] = True
        else:
            goals[centre] = True  # across the water: the next village there leads to it
    border = np.zeros((SIDE, SIDE), bool)
    border[[0, -1]] = border[:, [0, -1]] = True
    network = [square for road in roads for square in road]
    near = (distance(goals, 3) < 2.5) & ~goals
    out = cheapest(np.where(near, cost * 2, cost), network, border)
    if len(out) > 2:
        roads.append(out)  # the world goes on beyond the map
    return roads


def _build(seed: int, labels: NDArray[np.int8], centres: list[Square]) -> None:
    order = rng.uniform(seed, "overland houses", 0, 0, 9 * VILLAGES).reshape(VILLAGES, 9)
    for (row, column), chances in zip(centres, order, strict=False):
        around = [(row + at // 3 - 1, column + at % 3 - 1) for at in np.argsort(chances)]
        free = [square for square in around if labels[square] in (Label.GRASS, Label.SAND)]
        for square in free[:5]:
            labels[square] = Label.VILLAGE


def _mark(labels: NDArray[np.int8], way: list[Square], label: Label, kept: tuple[Label, ...] = ()) -> None:
    for square in way:
        if labels[square] not in kept:
            labels[square] = label
