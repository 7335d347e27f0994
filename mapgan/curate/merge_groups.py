"""Maps that turn out to be one: a duplicate belongs to the group of the image that it duplicates.

Otherwise a copy's other windows could be trained on while the original is held out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mapgan.curate.prune_record import PruneRecord


def merge_groups(rows: Sequence[PruneRecord]) -> list[PruneRecord]:
    """The same rows, their groups joined wherever one is a duplicate of the other; the first name stays."""
    group_of = {row.file: row.group for row in rows}
    leader = {row.group: row.group for row in rows}

    def lead(group: str) -> str:
        while leader[group] != group:
            group = leader[group]
        return group

    for row in rows:
        if row.duplicate_of:
            first, second = sorted((lead(row.group), lead(group_of[row.duplicate_of])))
            leader[second] = first
    return [replace(row, group=lead(row.group)) for row in rows]
