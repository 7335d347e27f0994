"""Where a run reads and writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunPaths:
    """Where a run reads and writes.

    Args:
        maps: the training set.
        generator: the file that the finished generator goes to; its discriminator goes beside it.
        results: metrics and snapshots.
        scratch: states of this and earlier runs, outside anything DVC empties.
    """

    maps: Path
    generator: Path
    results: Path
    scratch: Path
