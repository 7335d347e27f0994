"""Smooth fields over the squares of a map: noise, blurred masks and distances, without SciPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mapgan import rng

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


def enlarged(field: Floats, side: int) -> Floats:
    """The field as `side` x `side`, interpolated bicubically."""
    picture = Image.fromarray(field.astype(np.float32))
    return np.asarray(picture.resize((side, side), Image.Resampling.BICUBIC), np.float32)


def noise(seed: int, purpose: str, side: int, spacing: float, octaves: int = 1) -> Floats:
    """Blurred random numbers, `[side, side]`, of mean 0 and variance 1, and finer and weaker ones on top.

    Noise interpolated between the points of a lattice would be cheaper, but its coasts run along the rows and columns.

    Args:
        seed: of the map.
        purpose: other purposes get other numbers.
        side: of the field, squares.
        spacing: from a high to the next low, about, squares.
        octaves: each has half the spacing and half the strength of the one before.
    """
    total = np.zeros((side, side), np.float32)
    for octave in range(octaves):
        sigma = 0.4 * spacing / 2**octave
        margin = int(np.ceil(3 * sigma))
        wide = side + 2 * margin
        raw = rng.normal(seed, f"overland {purpose}", 0, octave, wide * wide).reshape(wide, wide).astype(np.float32)
        inner = blurred(raw, sigma)[margin:-margin, margin:-margin]
        total += inner * np.float32(2 * np.sqrt(np.pi) * sigma * 0.5**octave)  # a blur divides the deviation so
    return total


def blurred(field: Floats, sigma: float) -> Floats:
    """The field after a Gaussian blur; beyond its border it goes on with the same values."""
    reach = int(np.ceil(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    for axis in (0, 1):
        padding = [(reach, reach) if axis == other else (0, 0) for other in (0, 1)]
        padded = np.pad(field, padding, mode="edge")
        length = field.shape[axis]
        shifted = (np.take(padded, range(at, at + length), axis) * weight for at, weight in enumerate(weights))
        field = np.sum(list(shifted), axis=0, dtype=np.float32)
    return field


def distance(mask: Mask, reach: int) -> Floats:
    """From each pixel to the nearest one in the mask, in pixels, at most `reach`."""
    squared = np.where(mask, 0.0, float(reach**2)).astype(np.float32)
    for axis in (0, 1):  # the parabola of each row and column is found on its own
        padding = [(reach, reach) if axis == other else (0, 0) for other in (0, 1)]
        padded = np.pad(squared, padding, constant_values=float(reach**2))
        length = squared.shape[axis]
        for shift in range(-reach, reach + 1):
            moved = np.take(padded, range(reach + shift, reach + shift + length), axis) + np.float32(shift**2)
            squared = np.minimum(squared, moved)
    return np.sqrt(squared)


def neighbours(mask: Mask) -> NDArray[np.int64]:
    """How many of the four neighbours of each square are in the mask; the border counts as its own neighbour."""
    padded = np.pad(mask, 1, mode="edge").astype(np.int64)
    return padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
