"""Choosing images that are unlike each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def farthest(points: NDArray[np.float64], count: int) -> list[int]:
    """The indices of `count` rows of `points`, `[n, d]`, that are far from each other, the first row among them.

    Farthest-point selection: each next one is that whose nearest chosen one is farthest (Gonzalez 1985, Clustering to
    minimize the maximum intercluster distance, section 2; at most twice the distance of the best choice). Distances are
    mean absolute differences; of equally far rows, the first is chosen.
    """
    chosen = [0]
    nearest = np.abs(points - points[0]).mean(axis=1)
    nearest[0] = -1.0  # not to be chosen again, also among equal rows
    while len(chosen) < count:
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, np.abs(points - points[chosen[-1]]).mean(axis=1))
        nearest[chosen[-1]] = -1.0
    return chosen
