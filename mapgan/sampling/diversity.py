"""Diversity of images."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
THUMBNAIL = (16, 16)  # pixels; large enough for the content, without texture


def mean_pairwise_difference(images: Sequence[Pixels]) -> float:
    """The mean absolute difference between pairs of `images`, `[H, W, 3]` uint8 each, as a fraction of 255."""
    pairs = list(combinations(map(thumbnail, images), 2))
    return float(np.mean([np.abs(one - other).mean() for one, other in pairs])) if pairs else 0.0


def thumbnail(image: Pixels) -> NDArray[np.float64]:
    """`[H, W, 3]` uint8 as `[16, 16, 3]` in [0, 1], by which images are compared."""
    return np.asarray(Image.fromarray(image).resize(THUMBNAIL, Image.Resampling.BOX), np.float64) / 255
