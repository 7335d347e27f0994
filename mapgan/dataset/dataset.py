"""The format of a training set: `dataset.json` and `pack.npy` in one folder.

`pack.npy` holds all images as uint8 [N + M, H, W, 3], the training part first and then the
hold-out; it is memory-mapped, so a set may be larger than memory. `dataset.json` says how many of
each there are, what they are called, and what the pixels (and the labels, if there are any) must hash to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapgan.dataset.label_names import check_label_names
from mapgan.errors import MapganError
from mapgan.files import atomic_write, canonical_json, read_json, write_json

PLAIN, LABELLED = 1, 2  # formats: what has no labels can still be read by a mapgan that knows of none
DESCRIPTION, PACK = "dataset.json", "pack.npy"
CHUNK_BYTES = 1 << 25
SHOWN_LABELS = 20  # in a line that counts them
REMEDY = "make it anew with resize"

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]
Channels = tuple[float, float, float]


@dataclass(frozen=True)
class Entry:
    """What an image of the pack is called, the group (the map) that it is a part of, and its label if it has one."""

    name: str
    group: str
    label: str = ""


@dataclass(frozen=True)
class Dataset:
    """A training set that has been opened.

    Attributes:
        folder: where it lies.
        width: of all its images, in pixels.
        height: the same, the other way.
        digest: SHA-256 over shape, size of the training part, labels if there are any, and all pixels.
        train: [N, H, W, 3] uint8, memory-mapped, read-only.
        holdout: [M, H, W, 3] uint8, the same; M may be 0.
        mean: of each channel of the training part, channels in [0, 1].
        std: the standard deviations.
        labels: the names that images are labelled with, sorted; empty if they have no labels.
        train_labels: [N], for each training image the place of its label in `labels`; zeros without labels.
        holdout_labels: [M], the same of the hold-out.
    """

    folder: Path
    width: int
    height: int
    digest: str
    train: Pixels
    holdout: Pixels
    mean: Channels
    std: Channels
    labels: tuple[str, ...]
    train_labels: Labels
    holdout_labels: Labels


def is_dataset(folder: Path) -> bool:
    """Whether `folder` says that it is a training set; `open_dataset` finds out if that is true."""
    return (folder / DESCRIPTION).is_file()


def open_dataset(folder: Path, verify: bool = True) -> Dataset:
    """Open a training set after checking that it is whole.

    Args:
        folder: where `dataset.json` and `pack.npy` lie.
        verify: also read all pixels and compare their digest (about a second per GB).

    Raises:
        MapganError: a file is missing or damaged, of another format, or does not fit the other one.
    """
    path = folder / DESCRIPTION
    if not is_dataset(folder):
        raise MapganError(f"{folder} is no training set: it has no {DESCRIPTION}", REMEDY)
    said = read_json(path)
    version = said.get("format") if isinstance(said, dict) else None
    if version not in (PLAIN, LABELLED):
        raise MapganError(f"{path}: format {version!r}, where this mapgan reads formats 1 and 2", REMEDY)
    pack = _mapped(folder / PACK)
    try:
        width, height, train, holdout = (int(said[key]) for key in ("width", "height", "train", "holdout"))
        digest, mean, std = str(said["digest"]), _channels(said["mean"]), _channels(said["std"])
        labels, indices = _labels(said, train + holdout)
    except (KeyError, TypeError, ValueError) as error:
        raise MapganError(f"{path}: damaged ({error})", REMEDY) from None
    expected = (train + holdout, height, width, 3)
    if pack.shape != expected or pack.dtype != np.uint8 or train < 1 or holdout < 0:
        raise MapganError(
            f"{folder / PACK}: holds {pack.dtype} {list(pack.shape)}, where {DESCRIPTION} says uint8 "
            f"{list(expected)} with {train} for training",
            REMEDY,
        )
    if verify and _digest(pack, train, labels, indices) != digest:
        raise MapganError(f"{folder / PACK}: its pixels are not those that {DESCRIPTION} describes", REMEDY)
    return Dataset(
        folder, width, height, digest, pack[:train], pack[train:], mean, std, labels, indices[:train], indices[train:]
    )


def count_labels(dataset: Dataset) -> str:
    """One line on how many images each label has: `cave 12 (none held out), town 11 (2 held out)`."""
    parts = (dataset.train_labels, dataset.holdout_labels)
    counts = zip(*(np.bincount(indices, minlength=len(dataset.labels)).tolist() for indices in parts), strict=True)
    told = [
        f"{name} {train} ({holdout or 'none'} held out)"
        for name, (train, holdout) in zip(dataset.labels, counts, strict=True)
    ]
    return ", ".join(told[:SHOWN_LABELS]) + (f" and {len(told) - SHOWN_LABELS} more" if told[SHOWN_LABELS:] else "")


def signature(folder: Path) -> list[tuple[int, int]]:
    """Size and time of change of the set's files: cheap to look at, and other when the set is made anew."""
    found = [folder / name for name in (DESCRIPTION, PACK)]
    return [(path.stat().st_size, path.stat().st_mtime_ns) if path.is_file() else (0, 0) for path in found]


def write_dataset(
    folder: Path,
    size: tuple[int, int],
    train: Sequence[Entry],
    holdout: Sequence[Entry],
    images: Iterable[Pixels],
) -> None:
    """Write `pack.npy` and `dataset.json`, each beside its place and then moved in.

    Args:
        folder: where to.
        size: width and height of all images.
        train: names of the training part, at least one; all entries have a label, or none has.
        holdout: names of the hold-out.
        images: as many images, uint8 [H, W, 3], in the order of `train` and then `holdout`; they
            are taken one at a time and never held together.

    Raises:
        MapganError: there is nothing to train on.
        ValueError: an image has another size, there are not as many as names, or a label cannot be called so.
    """
    if not train:
        raise MapganError(f"{folder}: no image to train on", "see what prune and resize left out")
    width, height = size
    names = [*train, *holdout]
    count = len(names)
    labels = tuple(sorted({entry.label for entry in names if entry.label}))
    if labels and not all(entry.label for entry in names):
        raise ValueError("some images have a label and some have none")
    check_label_names(labels)
    indices = [labels.index(entry.label) for entry in names] if labels else []
    with atomic_write(folder / PACK) as scratch:
        pack = np.lib.format.open_memmap(scratch, "w+", np.uint8, (count, height, width, 3))
        for index, image in zip(range(count), images, strict=True):
            if image.shape != pack.shape[1:]:
                raise ValueError(f"an image of shape {image.shape} in a set of {pack.shape[1:]}")
            pack[index] = image
        pack.flush()
        digest = _digest(pack, len(train), labels, np.array(indices, np.int64))
        mean, std = _statistics(pack[: len(train)])
        del pack  # Windows moves no file that is still mapped
    description: dict[str, Any] = {
        "format": LABELLED if labels else PLAIN, "width": width, "height": height,
        "train": len(train), "holdout": len(holdout), "digest": digest, "mean": mean, "std": std,
        "images": [{"name": entry.name, "group": entry.group} for entry in names],
    }  # fmt: skip
    if labels:
        description["labels"] = labels
        for image, index in zip(description["images"], indices, strict=True):
            image["label"] = index
    write_json(folder / DESCRIPTION, description)


def _mapped(path: Path) -> Pixels:
    try:
        pack: Pixels = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise MapganError(f"{path}: no such file", REMEDY) from None
    except (ValueError, OSError, EOFError, SyntaxError) as error:
        raise MapganError(f"{path}: damaged ({error})", REMEDY) from None
    if not isinstance(pack, np.memmap):
        raise MapganError(f"{path}: not an array of images", REMEDY)
    return pack


def _channels(values: Any) -> Channels:
    red, green, blue = (float(value) for value in values)
    return red, green, blue


def _pieces(pack: Pixels) -> Iterable[Pixels]:
    """The pack in runs of images that fit in memory."""
    step = max(1, CHUNK_BYTES // max(1, pack[:1].nbytes))
    return (pack[start : start + step] for start in range(0, len(pack), step))


def _labels(said: dict[str, Any], count: int) -> tuple[tuple[str, ...], Labels]:
    """The names of the labels, and the place of each image's among them."""
    if said["format"] == PLAIN:
        return (), np.zeros(count, np.int64)
    names = said["labels"]
    if not (isinstance(names, list) and names and all(isinstance(name, str) for name in names)):
        raise ValueError("no names of labels")
    check_label_names(names)
    indices = [image["label"] for image in said["images"]]
    if len(indices) != count or not all(type(index) is int and 0 <= index < len(names) for index in indices):
        raise ValueError("not a label for each image")
    return tuple(names), np.array(indices, np.int64)


def _digest(pack: Pixels, train: int, labels: tuple[str, ...], indices: Labels) -> str:
    digest = hashlib.sha256(f"{list(pack.shape)} {train}\n".encode())
    if labels:
        digest.update(f"{canonical_json(labels)} {indices.tolist()}\n".encode())
    for piece in _pieces(pack):
        digest.update(np.ascontiguousarray(piece).data)
    return digest.hexdigest()


def _statistics(images: Pixels) -> tuple[Channels, Channels]:
    """Mean and standard deviation of each channel, from whole numbers: exact in any order."""
    levels = np.zeros((3, 256), dtype=np.int64)
    for piece in _pieces(images):
        for channel in range(3):
            levels[channel] += np.bincount(piece[..., channel].ravel(), minlength=256)
    values = np.arange(256) / 255
    fraction = levels / levels.sum(axis=1, keepdims=True)
    mean = (fraction * values).sum(axis=1)
    std = np.sqrt((fraction * (values - mean[:, None]) ** 2).sum(axis=1))
    return _channels(mean.round(8)), _channels(std.round(8))
