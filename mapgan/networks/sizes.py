"""How a picture's size comes about by doubling."""

from __future__ import annotations

SMALLEST = 4


def doublings(width: int, height: int) -> int:
    """How often a small picture is doubled, so that its shorter side starts with 4 pixels or just above."""
    count = 0
    while start(min(width, height), count + 1) >= SMALLEST:
        count += 1
    return count


def start(side: int, count: int) -> int:
    """`side` divided by 2^count, rounded up: doubled `count` times it reaches `side` and is cropped there."""
    return -(-side // (1 << count))


def feature_maps(base: int, level: int, most: int) -> int:
    """Feature maps `level` halvings away from where there are `base`: doubled each time, up to `most`."""
    return min(base << level, most)
