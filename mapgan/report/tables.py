"""Tables of numbers that training and evaluation write, read with patience: a killed run may leave half a line."""

from __future__ import annotations

import math
from pathlib import Path

Column = list[tuple[float, float]]


def read_column(path: Path, name: str, by: str = "step") -> Column:
    """The pairs of columns `by` and `name` of a table; without lines that lack a finite number for either."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    heads = lines[0].split("\t") if lines else []
    if name not in heads or by not in heads:
        return []
    first, second = heads.index(by), heads.index(name)
    found = []
    for line in lines[1:]:
        cells = line.split("\t")
        if len(cells) == len(heads):
            pair = _number(cells[first]), _number(cells[second])
            if all(map(math.isfinite, pair)):
                found.append(pair)
    return found


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def training_seconds(speed: Column, batch_size: int) -> float:
    """How long the steps took, from rows of step and images per second; 0 if that is not known.

    Each row has the mean since the process was started, so the last one tells; a run that was resumed counts as one at
    the speed of its last process.
    """
    known = [(step, images_per_second) for step, images_per_second in speed if images_per_second > 0]
    return known[-1][0] * batch_size / known[-1][1] if known else 0.0
