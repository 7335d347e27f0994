"""Sheets: a grid of images with the seed (and the label) under each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mapgan import files
from mapgan.errors import MapganError
from mapgan.sampling.generate import Pixels

PAPER, INK = (250, 248, 242), (70, 64, 58)
GAP = 8
LABEL = 16
FONT_PIXELS = 12
MAX_PIXELS = 400_000_000
READABLE = 96  # width, in pixels, to which small images are enlarged


def sheet(images: Iterable[Pixels | None], labels: list[str], columns: int, zoom: int = 1) -> Image.Image:
    """Images `[H, W, 3]` uint8 in rows of `columns`, enlarged by `zoom`, with a label under each; None leaves a gap.

    Raises:
        MapganError: the sheet would be too large for any viewer.
    """
    page: Image.Image | None = None
    for index, (pixels, label) in enumerate(zip(images, labels, strict=True)):
        if pixels is None:
            continue
        image = Image.fromarray(np.repeat(np.repeat(pixels, zoom, axis=0), zoom, axis=1))
        cell = (image.width + GAP, image.height + GAP + LABEL)
        if page is None:
            page = Image.new("RGB", check_page(pixels.shape[1::-1], len(labels), columns, zoom), PAPER)
        corner = (GAP + index % columns * cell[0], GAP + index // columns * cell[1])
        page.paste(image, corner)
        _write(page, label, corner[0] + image.width // 2, corner[1] + image.height + LABEL // 2 + 1, cell[0])
    assert page is not None, "a sheet needs at least one image"
    return page


def check_page(size: tuple[int, int], count: int, columns: int, zoom: int = 1) -> tuple[int, int]:
    """Width and height, in pixels, of a sheet of `count` images of `size` (width, height).

    Raises:
        MapganError: that is too large for any viewer.
    """
    rows = -(-count // columns)
    width = columns * (zoom * size[0] + GAP) + GAP
    height = rows * (zoom * size[1] + GAP + LABEL) + GAP
    if width * height > MAX_PIXELS:
        raise MapganError(
            f"a sheet of {count} images of {size[0]} x {size[1]} would have {width} x {height} pixels",
            "take fewer images or a smaller zoom",
        )
    return width, height


def readable_zoom(width: int) -> int:
    """The enlargement with which images `width` pixels wide show what is on them, and have room for a label."""
    return max(1, READABLE // width)


def square_columns(count: int) -> int:
    """The number of columns of an approximately square sheet of `count` images."""
    return round(math.sqrt(count))


def save_png(path: Path, image: Image.Image) -> None:
    """Write `image` as PNG, atomically."""
    with files.atomic_write(path) as scratch:
        image.save(scratch, "PNG")


def _write(page: Image.Image, text: str, x: int, y: int, room: int) -> None:
    """Write `text`, shortened to `room` pixels, centred at (x, y)."""
    font = ImageFont.load_default(FONT_PIXELS)
    ImageDraw.Draw(page).text((x, y), _cut(text, font.getlength, room), fill=INK, font=font, anchor="mm")


def _cut(text: str, length: Callable[[str], float], room: int) -> str:
    """`text` shortened with an ellipsis; the first word is never shortened, as part of a seed is another seed."""
    if length(text) <= room:
        return text
    word = text.split(" ")[0]
    ends = range(len(text) - 1, len(word) + 1, -1)
    return next((cut for end in ends if length(cut := f"{text[:end]}…") <= room), word)
