"""`kept.csv` and `rejected.csv`: one row for each image that prune looked at."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from mapgan.errors import MapganError
from mapgan.files import write_text


@dataclass(frozen=True)
class PruneRecord:
    """An image and what became of it.

    Attributes:
        file: its name in the raw folder.
        url: where it was fetched from.
        page: the page it was found on.
        title: what that page calls it.
        author: who made it, where known.
        licence: what may be done with it, where known.
        bytes: length of the file.
        group: the map it shows a part of; one group is never split between training and hold-out.
        label: what kind of image it is: the subfolder that it lay in; empty where nothing says.
        width: of the upright image in pixels; 0 if it cannot be decoded.
        height: the same, the other way.
        lightness: mean of its grey values, 0 to 255.
        contrast: their standard deviation.
        hash: its perceptual hash, 64 hex digits; empty if it was not hashed.
        reason: why it was put aside; empty if it was kept.
        duplicate_of: the kept image that it looks like, if that is the reason.
    """

    file: str
    url: str
    page: str
    title: str
    author: str
    licence: str
    bytes: int
    group: str
    label: str = ""
    width: int = 0
    height: int = 0
    lightness: float = 0.0
    contrast: float = 0.0
    hash: str = ""
    reason: str = ""
    duplicate_of: str = ""

    @property
    def kind(self) -> str:
        """The reason without its particulars, for counting: `too small`, `near duplicate`."""
        return re.split(": | of ", self.reason, maxsplit=1)[0]


COLUMNS = [field.name for field in fields(PruneRecord)]


def write_list(path: Path, rows: Iterable[PruneRecord]) -> None:
    """Write rows as CSV, sorted by file and address: the same rows give the same bytes."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in sorted(rows, key=lambda row: (row.file, row.url)))
    write_text(path, text.getvalue())


def read_list(path: Path) -> list[PruneRecord]:
    """Read what `write_list` wrote.

    Raises:
        MapganError: the file is missing, or is no such list.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return [_row(values) for values in csv.DictReader(stream)]
    except FileNotFoundError:
        raise MapganError(f"{path}: no such file", "prune first") from None
    except (KeyError, TypeError, ValueError, csv.Error, OSError) as error:
        raise MapganError(f"{path}: not a list that prune wrote ({error})", "prune again") from None


def _row(values: dict[str, str]) -> PruneRecord:
    numbers: dict[str, Callable[[str], Any]] = {
        "bytes": int, "width": int, "height": int, "lightness": float, "contrast": float,
    }  # fmt: skip
    return PruneRecord(**{name: numbers.get(name, str)(values[name]) for name in COLUMNS})
