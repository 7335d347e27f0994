"""Which pictures show the same: by 256-bit perceptual hashes, over all flips and quarter turns.

A hash compares each frequency with the others of its own picture. So a blurred or faint picture is no nearer to
all others, as it would be in pixels; and on maps a copy is 0 to 12 bits away, a shifted one some 60, another map
88 and more (see `curate/hashes.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mapgan.curate.hashes import BITS, Hashes, eight_hashes, ones
from mapgan.evaluation.pictures import Pictures, Pixels, each

QUANTILE = 0.01
FARTHEST = BITS + 1


@dataclass(frozen=True)
class Nearest:
    """For each picture of a set: how many bits the nearest of another set is away, which it is, and which of the
    eight flips and turns of the picture looks like it."""

    bits: NDArray[np.int64]
    place: NDArray[np.int64]
    turn: NDArray[np.int64]


def hashes(pictures: Pictures, tick: Callable[[], None] = lambda: None) -> Hashes:
    """The eight hashes of each picture, `[N, 8, 4]` uint64: 256 bytes each."""
    found = np.zeros((len(pictures), 8, 4), np.uint64)
    for place, picture in enumerate(each(pictures)):
        found[place] = eight_hashes(Image.fromarray(picture))
        tick()
    return found


def nearest(some: Hashes, others: Hashes, same: bool = False) -> Nearest:
    """The nearest of `others` to each of `some`, which are the `same` pictures or not; one row at a time, so that
    memory stays small however many there are."""
    rows = []
    for place, turns in enumerate(some):
        bits = ones(turns[:, None] ^ others[None, :, 0]).sum(axis=-1, dtype=np.int64)  # [8, M]
        if same:
            bits[:, place] = FARTHEST
        turn, other = np.unravel_index(int(bits.argmin()), bits.shape)
        rows.append((int(bits[turn, other]), int(other), int(turn)))
    return Nearest(*np.array(rows, np.int64).reshape(-1, 3).T)


def bits_apart(some: Hashes) -> float:
    """How many bits two different pictures of a set differ in, on average, as they stand."""
    upright, total = some[:, 0], 0
    for place in range(1, len(upright)):
        total += int(ones(upright[:place] ^ upright[place]).sum(dtype=np.int64))
    return total / (len(upright) * (len(upright) - 1) / 2)


def share_memorised(drawn: Nearest, held_out: Nearest) -> float:
    """The share of drawn pictures that are nearer to a training picture than 99 % of the held-out ones are.

    Of pictures as new as the held-out ones it is 1 % at most; of copies it is 1.
    """
    line = np.quantile(held_out.bits, QUANTILE, method="lower")
    return float((drawn.bits < line).mean())


def turned(picture: Pixels, turn: int) -> Pixels:
    """The flip or turn of a picture that `eight_hashes` numbers so; a quarter turn only of a square."""
    if turn & 4 and picture.shape[0] == picture.shape[1]:
        picture = picture.transpose(1, 0, 2)
    return picture[:: -1 if turn & 2 else 1, :: -1 if turn & 1 else 1]
