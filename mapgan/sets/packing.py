"""From a ready-made set to a training set: images of one size, with the test split as the hold-out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mapgan.curate.cropping import crops
from mapgan.curate.resize import PARTS, check_replaceable
from mapgan.curate.split import held_out
from mapgan.dataset import Entry, Pixels, write_dataset
from mapgan.errors import MapganError
from mapgan.params.collecting import DatasetSettings, Resize
from mapgan.progress import Bar
from mapgan.sets.finding import find_set
from mapgan.sets.splits import ReadySet, Split

ImageIndex = tuple[Split, int]
"""A split, and the index of an image in it."""


@dataclass(frozen=True)
class Counts:
    """How many images the training set has."""

    train: int
    holdout: int


def pack(settings: DatasetSettings, resize: Resize, out: Path, cache: Path) -> Counts:
    """Write the training set of a ready-made set: `dataset.json` and `pack.npy` (see `mapgan.dataset`).

    Images of the right size are kept as they are, others are scaled; grey becomes RGB. The hold-out is the set's
    test split, or else a fraction of the images chosen by a hash of their indices.

    Args:
        settings: which set, and whether to keep its labels.
        resize: size of the images, and fraction of the hold-out.
        out: the folder of the training set.
        cache: folder for downloads.

    Raises:
        MapganError: the set is not available, or has no labels where `dataset.condition` needs them.
    """
    ready_set = find_set(settings, cache)
    if settings.condition == "map":
        raise MapganError(f"dataset.condition: {settings.name} has no label images", "set it to folder or none")
    labelled = settings.condition == "folder"
    if labelled and not all(split.labels for split in (ready_set.train, ready_set.test) if split):
        raise MapganError(
            f"dataset.condition: {settings.name} has no labels", "set it to none, or use a set with labels"
        )
    check_replaceable(out)
    indices = _split(ready_set, resize.holdout, labelled)
    train, holdout = ([_entry(ready_set, index, labelled) for index in part] for part in indices)
    one_crop = resize.model_copy(update={"mode": "pad" if resize.mode == "pad" else "crop"})
    with Bar("resize", total=sum(map(len, indices))) as bar:
        images = _images([*indices[0], *indices[1]], one_crop, bar)
        write_dataset(out, (resize.width, resize.height), train, holdout, images)
    for name in PARTS:
        shutil.rmtree(out / name, ignore_errors=True)  # single images of an earlier training set
    return Counts(len(train), len(holdout))


def _split(ready_set: ReadySet, fraction: float, labelled: bool) -> tuple[list[ImageIndex], list[ImageIndex]]:
    """Images to train on and images to hold out; none are held out where `fraction` is 0."""
    train = [(ready_set.train, index) for index in range(len(ready_set.train.images))]
    if ready_set.test is not None and fraction:
        return train, [(ready_set.test, index) for index in range(len(ready_set.test.images))]
    groups = ((str(index), split.labels[index] if labelled else "") for split, index in train)
    out = held_out(groups, fraction)
    return [image for image in train if str(image[1]) not in out], [image for image in train if str(image[1]) in out]


def _entry(ready_set: ReadySet, image: ImageIndex, labelled: bool) -> Entry:
    split, index = image
    name = f"{'train' if split is ready_set.train else 'test'}-{index:06d}"
    return Entry(name, name, split.labels[index] if labelled else "")


def _images(indices: list[ImageIndex], resize: Resize, bar: Bar) -> Iterator[Pixels]:
    for split, index in indices:
        bar.advance()
        image = Image.fromarray(split.images[index]).convert("RGB")
        ((_, resized),) = crops(image, resize)
        yield np.asarray(resized, dtype=np.uint8)
