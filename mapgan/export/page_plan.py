"""Which part of a map is on which page."""

from __future__ import annotations

import math
from dataclasses import dataclass

PAPERS = {"A4": (210.0, 297.0), "A3": (297.0, 420.0), "Letter": (215.9, 279.4)}  # width and height, mm
MARGIN = 12.0  # mm on each side, for what printers cannot reach, crop marks and a line of text

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Page:
    """One page.

    Args:
        name: letter of its column and number of its row: B3.
        box: left, top, right and bottom of its part of the map, mm on paper from the map's corner.
    """

    name: str
    box: Box


@dataclass(frozen=True)
class PagePlan:
    """All pages, row by row, and the width and height of the paper, mm."""

    paper: tuple[float, float]
    columns: int
    rows: int
    pages: list[Page]


def plan_pages(width: float, height: float, paper: str, overlap: float) -> PagePlan:
    """Divide a map over pages, upright or lying, whichever are fewer.

    Args:
        width: of the map on paper, mm.
        height: of the map on paper, mm.
        paper: a name in PAPERS.
        overlap: mm that neighbours share.
    """
    short, long = PAPERS[paper]
    plans = [_plan(width, height, sheet, overlap) for sheet in ((short, long), (long, short))]
    return min(plans, key=lambda plan: len(plan.pages))


def _plan(width: float, height: float, paper: tuple[float, float], overlap: float) -> PagePlan:
    across, down = (
        _spans(length, side - 2 * MARGIN, overlap) for length, side in zip((width, height), paper, strict=True)
    )
    pages = [
        Page(f"{column_name(column)}{row + 1}", (left, top, right, bottom))
        for row, (top, bottom) in enumerate(down)
        for column, (left, right) in enumerate(across)
    ]
    return PagePlan(paper, len(across), len(down), pages)


def _spans(length: float, room: float, overlap: float) -> list[tuple[float, float]]:
    """Start and end of the part on each page along one axis, mm."""
    step = room - overlap
    count = 1 + max(0, math.ceil((length - room) / step - 1e-9))
    return [(index * step, min(index * step + room, length)) for index in range(count)]


def column_name(index: int) -> str:
    """A to Z, then AA, AB ... as in spreadsheets."""
    name = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, 26)
        name = chr(ord("A") + letter) + name
    return name
