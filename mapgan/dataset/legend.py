"""Legends: which label each colour of a label image, or each letter of a plan, stands for."""

from __future__ import annotations

from pathlib import Path

from mapgan.dataset.label_names import clean_label
from mapgan.errors import MapganError

LEGEND = "labels.legend"  # in a folder of images with label images
LABEL_IMAGE = ".labels.png"  # the end of the name of a label image: that of `name.png` is `name.labels.png`


def read_legend(path: Path) -> dict[str, str]:
    """The label of each symbol: lines such as `#3060c0 water` or `~ water`; colours come back in lower case.

    Raises:
        MapganError: the file is missing or not text, or a line has no label.
    """
    known: dict[str, str] = {}
    for number, line in enumerate(read_lines(path), 1):
        symbol, *rest = line.split(None, 1) or [""]
        text = rest[0] if rest else ""
        if not symbol:
            continue
        label = clean_label(text)
        if not label:
            raise MapganError(f"{path}: line {number} has no label", "write a letter or #rrggbb, a space, and a label")
        known[symbol.lower() if symbol.startswith("#") and len(symbol) > 1 else symbol] = label
    return known


def read_lines(path: Path) -> list[str]:
    """The lines of a text file.

    Raises:
        MapganError: it is missing, or not UTF-8 text.
    """
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise MapganError(f"{path}: {reason}", "a legend is a text file with lines such as `#3060c0 water`") from None
