"""The training set from a ready-made set, whose test part is the hold-out."""

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

ImageIndex = tuple[Part, int]  # the part of an image, and its number there


@dataclass(frozen=True)
class Counts:
    """The number of images."""

    train: int
    holdout: int


def pack(chosen: ReadyMade, settings: Resize, out: Path, cache: Path) -> Counts:
    """Make the training set `out` from a ready-made set (see `mapgan.dataset`).

    Images are resized if they have another size, and grey ones converted to RGB. The hold-out is the test part of the
    set, or else a fraction of the images, chosen by a hash of their numbers.

    Raises:
        MapganError: the set is not available, or has no labels where `dataset.condition` needs them.
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
        shutil.rmtree(out / name, ignore_errors=True)  # images of an earlier set
    return Counts(len(train), len(holdout))


def _split(found: ReadySet, fraction: float, labelled: bool) -> tuple[list[ImageIndex], list[ImageIndex]]:
    """Training images and hold-out, which is empty if `fraction` is 0."""
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
