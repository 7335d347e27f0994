"""The paths that a training run reads from and writes to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunPaths:
    """The paths of a training run.

    Args:
        maps: the training set.
        generator: where the trained generator goes; the best one and the discriminator go beside it.
        results: metrics and snapshots.
        scratch: checkpoints of this run and earlier ones; outside of what DVC empties.
    """

    maps: Path
    generator: Path
    results: Path
    scratch: Path
