"""Which images show the same: by 256-bit perceptual hashes, over all flips and quarter turns.

A hash compares each frequency with the others of its own image. So a blurred or faint image is no nearer to
all others, as it would be in pixels; and on maps a copy is 0 to 12 bits away, a shifted one some 60, another map
88 and more (see `curate/hashes.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mapgan.curate.hashes import BITS, Hashes, orientation_hashes, popcount
from mapgan.evaluation.image_sets import Images, Pixels, iterate

QUANTILE = 0.01
FARTHEST = BITS + 1


@dataclass(frozen=True)
class Nearest:
    """For each image of a set: how many bits the nearest of another set is away, which it is, and which of the
    eight flips and turns of the image looks like it."""

    bits: NDArray[np.int64]
    index: NDArray[np.int64]
    orientation: NDArray[np.int64]


def hashes(images: Images, tick: Callable[[], None] = lambda: None) -> Hashes:
    """The eight hashes of each image, `[N, 8, 4]` uint64: 256 bytes each."""
    found = np.zeros((len(images), 8, 4), np.uint64)
    for index, image in enumerate(iterate(images)):
        found[index] = orientation_hashes(Image.fromarray(image))
        tick()
    return found


def nearest(some: Hashes, others: Hashes, same: bool = False) -> Nearest:
    """The nearest of `others` to each of `some`, which are the `same` images or not; one row at a time, so that
    memory stays small however many there are."""
    rows = []
    for index, orientations in enumerate(some):
        bits = popcount(orientations[:, None] ^ others[None, :, 0]).sum(axis=-1, dtype=np.int64)  # [8, M]
        if same:
            bits[:, index] = FARTHEST
        orientation, other = np.unravel_index(int(bits.argmin()), bits.shape)
        rows.append((int(bits[orientation, other]), int(other), int(orientation)))
    return Nearest(*np.array(rows, np.int64).reshape(-1, 3).T)


def mean_hamming_distance(some: Hashes) -> float:
    """How many bits two different images of a set differ in, on average, as they stand."""
    upright, total = some[:, 0], 0
    for index in range(1, len(upright)):
        total += int(popcount(upright[:index] ^ upright[index]).sum(dtype=np.int64))
    return total / (len(upright) * (len(upright) - 1) / 2)


def memorized_fraction(generated: Nearest, held_out: Nearest) -> float:
    """The share of generated images that are nearer to a training image than 99 % of the held-out ones are.

    Of images as new as the held-out ones it is 1 % at most; of copies it is 1.
    """
    line = np.quantile(held_out.bits, QUANTILE, method="lower")
    return float((generated.bits < line).mean())


def oriented(image: Pixels, orientation: int) -> Pixels:
    """The flip or turn of an image that `orientation_hashes` numbers so; a quarter turn only of a square."""
    if orientation & 4 and image.shape[0] == image.shape[1]:
        image = image.transpose(1, 0, 2)
    return image[:: -1 if orientation & 2 else 1, :: -1 if orientation & 1 else 1]
