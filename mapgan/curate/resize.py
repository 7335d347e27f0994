"""The training set: kept images at one size, split by group into training images and hold-out."""

from __future__ import annotations

import math
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from mapgan.collect.manifest import strip_guard
from mapgan.curate.cropping import background, crops
from mapgan.curate.decode import BadImage, open_upright
from mapgan.curate.grid import common_period, find_grid
from mapgan.curate.label_maps import (
    LABEL_SQUARE,
    check_label_maps,
    check_label_squares,
    label_grid,
    label_name,
    label_tile,
    label_window,
    read_colors,
    read_label_tiles,
)
from mapgan.curate.prune_record import PruneRecord, read_list
from mapgan.curate.split import held_out
from mapgan.curate.threads import parallel_map
from mapgan.curate.tiling import ANYWHERE, Lines
from mapgan.curate.whole_maps import write_whole_maps
from mapgan.dataset import Entry, Pixels, is_dataset, write_dataset
from mapgan.dataset.label_names import clean_label
from mapgan.dataset.legend import LEGEND
from mapgan.errors import MapganError
from mapgan.params.collecting import Resize
from mapgan.progress import Bar

NO_LABELS = {
    "folder": ("is in a subfolder", "make a subfolder for each label"),
    "map": ("has a label image", "put name.labels.png beside name.png"),
}
MIN_SQUARE = 2  # pixels in a training image; the grid of smaller squares does not show
PARTS = ("train", "holdout")
DRAFT_FACTOR = 3  # a very large JPEG is decoded at this multiple of the training size, if it is not tiled
UNFINISHED = ".unfinished"  # exists while `train/` and `holdout/` are newer than the pack


@dataclass(frozen=True)
class Counts:
    """What became of the kept images.

    Attributes:
        train: number of training images.
        holdout: number of held-out images.
        train_groups: number of maps in the training images.
        holdout_groups: number of maps in the hold-out.
        blank: kept images all of whose tiles are blank.
        enlarged: kept images smaller than a training image, which are upscaled.
        bad: kept images that cannot be decoded any more.
        unlabelled: kept images left out because they have no label.
        pixels_per_square: of the training images, if most maps show a battle grid; else 0.
    """

    train: int
    holdout: int
    train_groups: int
    holdout_groups: int
    blank: int
    enlarged: int
    bad: int
    unlabelled: int = 0
    pixels_per_square: float = 0.0


@dataclass(frozen=True)
class ResizedImage:
    """The training images of one kept image, or why there are none."""

    row: PruneRecord
    names: Sequence[str]
    reason: str = ""


def resize(
    settings: Resize,
    raw: Path,
    pruned: Path,
    out: Path,
    workers: int = 0,
    condition: Literal["none", "folder", "map"] = "none",
    of_labels: bool = False,
) -> Counts:
    """Make the training set of the images in `pruned/kept.csv`, whose files are in `raw`.

    Writes PNG files to `out/train/` and `out/holdout/`, and `dataset.json` and `pack.npy` (see
    `mapgan.dataset`). The old set is kept until the new one is complete. `workers` (threads; 0: one per
    core) changes nothing in the result. `condition` says which labels the set keeps: those of subfolders, or the label
    image beside each image. A set `of_labels` shows the label images themselves.

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
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".resize-", dir=out) as name:
        scratch = Path(name)
        grids = _find_grids(settings, raw, rows, workers, wanted == "map")
        period = common_period(grids)
        square = pixels_per_square(period / settings.tile_zoom) if period >= MIN_SQUARE * settings.tile_zoom else 0.0
        jobs = [(row, (grid or Lines(period)) if square else ANYWHERE) for row, grid in zip(rows, grids, strict=True)]
        label_square = (int(square) or LABEL_SQUARE) if condition == "map" else 0
        check_label_squares(settings, label_square)
        results: list[ResizedImage] = []
        with Bar("resize", total=len(rows)) as bar:
            for result in parallel_map(
                partial(_make, settings, raw, scratch, square, label_square, of_labels), jobs, workers
            ):
                results.append(result)
                bar.advance()
        train, holdout = _split_entries(results, settings.holdout, condition == "folder")
        counts = replace(
            _counts(results, train, holdout, settings), unlabelled=len(kept) - len(rows), pixels_per_square=square
        )
        if not train:
            raise MapganError(
                f"{pruned / 'kept.csv'}: of {len(rows)} images, {counts.blank} have only blank tiles and "
                f"{counts.bad} cannot be read, so nothing is left to train on",
                "lower resize.tile_contrast, or set resize.mode to crop or pad",
            )
        tiles = [scratch / label_tile(entry.name) for entry in (*train, *holdout)] if label_square else []
        known = {name: label_name(result.row) for result in results for name in result.names}
        names = [known[entry.name] for entry in (*train, *holdout)] if label_square else []
        label_maps = read_label_tiles(tiles, names, label_square, raw / LEGEND) if tiles else None
        (out / UNFINISHED).touch()
        _move_in(scratch, out, train, holdout)
    groups = {entry.group for entry in holdout} if settings.mode == "tiles" and not of_labels else set()
    write_whole_maps(settings, raw, [job for job in jobs if job[0].group in groups], square, out)
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
    settings: Resize, raw: Path, rows: Sequence[PruneRecord], workers: int, label_maps: bool
) -> list[Lines | None]:
    """The battle grid of each image: that of its label image, if there is one, else as its lines show."""
    if settings.mode != "tiles" or settings.grid == "off":  # else each image has a scale of its own
        return [None] * len(rows)
    grids = []
    with Bar("grid", total=len(rows)) as bar:
        find = partial(label_grid, raw) if label_maps else partial(_find_grid, settings, raw)
        for grid in parallel_map(find, rows, workers):
            grids.append(grid)
            bar.advance()
    return grids


def _find_grid(settings: Resize, raw: Path, row: PruneRecord) -> Lines | None:
    try:
        with open_upright(raw / row.file, math.inf, background(settings)) as (image, _, _):
            return find_grid(image)
    except BadImage:
        return None  # reported when it is cropped


def _make(
    settings: Resize,
    raw: Path,
    scratch: Path,
    square: float,
    label_square: int,
    of_labels: bool,
    job: tuple[PruneRecord, Lines],
) -> ResizedImage:
    row, lines = job
    needed = None if settings.mode == "tiles" else (DRAFT_FACTOR * settings.width, DRAFT_FACTOR * settings.height)
    zoom = lines.period / square if square else 0.0
    names = []
    try:
        with open_upright(raw / row.file, math.inf, background(settings), needed) as (image, _, _):
            for box, small in crops(image, settings, zoom, lines):
                # of the SHA-256 that the manifest names files by
                names.append(f"{row.file[:16]}-{round(box[0])}-{round(box[1])}.png")
                if of_labels:
                    small = label_window(raw / row.label_map, image.size, box, small.size, 1)
                small.save(scratch / names[-1], "PNG")
                if label_square:
                    labels = label_window(raw / row.label_map, image.size, box, small.size, label_square)
                    labels.save(scratch / label_tile(names[-1]), "PNG")
    except BadImage as bad:
        print(f"resize: {row.known_as} left out: {bad}", file=sys.stderr)
        return ResizedImage(row, (), reason=str(bad))
    return ResizedImage(row, names, "" if names else "blank")


def _split_entries(results: Iterable[ResizedImage], fraction: float, labelled: bool) -> tuple[list[Entry], list[Entry]]:
    """Training part and hold-out, each sorted by name."""
    entries = [
        Entry(name, result.row.group, _label(result.row) if labelled else "")
        for result in results
        for name in result.names
    ]
    entries.sort(key=lambda entry: entry.name)
    out = held_out(((entry.group, entry.label) for entry in entries), fraction)
    train = [entry for entry in entries if entry.group not in out]
    return train, [entry for entry in entries if entry.group in out]


def _counts(
    results: Sequence[ResizedImage], train: Sequence[Entry], holdout: Sequence[Entry], settings: Resize
) -> Counts:
    blank = sum(result.reason == "blank" for result in results)
    return Counts(
        train=len(train),
        holdout=len(holdout),
        train_groups=len({entry.group for entry in train}),
        holdout_groups=len({entry.group for entry in holdout}),
        blank=blank,
        enlarged=sum(_is_enlarged(result.row, settings) for result in results),
        bad=sum(bool(result.reason) for result in results) - blank,
    )


def _is_enlarged(row: PruneRecord, settings: Resize) -> bool:
    scales = settings.width / row.width, settings.height / row.height
    return (min(scales) if settings.mode == "pad" else max(scales)) > 1


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
