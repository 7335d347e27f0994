"""Similarity of images: Hamming distances of 256-bit perceptual hashes, over all eight orientations.

A hash compares the frequencies of an image with each other, so a blurred or faint image is not nearer to all others,
as it would be in pixel space. For maps a copy is at 0 to 12 bits, a shifted copy at about 60, another map at 88 or
more (see `curate/hashes.py`).
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
    """The nearest neighbour of each image of a set in another set.

    Attributes:
        bits: Hamming distance, `[N]`.
        index: of the neighbour, `[N]`.
        orientation: of the image in which it is nearest, 0 to 7, `[N]`.
    """

    bits: NDArray[np.int64]
    index: NDArray[np.int64]
    orientation: NDArray[np.int64]


def hashes(images: Images, tick: Callable[[], None] = lambda: None) -> Hashes:
    """The hashes of each image in its eight orientations, `[N, 8, 4]` uint64."""
    found = np.zeros((len(images), 8, 4), np.uint64)
    for index, image in enumerate(iterate(images)):
        found[index] = orientation_hashes(Image.fromarray(image))
        tick()
    return found


def nearest(some: Hashes, others: Hashes, same: bool = False) -> Nearest:
    """Nearest neighbours of `some` in `others`; `same`: both are one set, and no image is its own neighbour."""
    rows = []
    for index, orientations in enumerate(some):
        bits = popcount(orientations[:, None] ^ others[None, :, 0]).sum(axis=-1, dtype=np.int64)  # [8, M]
        if same:
            bits[:, index] = FARTHEST
        orientation, other = np.unravel_index(int(bits.argmin()), bits.shape)
        rows.append((int(bits[orientation, other]), int(other), int(orientation)))
    return Nearest(*np.array(rows, np.int64).reshape(-1, 3).T)


def mean_hamming_distance(some: Hashes) -> float:
    """The mean Hamming distance between different images of a set, in their given orientation."""
    upright, total = some[:, 0], 0
    for index in range(1, len(upright)):
        total += int(popcount(upright[:index] ^ upright[index]).sum(dtype=np.int64))
    return total / (len(upright) * (len(upright) - 1) / 2)


def memorized_fraction(generated: Nearest, held_out: Nearest) -> float:
    """The fraction of generated images that are nearer to a training image than 99 % of held-out ones are.

    For images as new as the held-out ones it is at most 1 %; for copies it is 1.
    """
    threshold = np.quantile(held_out.bits, QUANTILE, method="lower")
    return float((generated.bits < threshold).mean())


def oriented(image: Pixels, orientation: int) -> Pixels:
    """An image in the orientation with this number in `orientation_hashes`; transposed only if it is square."""
    if orientation & 4 and image.shape[0] == image.shape[1]:
        image = image.transpose(1, 0, 2)
    return image[:: -1 if orientation & 2 else 1, :: -1 if orientation & 1 else 1]
