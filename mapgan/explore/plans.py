"""Plans that are painted on the page: checked, made to fit, drawn anew in places, and read from images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mapgan.curate.decode import BadImage, open_upright
from mapgan.errors import MapganError
from mapgan.explore.generators import OpenGenerator
from mapgan.explore.scene import Rectangle
from mapgan.params.drawing import MAX_SQUARES
from mapgan.sampling.labels import ANY

Rows = list[list[int]]
MEGAPIXELS = MAX_SQUARES**2 / 1e6  # of an image of a plan, with a pixel for each square


def checked_plan(rows: object, opened: OpenGenerator, columns: int, count: int) -> Rows:
    """`rows` from the browser, if they are a plan of `columns` x `count` squares with the labels of a generator.

    Raises:
        MapganError: they are not.
    """
    least = ANY if opened.leaves_open else 0
    if not opened.paints:
        raise MapganError(f"{opened.name}: paints no plans, as it was trained without labels of squares")
    if isinstance(rows, list) and len(rows) == count:
        whole = all(isinstance(row, list) and len(row) == columns for row in rows)
        if whole and all(type(label) is int and least <= label < len(opened.labels) for row in rows for label in row):
            return rows
    raise MapganError("not a plan of this map", "reload the page")


def blank_plan(opened: OpenGenerator, columns: int, rows: int) -> Rows:
    """A plan that leaves all squares to the generator, or else has its first label everywhere."""
    return [[ANY if opened.leaves_open else 0] * columns for _ in range(rows)]


def fitted_plan(plan: Rows, columns: int, rows: int) -> Rows:
    """A plan cut to another size, or continued by the squares at its edges."""
    if not plan:
        return []
    found = np.array(plan)[:rows, :columns]
    padding = (0, rows - found.shape[0]), (0, columns - found.shape[1])
    result: Rows = np.pad(found, padding, mode="edge").tolist()
    return result


def with_squares(plan: Rows, other: Rows, where: Sequence[Rectangle]) -> Rows:
    """`plan` with the squares of `other` within `where`."""
    result = [list(row) for row in plan]
    for one in where:
        for row in range(one.top, one.bottom):
            result[row][one.left : one.right] = other[row][one.left : one.right]
    return result


def plan_of_image(path: Path, opened: OpenGenerator) -> Rows:
    """An image with a pixel for each square as a plan: each has the label of the nearest colour.

    Raises:
        MapganError: it is not an image that mapgan reads, or too large, or the generator paints no plans.
    """
    if not opened.paints:
        raise MapganError(f"{opened.name}: paints no plans, as it was trained without labels of squares")
    try:
        with open_upright(path, MEGAPIXELS) as upright:
            pixels = np.asarray(upright.image, np.int64)
    except BadImage as error:
        raise MapganError(f"the plan: {error}", "a plan is an image with a pixel for each square") from None
    if max(pixels.shape[:2]) > MAX_SQUARES:
        raise MapganError(f"the plan: {pixels.shape[1]} x {pixels.shape[0]} squares", f"{MAX_SQUARES} are allowed")
    distances = np.square(pixels[:, :, None] - np.array(opened.colors)).sum(axis=3)
    rows: Rows = distances.argmin(axis=2).tolist()
    return rows
