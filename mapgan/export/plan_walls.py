"""Walls of a map that was painted: by the labels of its squares, which say where rock is, instead of by colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mapgan.dataset.legend import read_legend
from mapgan.export.doors import Door, Doors, open_doors
from mapgan.export.lines import Line
from mapgan.export.square_map import SquareMap
from mapgan.export.walls import Walls
from mapgan.sampling.labels import ANY
from mapgan.sampling.plan_file import read_plan
from mapgan.sampling.recipe import Recipe

FINE = 8  # samples per square, of those in which gaps are found
DOOR = "door"

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class LabelPlan:
    """Which label each square of a map has.

    Args:
        rows: `[rows, columns]`, numbers in `names`, or -1 for any.
        names: of the labels.
    """

    rows: NDArray[np.int64]
    names: Sequence[str]

    def is_one_of(self, wanted: Sequence[str]) -> Flags:
        """Where the label is one of `wanted`, `[rows, columns]`."""
        numbers = [number for number, name in enumerate(self.names) if name in wanted]
        return np.isin(self.rows, numbers)

    def fits(self, drawing: SquareMap) -> bool:
        """Whether it is a plan of that map; partial squares at the right and bottom are not part of a map."""
        rows, columns = self.rows.shape
        whole = drawing.cut[0] < 1 and drawing.cut[1] < 1
        return whole and rows - 1 <= drawing.rows <= rows and columns - 1 <= drawing.columns <= columns


def plan_of_recipe(recipe: Recipe, names: Sequence[str] = ()) -> LabelPlan | None:
    """The plan by which a single map was painted, if it was by one, and the names of its labels are known.

    Args:
        recipe: of the map.
        names: the labels of its generator, where the recipe does not name them.
    """
    rows = recipe.plan.rows if recipe.plan else recipe.cells[0].plan
    known = recipe.label_names or names
    if not rows or recipe.columns or max(map(max, rows)) >= len(known) or len(set(map(len, rows))) > 1:
        return None
    return LabelPlan(np.array(rows, np.int64), known)


def read_label_plan(path: Path, legend: Path | None = None) -> LabelPlan:
    """A plan as `mapgan sample --plan` takes it; its legend is beside it if `legend` is None.

    Raises:
        MapganError: a file is missing or damaged, or has a colour or letter that the legend does not name.
    """
    legend = legend or path.with_suffix(".legend")
    names = sorted(set(read_legend(legend).values()) - {"any"})
    return LabelPlan(read_plan(path, legend, names, open_squares=True), names)


def plan_walls(plan: LabelPlan, drawing: SquareMap, rock: Sequence[str], doors: Doors) -> Walls | None:
    """The walls between rock and all other squares, or None if the plan does not say where they are.

    Args:
        plan: of the map.
        drawing: the map.
        rock: names of the labels that block sight.
        doors: which doors are wanted; squares called door are those that are drawn, and where there are some, gaps
            are no doors.
    """
    if not plan.fits(drawing):
        return None
    part = LabelPlan(plan.rows[: drawing.rows, : drawing.columns], plan.names)
    is_rock = part.is_one_of(rock)
    if not is_rock.any() or is_rock.all() or (part.rows == ANY).any():
        return None
    drawn = _doors(is_rock, part.is_one_of([DOOR])) if doors != "none" else []
    if not drawn and doors == "gaps":
        field = np.kron(np.where(is_rock, -0.5, 0.5), np.ones((FINE, FINE))).astype(np.float32)
        drawn = open_doors(field, FINE, doors)[0]
    return Walls(_borders(is_rock), drawn)


def _borders(is_rock: Flags) -> list[Line]:
    """The lines along which rock and other squares meet, each straight and as long as it can be."""
    lines: list[Line] = []
    for upright, squares in ((False, is_rock), (True, is_rock.T)):
        for place, meets in enumerate(squares[1:] != squares[:-1], 1):
            ends = np.flatnonzero(np.diff(meets.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
            for first, last in ends.tolist():
                line = np.array([(first, place), (last, place)], np.float64)
                lines.append(line[:, ::-1] if upright else line)
    return lines


def _doors(is_rock: Flags, is_door: Flags) -> list[Door]:
    """A door in the middle of each square of one that has rock at two opposite sides."""
    beyond = np.pad(is_rock, 1, constant_values=True)
    across = is_door & beyond[1:-1, :-2] & beyond[1:-1, 2:]
    along = is_door & beyond[:-2, 1:-1] & beyond[2:, 1:-1] & ~across
    doors = [Door(float(column), row + 0.5, horizontal=True) for row, column in np.argwhere(across).tolist()]
    doors += [Door(column + 0.5, float(row), horizontal=False) for row, column in np.argwhere(along).tolist()]
    return sorted(doors)
