"""What is left of an image without its uniform borders, such as the white of a scanned page."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops

UNIFORM = 8  # difference from its own colour, of 255, up to which a border is uniform

WholeBox = tuple[int, int, int, int]


def content_box(image: Image.Image) -> WholeBox:
    """Left, top, right and bottom of what is within the uniform borders; of all, if there is nothing else.

    Each side may have a colour of its own: the median of its outermost pixels.

    Args:
        image: RGB.
    """
    width, height = image.size
    outermost = ((0, 0, 1, height), (0, 0, width, 1), (width - 1, 0, width, height), (0, height - 1, width, height))
    boxes: dict[tuple[int, ...], WholeBox | None] = {}
    sides = []
    for number, edge in enumerate(outermost):
        color = tuple(np.median(np.asarray(image.crop(edge)).reshape(-1, 3), axis=0).astype(int).tolist())
        if color not in boxes:
            boxes[color] = _unlike(image, color)
        box = boxes[color]
        if box is None:
            return (0, 0, width, height)
        sides.append(box[number])
    left, top, right, bottom = sides
    return (left, top, right, bottom) if left < right and top < bottom else (0, 0, width, height)


def _unlike(image: Image.Image, color: tuple[int, ...]) -> WholeBox | None:
    """The box of all pixels that differ from `color`; None if none does."""
    difference = ImageChops.difference(image, Image.new("RGB", image.size, color))
    return difference.point(lambda value: 255 * (value > UNIFORM)).getbbox()


def trimmed(image: Image.Image, wanted: bool) -> tuple[Image.Image, int, int]:
    """The image without its borders, if that is wanted, and where its left and top edges were, pixels."""
    if not wanted:
        return image, 0, 0
    box = content_box(image)
    return image.crop(box), box[0], box[1]
