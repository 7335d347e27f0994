"""A ready-made set → training images of one size, with its own test part as the hold-out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mapgan.curate.cropping import crops
from mapgan.curate.resize import PARTS, refuse_foreign
from mapgan.curate.split import held_out
from mapgan.dataset import Entry, Pixels, write_dataset
from mapgan.errors import MapganError
from mapgan.params.collecting import ReadyMade, Resize
from mapgan.progress import Bar
from mapgan.sets.finding import find_set
from mapgan.sets.parts import Part, ReadySet

ImageIndex = tuple[Part, int]  # an image: the part that it is of, and its number there


@dataclass(frozen=True)
class Counts:
    """How many images were taken."""

    train: int
    holdout: int


def pack(chosen: ReadyMade, settings: Resize, out: Path, cache: Path) -> Counts:
    """Make the training set in `out` of a ready-made one: `dataset.json` and `pack.npy` (see `mapgan.dataset`).

    Images of the wanted size stay as they are, others are scaled; grey becomes RGB. The hold-out is the
    set's own test part, or else a share of the images chosen by a hash of their numbers.

    Raises:
        MapganError: the set cannot be had, or has no labels where they are asked for.
    """
    found = find_set(chosen, cache)
    labelled = chosen.condition == "folder"
    if labelled and not all(part.labels for part in (found.train, found.test) if part):
        raise MapganError(
            f"dataset.condition: {chosen.name} has no labels", "set it to none, or take a set with labels"
        )
    refuse_foreign(out)
    parts = _split(found, settings.holdout, labelled)
    train, holdout = ([_entry(found, index, labelled) for index in part] for part in parts)
    whole = settings.model_copy(update={"mode": "pad" if settings.mode == "pad" else "crop"})
    with Bar("resize", total=sum(map(len, parts))) as bar:
        images = _images([*parts[0], *parts[1]], whole, bar)
        write_dataset(out, (settings.width, settings.height), train, holdout, images)
    for name in PARTS:
        shutil.rmtree(out / name, ignore_errors=True)  # single images of a set that was here before
    return Counts(len(train), len(holdout))


def _split(found: ReadySet, fraction: float, labelled: bool) -> tuple[list[ImageIndex], list[ImageIndex]]:
    """Training part and hold-out; none is held out where the share is 0."""
    train = [(found.train, number) for number in range(len(found.train.images))]
    if found.test is not None and fraction:
        return train, [(found.test, number) for number in range(len(found.test.images))]
    out = held_out(((f"{number}", part.labels[number] if labelled else "") for part, number in train), fraction)
    return [index for index in train if f"{index[1]}" not in out], [index for index in train if f"{index[1]}" in out]


def _entry(found: ReadySet, index: ImageIndex, labelled: bool) -> Entry:
    part, number = index
    name = f"{'train' if part is found.train else 'test'}-{number:06d}"
    return Entry(name, name, part.labels[number] if labelled else "")


def _images(indices: list[ImageIndex], settings: Resize, bar: Bar) -> Iterator[Pixels]:
    for part, number in indices:
        bar.advance()
        image = Image.fromarray(part.images[number]).convert("RGB")
        ((_, _, small),) = crops(image, settings)
        yield np.asarray(small, dtype=np.uint8)
