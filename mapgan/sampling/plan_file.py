"""Painting plans: which label each square of a map has, as a small image or as text."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mapgan.dataset.legend import read_legend, read_lines
from mapgan.errors import MapganError
from mapgan.params.drawing import MAX_SQUARES
from mapgan.sampling.labels import ANY, describe_labels

Plan = NDArray[np.int64]  # `[rows, columns]`, the index of each square's label


def read_plan(path: Path, legend: Path, labels: Sequence[str], open_squares: bool = False) -> Plan:
    """The plan in `path`: an image with a pixel per square, or a text file with a letter per square.

    Args:
        path: `.txt` for text, else an image.
        legend: a text file with lines such as `#3060c0 water` or `~ water`.
        labels: those of the generator.
        open_squares: whether the legend may say `any`, for squares that are left to the generator.

    Raises:
        MapganError: a file is missing or damaged, or has a colour, letter or label that is not known.
    """
    rows = _text_rows(path) if path.suffix == ".txt" else _image_rows(path)
    known = _read_legend(legend, labels, {"any": ANY} if open_squares and "any" not in labels else {})
    if not rows or not rows[0] or max(len(rows), len(rows[0])) > MAX_SQUARES:
        raise MapganError(f"{path}: not a plan", f"1 to {MAX_SQUARES} squares each way can be painted")
    plan = np.zeros((len(rows), len(rows[0])), np.int64)
    for row, symbols in enumerate(rows):
        if len(symbols) != len(rows[0]):
            raise MapganError(
                f"{path}: line {row + 1} has {len(symbols)} squares, where the first has {len(rows[0])}",
                "make all lines equally long",
            )
        for column, symbol in enumerate(symbols):
            if symbol not in known:
                raise MapganError(
                    f"{path}: {symbol!r} at column {column + 1} of row {row + 1} is not in {legend}",
                    "add a line for it, such as `~ water` or `#3060c0 water`",
                )
            plan[row, column] = known[symbol]
    return plan


def _read_legend(path: Path, labels: Sequence[str], others: dict[str, int]) -> Mapping[str, int]:
    """The index of the label for each letter or colour."""
    known, indices = read_legend(path), {name: index for index, name in enumerate(labels)} | others
    for symbol, label in known.items():
        if label not in indices:
            raise MapganError(
                f"{path}: {symbol}: {label!r} is no label of the generator, which has {describe_labels(labels)}",
                "write a letter or #rrggbb, a space, and a label",
            )
    return {symbol: indices[label] for symbol, label in known.items()}


def _text_rows(path: Path) -> list[Sequence[str]]:
    return [line for line in read_lines(path) if line.strip()]


def _image_rows(path: Path) -> list[Sequence[str]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                if max(image.size) > MAX_SQUARES:
                    raise MapganError(f"{path}: {image.width} x {image.height} squares", "a pixel is a square")
                pixels = np.asarray(image.convert("RGB"))
    except FileNotFoundError:
        raise MapganError(f"{path}: no such file", "name an image or a text file with a plan") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise MapganError(f"{path}: not an image ({error})", "name an image or a .txt file with a plan") from None
    return [[f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in row.tolist()] for row in pixels]
