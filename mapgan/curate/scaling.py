"""Scaling with Lanczos' filter, of the values as they are stored or of the light that they stand for.

Stored sRGB values are about the square root of light, so the mean of a black and a white pixel is too dark: fine white
lines on black fade when they are scaled down. In linear light they keep their brightness.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

Box = tuple[float, float, float, float]

REDUCING_GAP = 3.0  # large factors: first by the mean of whole blocks, to three times the size

_ENCODED = np.arange(256) / 255
# IEC 61966-2-1
LIGHT = np.where(_ENCODED <= 0.04045, _ENCODED / 12.92, ((_ENCODED + 0.055) / 1.055) ** 2.4).astype(np.float32)


def scaled(image: Image.Image, size: tuple[int, int], box: Box, linear: bool) -> Image.Image:
    """A part of an RGB image at another size.

    Args:
        image: RGB.
        size: width and height of the result, pixels.
        box: left, top, right and bottom of the part, pixels.
        linear: scale in linear light.
    """
    if not linear:
        return image.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=REDUCING_GAP)
    left, top = int(box[0]), int(box[1])
    part = image.crop((left, top, math.ceil(box[2]), math.ceil(box[3])))
    inside = (box[0] - left, box[1] - top, box[2] - left, box[3] - top)
    channels = []
    for channel in part.split():  # one after the other: floats take four times the memory
        light = Image.fromarray(LIGHT[np.asarray(channel)])
        channels.append(light.resize(size, Image.Resampling.LANCZOS, box=inside, reducing_gap=REDUCING_GAP))
    values = np.clip(np.stack([np.asarray(channel) for channel in channels], axis=-1), 0, 1)
    encoded = np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055)
    return Image.fromarray(np.rint(255 * encoded).astype(np.uint8))
