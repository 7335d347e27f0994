"""In how many bits an image differs from another one that is cropped as it is.

A crop moves all that an image shows: the hashes of a map and of its copy without 2 % of one side differ in up to 84 of
256 bits, as those of some unlike maps do. But the low frequencies of a part follow, nearly, from those of the whole, so
the whole can be hashed as if it were cropped. On 420 game maps such copies then differ in at most 34 bits, and unlike
maps in at least 44.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mapgan.curate.hashes import DCT, LOW, SIDE, Frequencies

CUTS = (0.0, 0.01, 0.02, 0.03)  # tried on each side, as fractions of the width or height
PAIRS = 1024  # at a time: limits the memory


def _part(first: float, last: float) -> NDArray[np.float32]:
    """`[16, 16]`: takes low frequencies along an axis to those of its part, without these fractions of its ends."""
    frequency = np.arange(LOW)[:, None]
    positions = first + (np.arange(SIDE) + 0.5) / SIDE * (1 - first - last)
    values = np.cos(np.pi * frequency * positions) * np.where(frequency, 2, 1) / SIDE  # of the inverse DCT, there
    return np.asarray(DCT @ values.T, dtype=np.float32)


PARTS = np.stack([_part(first, last) for first in CUTS for last in CUTS])


def bits_when_cropped(wholes: Frequencies, parts: Frequencies) -> NDArray[np.int64]:
    """The distance of the hash of each of `parts` from that of its whole, `[N]`, cropped by the cuts that fit best.

    Args:
        wholes: low frequencies, normalized, `[N, 16, 16]`.
        parts: the same.
    """
    distances = [np.zeros(0, np.int64)]
    for start in range(0, len(wholes), PAIRS):
        whole, part = (values[start : start + PAIRS].astype(np.float32) for values in (wholes, parts))
        rows = _most_alike(PARTS @ whole[:, None], part)
        cropped = _most_alike(rows[:, None] @ PARTS.swapaxes(1, 2), part)
        distances.append((_signs(cropped) != _signs(part)).sum(axis=(1, 2)))
    return np.concatenate(distances)


def _most_alike(candidates: Frequencies, parts: Frequencies) -> Frequencies:
    """Of the K candidates for each part, `[N, K, 16, 16]`, that with the highest correlation."""
    candidates[..., 0, 0] = 0  # brightness
    lengths = np.maximum(np.linalg.norm(candidates, axis=(2, 3)), 1e-9)
    correlation = (candidates * parts[:, None]).sum(axis=(2, 3)) / lengths
    return np.asarray(candidates[np.arange(len(candidates)), correlation.argmax(axis=1)])


def _signs(values: Frequencies) -> NDArray[np.bool_]:
    return np.asarray(values > np.median(values, axis=(1, 2), keepdims=True))
