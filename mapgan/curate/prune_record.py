"""`kept.csv` and `rejected.csv`: one row for each image that prune looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mapgan.collect.manifest import ManifestRow, read_rows, write_rows


@dataclass(frozen=True)
class PruneRecord(ManifestRow):
    """An image's row of the manifest, with its measures and, if it was rejected, the reason.

    Width and height are those of the upright image.

    Attributes:
        lightness: mean of the grey values, 0 to 255.
        contrast: standard deviation of the grey values.
        hash: perceptual hash, 64 hex digits; empty if it was not computed.
        duplicate_of: the kept image of which it is a duplicate.
    """

    lightness: float = 0.0
    contrast: float = 0.0
    hash: str = ""
    duplicate_of: str = ""

    @property
    def kind(self) -> str:
        """The reason without its details, for counting: `too small`, `near duplicate`."""
        return re.split(": | of ", self.reason, maxsplit=1)[0]


def write_list(path: Path, rows: Iterable[PruneRecord]) -> None:
    """Write rows as CSV, sorted by file and address; equal rows give equal bytes."""
    write_rows(path, PruneRecord, sorted(rows, key=lambda row: (row.file, row.url)))


def read_list(path: Path) -> list[PruneRecord]:
    """Read what `write_list` wrote.

    Raises:
        MapganError: the file is missing, or is not such a list.
    """
    return read_rows(path, PruneRecord, "prune")
