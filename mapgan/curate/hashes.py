"""Perceptual hashes: similar images differ in few of 256 bits.

The hash is pHash (Zauner, "Implementation and benchmarking of perceptual image hash functions",
2010), with 16x16 frequencies instead of 8x8: on 240 maps it kept unrelated pairs at least 88 bits
apart and JPEG or resized copies within 12, where average and wavelet hashes mixed them up.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 64
LOW = 16
BITS = LOW * LOW
WORDS = BITS // 64
ORIENTATIONS = 8

Hashes = NDArray[np.uint64]
Frequencies = NDArray[np.floating[Any]]

# In the frequency domain, a flip changes the sign of the odd frequencies along its axis, and a transposition
# transposes.
_SIGNS = np.where(np.arange(LOW) % 2 == 0, 1.0, -1.0)
_ONES_IN_BYTE = np.array([bin(byte).count("1") for byte in range(256)], dtype=np.uint8)


def _dct_matrix() -> NDArray[np.float64]:
    """The first LOW rows of the DCT-II of length SIDE (unscaled), [LOW, SIDE]."""
    frequency, index = np.arange(LOW)[:, None], np.arange(SIDE)[None, :]
    return np.cos(np.pi * frequency * (2 * index + 1) / (2 * SIDE))


DCT = _dct_matrix()


def frequencies(image: Image.Image) -> Frequencies:
    """The low frequencies of the image's grey values, [16, 16] float64."""
    small = image.convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    # rounded, so that no bit of the hash depends on the last bits of a floating-point sum
    return np.round(DCT @ np.asarray(small, dtype=np.float64) @ DCT.T, 3)


def orientation_hashes(image: Image.Image) -> Hashes:
    """The hashes of an image in its eight orientations, `[8, 4]` uint64, the given one first."""
    return hash_orientations(frequencies(image))


def hash_orientations(values: Frequencies) -> Hashes:
    """The same, from the low frequencies of the image, `[16, 16]`."""
    blocks = [turned(values, orientation) for orientation in range(ORIENTATIONS)]
    return np.stack([_packed(block > np.median(block)) for block in blocks])


def turned(values: Frequencies, orientation: int) -> Frequencies:
    """The low frequencies of images in another orientation, 0 to 7 (0: as given), `[..., 16, 16]`."""
    transposed, down, across = orientation >> 2 & 1, orientation >> 1 & 1, orientation & 1
    block = values.swapaxes(-1, -2) if transposed else values
    if down:
        block = block * _SIGNS[:, None]
    return block * _SIGNS[None, :] if across else block


def normalized(values: Frequencies) -> Frequencies:
    """Low frequencies without brightness and contrast: the sum of the products of two such is their correlation."""
    changing = values.copy()
    changing[0, 0] = 0.0
    return np.asarray(changing / max(float(np.linalg.norm(changing)), 1e-9))


def _packed(bits: NDArray[np.bool_]) -> Hashes:
    return np.packbits(bits.ravel()).view(">u8").astype(np.uint64)


def as_hex(words: Hashes) -> str:
    """One hash ([4] uint64) as 64 hex digits."""
    return "".join(f"{int(word):016x}" for word in words)


def popcount(words: Hashes) -> NDArray[np.uint8]:
    """The number of bits set in each of `words`, same shape."""
    if hasattr(np, "bitwise_count"):
        return np.bitwise_count(words)
    bytes_of_each = np.ascontiguousarray(words)[..., None].view(np.uint8)  # numpy 1.26 has no bitwise_count
    counts: NDArray[np.uint8] = _ONES_IN_BYTE[bytes_of_each].sum(axis=-1, dtype=np.uint8)
    return counts
