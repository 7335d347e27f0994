"""Where ground and rock are: two classes of colour, told apart by a threshold in CIELAB."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

SEPARABLE = 0.8  # variance between the classes over all variance; 0.64 for a bell curve, 0.75 for even grey
MOSTLY = 0.8  # of the border: a map drawn dark on light has more than this, a plan of light rooms less
BINS = 256

Which = Literal["auto", "light", "dark"]
Field = NDArray[np.float32]


def find_ground(image: Image.Image, which: Which = "auto") -> Field | None:
    """How surely each pixel is ground, or None if the colours of the image are not of two classes.

    The colours are projected on the axis of CIELAB along which they differ most, and divided by Otsu's method ("A
    threshold selection method from gray-level histograms", 1979).

    Args:
        image: RGB.
        which: which of the classes is ground; with auto, the lighter one, unless it has most of the image's border.

    Returns:
        `[H, W]`, -0.5 in rock to 0.5 on ground; 0 is half-way between the means of the classes.
    """
    values = _principal(_lab(image))
    threshold, quality = otsu(values)
    if quality < SEPARABLE:
        return None
    light = values > threshold
    low, high = float(values[~light].mean()), float(values[light].mean())
    field: Field = np.clip((values - (low + high) / 2) / (high - low), -0.5, 0.5).astype(np.float32)
    if which == "auto":
        border = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
        which = "dark" if border.mean() > MOSTLY else "light"
    return field if which == "light" else -field


def otsu(values: NDArray[np.float32]) -> tuple[float, float]:
    """The threshold that divides `values` best, and the share of their variance that lies between the two classes."""
    counts, edges = np.histogram(values, BINS)
    centres = (edges[:-1] + edges[1:]) / 2
    weight = counts.cumsum() / counts.sum()
    moment = (counts * centres).cumsum() / counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        between = np.nan_to_num((moment[-1] * weight - moment) ** 2 / (weight * (1 - weight)), posinf=0.0)
    best = int(between[:-1].argmax())
    return float(edges[best + 1]), float(between[best] / max(float(values.var()), 1e-9))


def _principal(lab: Field) -> Field:
    """Projection of `lab` on the axis of largest variance, `[H, W]`; lighter colours have higher values."""
    flat = lab.reshape(-1, 3) - lab.reshape(-1, 3).mean(axis=0)
    axis = np.linalg.eigh(flat.T @ flat)[1][:, -1]
    axis = axis if axis[0] >= 0 else -axis
    return np.asarray((flat @ axis).reshape(lab.shape[:2]), np.float32)


def _lab(image: Image.Image) -> Field:
    """CIELAB `[H, W, 3]`, L from 0 to 100."""
    transform = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None
    stored = np.asarray(converted)  # L as 0 to 255, a and b as signed bytes
    return np.dstack([stored[..., 0] * (100 / 255), stored[..., 1:].view(np.int8)]).astype(np.float32)
