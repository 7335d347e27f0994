"""Painting plans: which label each square of a map has, as a small image or as text."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mapgan.errors import MapganError
from mapgan.params.training import MAX_SQUARES
from mapgan.sampling.labels import describe_labels

Plan = NDArray[np.int64]  # `[rows, columns]`, the index of each square's label


def read_plan(path: Path, legend: Path, labels: Sequence[str]) -> Plan:
    """The plan in `path`: an image with a pixel per square, or a text file with a letter per square.

    Args:
        path: `.txt` for text, else an image.
        legend: a text file with lines such as `#3060c0 water` or `~ water`.
        labels: those of the generator.

    Raises:
        MapganError: a file is missing or damaged, or has a colour, letter or label that is not known.
    """
    known = _read_legend(legend, labels)
    rows = _text_rows(path) if path.suffix == ".txt" else _image_rows(path)
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


def _read_legend(path: Path, labels: Sequence[str]) -> Mapping[str, int]:
    """The index of the label for each letter or colour."""
    known: dict[str, int] = {}
    for number, line in enumerate(_lines(path), 1):
        symbol, _, label = line.strip().partition(" ")
        if not symbol:
            continue
        if label.strip() not in labels:
            raise MapganError(
                f"{path}: line {number}: {label.strip()!r} is no label of the generator, which has "
                f"{describe_labels(labels)}",
                "write a letter or #rrggbb, a space, and a label",
            )
        known[symbol.lower() if symbol.startswith("#") and len(symbol) > 1 else symbol] = labels.index(label.strip())
    return known


def _text_rows(path: Path) -> list[Sequence[str]]:
    return [line for line in _lines(path) if line.strip()]


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


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise MapganError(f"{path}: {reason}", "a plan needs a text file with its legend (--legend)") from None
