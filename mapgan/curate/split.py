"""Which maps are kept from training."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def unit_hash(group: str) -> float:
    """A number in [0, 1) that depends on nothing but the group's name."""
    return int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "big") / 2**64


def held_out(groups: Iterable[tuple[str, str]], fraction: float) -> set[str]:
    """The groups of the hold-out: those whose fraction is below `fraction`, but of each label one is trained on.

    No group changes sides when others come or go, but at the ends: where all groups of a label would be held out, the
    last of them is not, and where none would be at all, the first that can be spared is.

    Args:
        groups: each group with the label of its images, which is empty where there are no labels.
        share: of the groups, about.
    """
    known = sorted(set(groups), key=lambda pair: (unit_hash(pair[0]), pair))
    trained_on = set({label: group for group, label in known}.values())  # the last group of each label
    spared = [group for group, _ in known if group not in trained_on]
    out = {group for group in spared if unit_hash(group) < fraction}
    return out if out or not fraction else set(spared[:1])
