"""Doors: gaps of one square in a wall, and doors that are drawn across a corridor of one square."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mapgan.export.ground import Field

HALF = 0.5  # a square is ground if more than this of it is
BLOCKED = 0.15  # a wall crosses a square where less than this of a line through it is ground
BAND = 0.25  # squares on each side of a grid line in which its wall is looked for
JAMB = (1 / 16, 3 / 16)  # from a corridor's side, squares: where the posts of a door stand
LONGEST = 0.6  # squares along the corridor that a door may take
ROOM_DEPTH = 2  # squares; a gap leads from a room at least so deep, or every fork of corridors would have doors

Flags = NDArray[np.bool_]
Doors = Literal["gaps", "drawn", "none"]


@dataclass(frozen=True, order=True)
class Door:
    """A door, squares; `horizontal` is how it lies, across a corridor that runs down."""

    x: float
    y: float
    horizontal: bool

    @property
    def ends(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Its ends; it is a square wide."""
        return (self.x, self.y), ((self.x + 1, self.y) if self.horizontal else (self.x, self.y + 1))


def open_doors(ground: Field, square: int, wanted: Doors = "gaps") -> tuple[list[Door], Field]:
    """Find the doors, and open those that are drawn as posts or lines across a corridor.

    Args:
        ground: `[rows * square, columns * square]` of `find_ground`.
        square: pixels per square.
        wanted: all gaps of one square in walls, or only drawn doors, or none (which leaves drawn doors as walls).

    Returns:
        The doors, sorted, and `ground` where a drawn door is ground from wall to wall.
    """
    opened = ground.copy()
    doors: list[Door] = []
    if wanted == "none":
        return doors, opened
    for horizontal in (True, False):
        field = opened if horizontal else opened.T  # a view: what is opened in one is opened in both
        doors += [
            Door(column, y, True) if horizontal else Door(y, column, False)
            for column, y in _across(field, square, wanted == "gaps")
        ]
    return sorted(doors), opened


def _across(field: Field, square: int, gaps: bool) -> list[tuple[float, float]]:
    """Column and y of the doors across corridors that run down; drawn ones are opened in `field`."""
    ground = field > 0
    rows, columns = ground.shape[0] // square, ground.shape[1] // square
    cells = ground.reshape(rows, square, columns, square).mean(axis=(1, 3)) > HALF
    beside = np.pad(cells, ((0, 0), (1, 1)))
    corridor = cells & ~beside[:, :-2] & ~beside[:, 2:]
    drawn: dict[tuple[int, int], float] = {}
    for row, column in np.argwhere(corridor).tolist():
        if lines := _drawn(ground, square, row, column):
            first, last = lines
            part = field[:, column * square : (column + 1) * square]
            part[first:last] = np.maximum(part[first - 1], part[last])
            drawn[row, column] = (first + last) / 2 / square
    doors = [(float(column), y) for (_, column), y in drawn.items()]
    for row, column in np.argwhere(_gaps(ground, cells, square)).tolist() if gaps else ():
        if not {(row - 2, column), (row - 1, column), (row, column), (row + 1, column)} & drawn.keys():
            doors.append((float(column), float(row)))
    return doors


def _drawn(ground: Flags, square: int, row: int, column: int) -> tuple[int, int] | None:
    """First and last line (exclusive) of a door in a square of a corridor: where posts stand at both of its sides."""
    reach = round(BAND * square)
    top, bottom = max(row * square - reach, 0), min((row + 1) * square + reach, len(ground))
    near, far = round(JAMB[0] * square), max(round(JAMB[1] * square), round(JAMB[0] * square) + 1)
    part = ground[top:bottom, column * square : (column + 1) * square]
    posts = (part[:, near:far].mean(axis=1) < HALF) & (part[:, square - far : square - near].mean(axis=1) < HALF)
    changes = np.flatnonzero(np.diff(posts.astype(np.int8), prepend=posts[:1], append=posts[-1:])) + top
    if posts[0]:  # the corridor starts here; so does no door
        changes = changes[1:]
    for first, last in zip(changes[::2].tolist(), changes[1::2].tolist(), strict=False):
        if last - first <= LONGEST * square and row * square <= (first + last) / 2 < (row + 1) * square:
            return first, last
    return None


def _gaps(ground: Flags, cells: Flags, square: int) -> Flags:
    """The gaps of one square in walls along the grid lines above the squares, `[rows, columns]`."""
    rows, columns = cells.shape
    open_share = ground.reshape(rows * square, columns, square).mean(axis=2)  # of each line through each square
    reach = max(1, round(BAND * square))
    blocked = np.ones((rows, columns + 2), bool)  # beyond the sides is rock
    for row in range(1, rows):
        band = open_share[row * square - reach : row * square + reach]
        blocked[row, 1:-1] = band.min(axis=0) < BLOCKED
    gap = blocked[:, :-2] & ~blocked[:, 1:-1] & blocked[:, 2:]
    wide = np.pad(cells, ((0, 0), (1, 1)))
    wide = wide[:, :-2] & cells & wide[:, 2:]  # ground on three squares side by side
    deep = np.pad(wide, ((ROOM_DEPTH, ROOM_DEPTH - 1), (0, 0)))
    above = np.logical_and.reduce([deep[ROOM_DEPTH - 1 - step :][:rows] for step in range(ROOM_DEPTH)])
    below = np.logical_and.reduce([deep[ROOM_DEPTH + step :][:rows] for step in range(ROOM_DEPTH)])
    both = cells.copy()
    both[1:] &= cells[:-1]
    both[0] = False
    return np.asarray(gap & both & (above | below))
