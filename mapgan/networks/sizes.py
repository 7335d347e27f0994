"""Sizes and channels of the blocks of a network."""

from __future__ import annotations

SMALLEST = 4  # shorter side of the first block, pixels


def count_stages(width: int, height: int, factor: int = 2) -> int:
    """The number of blocks that each upsample by `factor`, from a shorter side of 4 pixels or slightly more."""
    count = 0
    while initial_size(min(width, height), count + 1, factor) >= SMALLEST:
        count += 1
    return count


def initial_size(side: int, count: int, factor: int = 2) -> int:
    """`side` divided by factor^count, rounded up: upsampled `count` times it is at least `side`, and cropped."""
    return int(-(-side // factor**count))


def channels_at(base: int, level: int, limit: int) -> int:
    """`base` channels, doubled `level` times, up to `limit`."""
    return min(base << level, limit)
