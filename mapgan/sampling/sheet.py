"""Sheets: a grid of pictures with the seed under each."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mapgan.errors import MapganError
from mapgan.sampling.drawing import Picture

PAPER, INK = (250, 248, 242), (70, 64, 58)
GAP = 8
LABEL = 16
FONT_PIXELS = 12
MOST_PIXELS = 400_000_000


def sheet(pictures: Iterable[Picture], labels: list[str], columns: int, zoom: int = 1) -> Image.Image:
    """Pictures `[H, W, 3]` uint8 in rows of `columns`, each pixel `zoom` pixels large, a label under each.

    Raises:
        MapganError: the sheet would be too large for any viewer.
    """
    page: Image.Image | None = None
    rows = -(-len(labels) // columns)
    for place, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        image = Image.fromarray(np.repeat(np.repeat(picture, zoom, axis=0), zoom, axis=1))
        cell = (image.width + GAP, image.height + GAP + LABEL)
        if page is None:
            page = _paper(columns * cell[0] + GAP, rows * cell[1] + GAP)
        corner = (GAP + place % columns * cell[0], GAP + place // columns * cell[1])
        page.paste(image, corner)
        _write(page, label, corner[0] + image.width // 2, corner[1] + image.height + LABEL // 2 + 1)
    assert page is not None, "a sheet needs at least one picture"
    return page


def parse_sheet(text: str) -> tuple[int, int]:
    """`6x4` as (6 columns, 4 rows).

    Raises:
        MapganError: the text is not of that form.
    """
    columns, times, rows = text.lower().partition("x")
    if not (times and columns.isdecimal() and rows.isdecimal() and int(columns) and int(rows)):
        raise MapganError(f"sheet: {text!r} is not columns x rows", "write for instance 6x6")
    return int(columns), int(rows)


def _paper(width: int, height: int) -> Image.Image:
    if width * height > MOST_PIXELS:
        raise MapganError(f"sheet: {width} x {height} pixels are too many", "take a smaller zoom or a smaller sheet")
    return Image.new("RGB", (width, height), PAPER)


def _write(page: Image.Image, text: str, x: int, y: int) -> None:
    font = ImageFont.load_default(FONT_PIXELS)
    ImageDraw.Draw(page).text((x, y), text, fill=INK, font=font, anchor="mm")
