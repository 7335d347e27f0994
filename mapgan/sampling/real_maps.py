"""A sheet of real maps, held out from training, at the size and scale of generated ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from mapgan.dataset import WHOLE_MAPS, is_dataset, open_dataset
from mapgan.sampling.generate import Pixels
from mapgan.sampling.sheet import PAPER, save_png, sheet


def write_real_maps(
    maps: Path, size: tuple[int, int], sheet_size: tuple[int, int], zoom: int, target: Path
) -> Path | None:
    """Write a sheet of the real maps of a training set; None if it has none.

    Args:
        maps: a training set. Where maps were cut into tiles, their middle is shown, else the held-out images.
        size: width and height of a map, pixels.
        sheet_size: columns and rows.
        zoom: the enlargement.
        target: the sheet's file.
    """
    columns, rows = sheet_size
    images = _real_maps(maps, columns * rows) if is_dataset(maps) else []
    if not images:
        return None
    cells = [middle(image, size) for image in images]
    save_png(target, sheet(cells, ["real"] * len(cells), min(columns, len(cells)), zoom))
    return target


def _real_maps(maps: Path, count: int) -> list[Image.Image]:
    whole = sorted((maps / WHOLE_MAPS).glob("*.png"))[:count]
    if whole:
        return [Image.open(path).convert("RGB") for path in whole]
    dataset = open_dataset(maps, verify=False)
    return [Image.fromarray(np.array(pixels)) for pixels in dataset.holdout[:count]]


def middle(image: Image.Image, size: tuple[int, int]) -> Pixels:
    """The middle of an image, `[H, W, 3]` uint8 of `size` (width, height); around a smaller one is paper."""
    page = Image.new("RGB", size, PAPER)
    page.paste(image, ((size[0] - image.width) // 2, (size[1] - image.height) // 2))
    return np.asarray(page)
