"""Held-out maps as a whole, at the scale of the training images: what generated maps are looked at beside."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from pathlib import Path

from mapgan.curate.cropping import background
from mapgan.curate.decode import BadImage, open_upright
from mapgan.curate.prune_record import PruneRecord
from mapgan.curate.scaling import scaled
from mapgan.curate.tiling import Lines
from mapgan.curate.trimming import trimmed
from mapgan.dataset import WHOLE_MAPS
from mapgan.params.collecting import Resize

MAPS = 6  # as many as a sheet shows by default
LARGEST = 4096  # pixels, of the maps that are written


def write_whole_maps(
    settings: Resize, raw: Path, maps: Sequence[tuple[PruneRecord, Lines]], square: float, out: Path
) -> None:
    """Write the first maps to `out`/whole, in place of those that are there; without any, there is no such folder.

    Args:
        settings: those of the training set, which is made of tiles.
        raw: the folder of the images.
        maps: which they are, and the lines of their grid.
        square: pixels per square of the training images (0: not known).
        out: the folder of the training set.
    """
    folder = out / WHOLE_MAPS
    shutil.rmtree(folder, ignore_errors=True)
    for number, (row, lines) in enumerate(maps[:MAPS]):
        zoom = lines.period / square if square else settings.tile_zoom
        try:
            with open_upright(raw / row.file, math.inf, background(settings)) as (image, _, _):
                part, left, top = trimmed(image, settings.trim)
                x, y = (line % lines.period if square else 0.0 for line in (lines.x - left, lines.y - top))
                width, height = (
                    max(1, min(LARGEST, math.floor((side - first) / zoom)))
                    for side, first in zip(part.size, (x, y), strict=True)
                )
                box = (x, y, min(part.width, x + width * zoom), min(part.height, y + height * zoom))
                small = scaled(part, (width, height), box, settings.linear)
        except BadImage:  # reported with the tiles
            continue
        folder.mkdir(exist_ok=True)
        small.save(folder / f"{number:03d}.png", "PNG")
