"""Merging groups: a duplicate belongs to the group of the image that it duplicates.

Otherwise a copy's other windows could be trained on while the original is held out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mapgan.curate.prune_record import PruneRecord


def merge_groups(rows: Sequence[PruneRecord]) -> list[PruneRecord]:
    """The same rows, with the groups of duplicates merged under the alphabetically first name."""
    group_of = {row.file: row.group for row in rows}
    leader = {row.group: row.group for row in rows}

    def find(group: str) -> str:
        while leader[group] != group:
            group = leader[group]
        return group

    for row in rows:
        if row.duplicate_of:
            first, second = sorted((find(row.group), find(group_of[row.duplicate_of])))
            leader[second] = first
    return [replace(row, group=find(row.group)) for row in rows]
