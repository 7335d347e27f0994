"""How an image's size comes about by doubling, or by larger steps."""

from __future__ import annotations

SMALLEST = 4


def count_stages(width: int, height: int, factor: int = 2) -> int:
    """How often a small image grows by `factor`, so that its shorter side starts with 4 pixels or just above."""
    count = 0
    while start(min(width, height), count + 1, factor) >= SMALLEST:
        count += 1
    return count


def start(side: int, count: int, factor: int = 2) -> int:
    """`side` divided by factor^count, rounded up: grown `count` times it reaches `side` and is cropped there."""
    return int(-(-side // factor**count))


def channels_at(base: int, level: int, most: int) -> int:
    """Feature maps `level` halvings away from where there are `base`: doubled each time, up to `most`."""
    return min(base << level, most)
