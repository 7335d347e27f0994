"""Maps that turn out to be one: a double belongs to the group of the picture that it doubles.

Otherwise a copy's other windows could be trained on while the original is held out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mapgan.curate.listed import Listed


def joined(rows: Sequence[Listed]) -> list[Listed]:
    """The same rows, their groups joined wherever one is a double of the other; the first name stays."""
    group_of = {row.file: row.group for row in rows}
    leader = {row.group: row.group for row in rows}

    def lead(group: str) -> str:
        while leader[group] != group:
            group = leader[group]
        return group

    for row in rows:
        if row.double_of:
            first, second = sorted((lead(row.group), lead(group_of[row.double_of])))
            leader[second] = first
    return [replace(row, group=lead(row.group)) for row in rows]
