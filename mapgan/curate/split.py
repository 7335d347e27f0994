"""Which maps are kept from training."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def fraction(group: str) -> float:
    """A number in [0, 1) that depends on nothing but the group's name."""
    return int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "big") / 2**64


def held_out(groups: Iterable[str], share: float) -> set[str]:
    """The groups of the hold-out: those whose fraction is below `share`.

    No group changes sides when others come or go, but for two small sets: where all fall on one
    side, the group that is nearest to the other side goes there. One group alone is trained on.
    """
    known = sorted(set(groups), key=lambda group: (fraction(group), group))
    out = {group for group in known if fraction(group) < share}
    if share > 0 and not out and len(known) >= 2:
        return {known[0]}
    if len(out) == len(known):
        return out - set(known[-1:])
    return out
