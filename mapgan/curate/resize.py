"""The training set: kept images at one size, split by group into training images and hold-out."""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from mapgan.collect.manifest import strip_guard
from mapgan.curate.cropping import background
from mapgan.curate.decode import BadImage, open_upright
from mapgan.curate.grid import common_period, find_grid
from mapgan.curate.label_maps import (
    LABEL_SQUARE,
    check_label_maps,
    check_label_squares,
    label_grid,
    label_name,
    label_tile,
    read_colors,
    read_label_tiles,
)
from mapgan.curate.parallel import Lost, parallel_map
from mapgan.curate.prune_record import PruneRecord, read_list
from mapgan.curate.split import held_out
from mapgan.curate.tiling import ANYWHERE, Lines
from mapgan.curate.training_images import SMALL, Cut, ResizedImage, write_training_images
from mapgan.curate.whole_maps import write_whole_maps
from mapgan.dataset import Entry, Pixels, is_dataset, write_dataset
from mapgan.dataset.label_names import clean_label
from mapgan.dataset.legend import LEGEND
from mapgan.errors import MapganError
from mapgan.files import scratch_folder
from mapgan.params.collecting import Resize
from mapgan.params.machine import Machine
from mapgan.progress import Bar

NO_LABELS = {
    "folder": ("is in a subfolder", "make a subfolder for each label"),
    "map": ("has a label image", "put name.labels.png beside name.png"),
}
MIN_SQUARE = 2  # pixels in a training image; the grid of smaller squares does not show
PARTS = ("train", "holdout")
UNFINISHED = ".unfinished"  # exists while `train/` and `holdout/` are newer than the pack


@dataclass(frozen=True)
class Counts:
    """What became of the kept images.

    Attributes:
        train: number of training images.
        holdout: number of held-out images.
        train_groups: number of maps in the training images.
        holdout_groups: number of maps in the hold-out.
        small: kept images that would have to be enlarged by more than the limit.
        enlarged: kept images smaller than a training image, which are upscaled.
        bad: kept images that cannot be decoded any more.
        unlabelled: kept images left out because they have no label.
        pixels_per_square: of the training images, if most maps show a battle grid; else 0.
    """

    train: int
    holdout: int
    train_groups: int
    holdout_groups: int
    small: int
    enlarged: int
    bad: int
    unlabelled: int = 0
    pixels_per_square: float = 0.0


def resize(
    settings: Resize,
    raw: Path,
    pruned: Path,
    out: Path,
    machine: Machine,
    condition: Literal["none", "folder", "map"] = "none",
    of_labels: bool = False,
) -> Counts:
    """Make the training set of the images in `pruned/kept.csv`, whose files are in `raw`.

    Writes image files to `out/train/` and `out/holdout/`, and `dataset.json` and `pack.npy` (see
    `mapgan.dataset`). The old set is kept until the new one is complete. Which workers `machine` names changes nothing
    in the result. `condition` says which labels the set keeps: those of subfolders, or the label image beside each
    image. A set `of_labels` shows the label images themselves.

    Raises:
        MapganError: there is no list, nothing to train on, or `out` holds folders that are not a training set's.
    """
    kept = read_list(pruned / "kept.csv")
    wanted = "map" if of_labels else condition
    rows = [row for row in kept if _has_label(row, wanted)]
    if kept and not rows:
        what, remedy = NO_LABELS[wanted]
        raise MapganError(f"dataset.condition: no image {what}", f"{remedy}, or set it to none")
    check_label_maps(settings, wanted)
    check_replaceable(out)
    raw = raw.absolute()  # workers may be in another folder
    with scratch_folder(out) as scratch:
        grids = _find_grids(settings, raw, rows, machine, wanted == "map")
        period = common_period(grids)
        square = pixels_per_square(period / settings.tile_zoom) if period >= MIN_SQUARE * settings.tile_zoom else 0.0
        jobs = [(row, (grid or Lines(period)) if square else ANYWHERE) for row, grid in zip(rows, grids, strict=True)]
        label_square = (int(square) or LABEL_SQUARE) if condition == "map" else 0
        check_label_squares(settings, label_square)
        with Bar("resize", total=len(rows)) as bar:
            cut = Cut(settings, raw, scratch, square, label_square, of_labels)
            made = parallel_map(partial(write_training_images, cut), jobs, machine, settings.max_seconds, bar)
        results = [_resized(*pair) for pair in zip(made, rows, strict=True)]
        train, holdout = _split_entries(results, settings.holdout, condition == "folder")
        counts = replace(_counts(results, train, holdout), unlabelled=len(kept) - len(rows), pixels_per_square=square)
        if not train:
            raise MapganError(
                f"{pruned / 'kept.csv'}: of {len(rows)} images, {counts.small} are too small and {counts.bad} cannot "
                "be read, so nothing is left to train on",
                "raise resize.max_enlargement, or collect other images",
            )
        tiles = [scratch / label_tile(entry.name) for entry in (*train, *holdout)] if label_square else []
        known = {name: label_name(result.row) for result in results for name in result.names}
        names = [known[entry.name] for entry in (*train, *holdout)] if label_square else []
        label_maps = read_label_tiles(tiles, names, label_square, raw / LEGEND) if tiles else None
        (out / UNFINISHED).touch()
        _move_in(scratch, out, train, holdout)
    groups = {entry.group for entry in holdout} if settings.mode == "tiles" and not of_labels else set()
    sound = [job for job, result in zip(jobs, results, strict=True) if result.names and job[0].group in groups]
    write_whole_maps(settings, raw, sound, square, out)
    size = (settings.width, settings.height)
    label_images = [raw / row.label_map for row in rows]
    plan_colors = read_colors(raw / LEGEND, label_images, list(map(label_name, rows))) if of_labels else None
    write_dataset(out, size, train, holdout, _images(out, train, holdout), square, label_maps, plan_colors)
    (out / UNFINISHED).unlink()
    return counts


def check_replaceable(out: Path) -> None:
    """Check that `out/train` and `out/holdout`, which are replaced, belong to a training set.

    Raises:
        MapganError: they hold something else.
    """
    ours = is_dataset(out) or (out / UNFINISHED).exists()
    for part in PARTS:
        folder = out / part
        if folder.exists() and not ours and any(folder.iterdir()):
            raise MapganError(f"{folder} is in the way and does not belong to a training set", "move it elsewhere")


def _label(row: PruneRecord) -> str:
    return clean_label(strip_guard(row.label))


def _has_label(row: PruneRecord, condition: str) -> bool:
    return condition == "none" or bool(row.label_map if condition == "map" else _label(row))


def pixels_per_square(about: float) -> float:
    """The power of two nearest to `about`: then a site of a spatial latent shows a whole number of squares."""
    return 2.0 ** round(math.log2(about))


def _find_grids(
    settings: Resize, raw: Path, rows: Sequence[PruneRecord], machine: Machine, label_maps: bool
) -> list[Lines | None]:
    """The battle grid of each image: that of its label image, if there is one, else as its lines show."""
    if settings.mode != "tiles" or settings.grid == "off":  # else each image has a scale of its own
        return [None] * len(rows)
    find = partial(label_grid, raw) if label_maps else partial(_find_grid, settings, raw)
    with Bar("grid", total=len(rows)) as bar:
        grids = parallel_map(find, rows, machine, settings.max_seconds, bar)
    return [None if isinstance(grid, Lost) else grid for grid in grids]


def _find_grid(settings: Resize, raw: Path, row: PruneRecord) -> Lines | None:
    try:
        with open_upright(raw / row.file, math.inf, background(settings)) as (image, _, _):
            return find_grid(image)
    except BadImage:
        return None  # reported when it is cropped


def _resized(made: ResizedImage | Lost, row: PruneRecord) -> ResizedImage:
    result = ResizedImage(row, (), made.reason) if isinstance(made, Lost) else made
    if result.reason:
        print(f"resize: {row.known_as} left out: {result.reason}", file=sys.stderr)
    return result


def _split_entries(results: Iterable[ResizedImage], fraction: float, labelled: bool) -> tuple[list[Entry], list[Entry]]:
    """Training part and hold-out, each sorted by name."""
    entries = [
        Entry(name, result.row.group, _label(result.row) if labelled else "", result.row.file)
        for result in results
        for name in result.names
    ]
    entries.sort(key=lambda entry: entry.name)
    out = held_out(((entry.group, entry.label) for entry in entries), fraction)
    train = [entry for entry in entries if entry.group not in out]
    return train, [entry for entry in entries if entry.group in out]


def _counts(results: Sequence[ResizedImage], train: Sequence[Entry], holdout: Sequence[Entry]) -> Counts:
    small = sum(result.reason.startswith(SMALL) for result in results)
    return Counts(
        train=len(train),
        holdout=len(holdout),
        train_groups=len({entry.group for entry in train}),
        holdout_groups=len({entry.group for entry in holdout}),
        small=small,
        enlarged=sum(result.enlarged for result in results),
        bad=sum(bool(result.reason) for result in results) - small,
    )


def _move_in(scratch: Path, out: Path, train: Sequence[Entry], holdout: Sequence[Entry]) -> None:
    for part, entries in zip(PARTS, (train, holdout), strict=True):
        folder = scratch / part
        folder.mkdir()
        for entry in entries:
            for name in (entry.name, label_tile(entry.name)):
                if (scratch / name).exists():
                    (scratch / name).rename(folder / name)
        if (out / part).exists():
            shutil.rmtree(out / part)
        folder.rename(out / part)


def _images(out: Path, train: Sequence[Entry], holdout: Sequence[Entry]) -> Iterator[Pixels]:
    for part, entries in zip(PARTS, (train, holdout), strict=True):
        for entry in entries:
            with Image.open(out / part / entry.name) as image:
                yield np.asarray(image, dtype=np.uint8)
