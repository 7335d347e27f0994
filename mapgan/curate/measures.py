"""Measures of an image, for the report and for rules: how large, light, sharp, colourful and rich it is."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mapgan import files
from mapgan.curate.grid import find_grid
from mapgan.curate.text import text_share
from mapgan.curate.trimming import UNIFORM

LONGEST = 512  # pixels; larger images are reduced for all but sharpness and grid
EDGE = 24  # change of grey values from pixel to pixel, of 255, that is an edge

Grey = NDArray[np.int16]


@dataclass(frozen=True)
class Measures:
    """The measures of one image, a row of `measures.csv`.

    Attributes:
        file: its name in `data/raw`.
        width: of the upright image, pixels.
        height: the same.
        aspect: longer side over shorter side.
        mode: Pillow's name for how the file stores colours: L, P, RGB, ...
        entropy: of the grey values, bits, 0 to 8.
        edge_density: fraction of pixels on an edge.
        brightness_05: 5 % of the grey values are at most this, 0 to 255; and so on.
        sharpness: energy of second differences over that of first differences; about 1 over the width of an edge.
        colorfulness: 0 is grey, 100 gaudy (Hasler and Suesstrunk, "Measuring colourfulness in natural images", 2003).
        flat: fraction of pixels that have the most frequent colour, with 5 bits per channel.
        border: width of the widest uniform border of the four, pixels.
        square: side of a square of the battle grid, pixels; 0 if none was found.
        text: fraction that lines of text cover.
    """

    file: str
    width: int
    height: int
    aspect: float
    mode: str
    entropy: float
    edge_density: float
    brightness_05: float
    brightness_25: float
    brightness_50: float
    brightness_75: float
    brightness_95: float
    sharpness: float
    colorfulness: float
    flat: float
    border: int
    square: float
    text: float


def measure(image: Image.Image, file: str, mode: str, width: int, height: int) -> Measures:
    """The measures of an RGB image.

    Args:
        image: decoded, possibly at a fraction of its size.
        file: its name.
        mode: how the file stores colours.
        width: of the whole image, pixels.
        height: the same.
    """
    factor = max(1, -(-max(image.size) // LONGEST))
    small = image.reduce(factor)
    grey = np.asarray(small.convert("L"), dtype=np.int16)
    counts = np.bincount(grey.ravel(), minlength=256) / grey.size
    brightness = np.searchsorted(np.cumsum(counts), [0.05, 0.25, 0.5, 0.75, 0.95]).astype(float).tolist()
    scale = width / image.width
    grid = find_grid(image)
    colorfulness, flat = _colors(small)
    return Measures(
        file=file,
        width=width,
        height=height,
        aspect=round(max(width, height) / min(width, height), 4),
        mode=mode,
        entropy=_entropy(counts),
        edge_density=_edge_density(grey),
        brightness_05=brightness[0],
        brightness_25=brightness[1],
        brightness_50=brightness[2],
        brightness_75=brightness[3],
        brightness_95=brightness[4],
        sharpness=_sharpness(image),
        colorfulness=colorfulness,
        flat=flat,
        border=round(_border(grey) * factor * scale),
        square=round(grid.period * scale, 2) if grid else 0.0,
        text=text_share(image),
    )


def _entropy(counts: NDArray[np.float64]) -> float:
    used = counts[counts > 0]
    return round(float(-(used * np.log2(used)).sum()) + 0.0, 4)  # + 0.0: a single value has 0, not -0


def _edge_density(grey: Grey) -> float:
    down, across = np.abs(np.diff(grey, axis=0))[:, :-1], np.abs(np.diff(grey, axis=1))[:-1]
    return round(float(np.mean(np.maximum(down, across) > EDGE)), 4) if down.size else 0.0


def _sharpness(image: Image.Image) -> float:
    """Of the middle of the image at its full size: reduction would sharpen it."""
    left, top = (max(0, (side - LONGEST) // 2) for side in image.size)
    middle = image.crop((left, top, left + min(image.width, LONGEST), top + min(image.height, LONGEST)))
    grey = np.asarray(middle.convert("L"), dtype=np.int16)
    first = second = 0
    for axis in (0, 1):
        slope = np.diff(grey, axis=axis)
        first += _energy(slope)
        second += _energy(np.diff(slope, axis=axis))
    return round(math.sqrt(second / first), 4) if first else 0.0


def _energy(values: Grey) -> int:
    return int(np.square(values, dtype=np.int32).sum(dtype=np.int64))


def _colors(small: Image.Image) -> tuple[float, float]:
    """Colourfulness, and the fraction of the most frequent colour."""
    pixels = np.asarray(small)
    red, green, blue = (pixels[..., channel].astype(np.int16) for channel in range(3))
    codes = (red >> 3) << 10 | (green >> 3) << 5 | blue >> 3
    flat = float(np.bincount(codes.ravel()).max() / codes.size)
    axes = [red - green, (red + green) / 2 - blue]
    spread = math.hypot(*(float(axis.std(dtype=np.float64)) for axis in axes))
    shift = math.hypot(*(float(axis.mean(dtype=np.float64)) for axis in axes))
    return round(spread + 0.3 * shift, 3), round(flat, 4)


def _border(grey: Grey) -> int:
    """Lines of the widest uniform border."""
    widths = []
    for lines in (grey, grey[::-1], grey.T, grey.T[::-1]):
        uniform = np.abs(lines - np.int16(np.median(lines[0]))).max(axis=1) <= UNIFORM
        widths.append(len(uniform) if uniform.all() else int(np.argmin(uniform)))
    return max(widths)


def write_measures(path: Path, rows: Iterable[Measures]) -> None:
    """Write `measures.csv`, sorted by file; equal rows give equal bytes."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [field.name for field in fields(Measures)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in sorted(rows, key=lambda row: row.file))
    files.write_text(path, text.getvalue())
