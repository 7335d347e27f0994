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
    thumbnails = [
        np.asarray(Image.fromarray(image).resize(THUMBNAIL, Image.Resampling.BOX), np.float64) / 255 for image in images
    ]
    pairs = list(combinations(thumbnails, 2))
    return float(np.mean([np.abs(one - other).mean() for one, other in pairs])) if pairs else 0.0
