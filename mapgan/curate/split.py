"""The split into training set and hold-out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def unit_hash(group: str) -> float:
    """A number in [0, 1) that depends only on the name of the group."""
    return int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "big") / 2**64


def held_out(groups: Iterable[tuple[str, str]], fraction: float) -> set[str]:
    """The groups of the hold-out: those whose hash is below `fraction`.

    So no group changes sides when others are added, with two exceptions: of each label at least one group is trained
    on, and if none would be held out at all, one is, if there are several.

    Args:
        groups: pairs of a group and the label of its images, which is empty if there is none.
        fraction: of the groups, approximately.
    """
    known = sorted(set(groups), key=lambda pair: (unit_hash(pair[0]), pair))
    trained_on = set({label: group for group, label in known}.values())  # the last group of each label
    candidates = [group for group, _ in known if group not in trained_on]
    out = {group for group in candidates if unit_hash(group) < fraction}
    return out if out or not fraction else set(candidates[:1])
