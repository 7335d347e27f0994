"""The format of a training set: `dataset.json` and `pack.npy` in one folder, and `labels.npy` if squares have labels.

`pack.npy` holds all images as `[N + M, H, W, 3]` uint8, first the N training images and then the M held-out ones. It
is memory-mapped, so a set may be larger than memory. `dataset.json` holds the numbers, names, groups and labels of
the images, and a digest of the pixels, the labels and the scale. A set of tiles has some held-out maps as a whole in
`whole/`, at the same scale.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapgan.dataset.label_maps import LABEL_MAPS, REMEDY, LabelMaps, open_label_maps, save_label_maps
from mapgan.dataset.label_names import check_label_names
from mapgan.errors import MapganError
from mapgan.files import atomic_write, canonical_json, read_json, write_json

FORMAT = 3
DESCRIPTION, PACK, WHOLE_MAPS = "dataset.json", "pack.npy", "whole"
CHUNK_BYTES = 1 << 25
MAX_NAMED_LABELS = 20  # in a line that counts them

Pixels = NDArray[np.uint8]
Color = tuple[int, int, int]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Entry:
    """The name of an image in the pack, its group (the map of which it is a part), and its label or an empty text."""

    name: str
    group: str
    label: str = ""


@dataclass(frozen=True)
class Dataset:
    """A training set.

    Attributes:
        folder: of its files.
        width: of all images, pixels.
        height: the same.
        digest: SHA-256 over shape, number of training images, labels, size of the squares and pixels.
        train: `[N, H, W, 3]` uint8, memory-mapped, read-only.
        holdout: `[M, H, W, 3]` uint8, the same; M may be 0.
        labels: the names of the labels, sorted; empty if there are none.
        train_labels: `[N]`, index of each training image's label in `labels`; zeros without labels. With label maps
            `[N, rows, columns]`, that of each square.
        holdout_labels: `[M]` or `[M, rows, columns]`, the same for the hold-out.
        pixels_per_square: of the battle grid; 0 if it is not known.
        label_square: side of the squares of label maps, pixels; 0 if each image has one label, or none.
        plan_colors: in a set of label images, the colour of each label, red, green and blue, 0 to 255.
    """

    folder: Path
    width: int
    height: int
    digest: str
    train: Pixels
    holdout: Pixels
    labels: tuple[str, ...]
    train_labels: Labels
    holdout_labels: Labels
    pixels_per_square: float = 0.0
    label_square: int = 0
    plan_colors: dict[str, Color] = field(default_factory=dict)


def is_dataset(folder: Path) -> bool:
    """Whether `folder` has a `dataset.json`; `open_dataset` checks the rest."""
    return (folder / DESCRIPTION).is_file()


def open_dataset(folder: Path, verify: bool = True) -> Dataset:
    """Open a training set and check that it is complete.

    Args:
        folder: with `dataset.json` and `pack.npy`.
        verify: also read all pixels and compare their digest (about a second per GB).

    Raises:
        MapganError: a file is missing, damaged, of another format, or does not match the other one.
    """
    path = folder / DESCRIPTION
    if not is_dataset(folder):
        raise MapganError(f"{folder} is no training set: it has no {DESCRIPTION}", REMEDY)
    description = read_json(path)
    version = description.get("format") if isinstance(description, dict) else None
    if version != FORMAT:
        raise MapganError(f"{path}: format {version!r}, where this version of mapgan reads format {FORMAT}", REMEDY)
    pack = _open_pack(folder / PACK)
    try:
        width, height, train, holdout = (int(description[key]) for key in ("width", "height", "train", "holdout"))
        digest, square = str(description["digest"]), float(description.get("pixels_per_square", 0))
        label_square = int(description.get("label_square", 0))
        plan_colors = {str(name): _color(rgb) for name, rgb in description.get("plan_colors", {}).items()}
        labels, indices = _labels(description, train + holdout)
    except (KeyError, TypeError, ValueError) as error:
        raise MapganError(f"{path}: damaged ({error})", REMEDY) from None
    expected = (train + holdout, height, width, 3)
    if pack.shape != expected or pack.dtype != np.uint8 or train < 1 or holdout < 0:
        raise MapganError(
            f"{folder / PACK}: holds {pack.dtype} {list(pack.shape)}, where {DESCRIPTION} says uint8 "
            f"{list(expected)} with {train} for training",
            REMEDY,
        )
    if label_square:
        shape = (train + holdout, height // label_square, width // label_square)
        indices = open_label_maps(folder, shape, len(labels))
    if verify and _digest(pack, train, labels, indices, square) != digest:
        raise MapganError(f"{folder / PACK}: its pixels are not those that {DESCRIPTION} describes", REMEDY)
    train_labels, holdout_labels = indices[:train], indices[train:]
    return Dataset(
        folder,
        width,
        height,
        digest,
        pack[:train],
        pack[train:],
        labels,
        train_labels,
        holdout_labels,
        square,
        label_square,
        plan_colors,
    )


def count_labels(dataset: Dataset) -> str:
    """The number of images per label as text: `cave 12 (none held out), town 11 (2 held out)`.

    With label maps, the fraction of the squares: `sea 31 %, wood 12 %`.
    """
    if dataset.label_square:
        squares = np.bincount(dataset.train_labels.ravel(), minlength=len(dataset.labels))
        shares = (squares / squares.sum()).tolist()
        return ", ".join(f"{name} {share:.0%}" for name, share in zip(dataset.labels, shares, strict=True))
    parts = (dataset.train_labels, dataset.holdout_labels)
    counts = zip(*(np.bincount(part, minlength=len(dataset.labels)).tolist() for part in parts), strict=True)
    texts = [
        f"{name} {train} ({holdout or 'none'} held out)"
        for name, (train, holdout) in zip(dataset.labels, counts, strict=True)
    ]
    more = len(texts) - MAX_NAMED_LABELS
    return ", ".join(texts[:MAX_NAMED_LABELS]) + (f" and {more} more" if more > 0 else "")


def file_signature(folder: Path) -> list[tuple[int, int]]:
    """Sizes and modification times of the set's files, which change when the set is made again."""
    paths = [folder / name for name in (DESCRIPTION, PACK, LABEL_MAPS)]
    return [(path.stat().st_size, path.stat().st_mtime_ns) if path.is_file() else (0, 0) for path in paths]


def write_dataset(
    folder: Path,
    size: tuple[int, int],
    train: Sequence[Entry],
    holdout: Sequence[Entry],
    images: Iterable[Pixels],
    pixels_per_square: float = 0.0,
    label_maps: LabelMaps | None = None,
    plan_colors: dict[str, Color] | None = None,
) -> None:
    """Write `pack.npy`, `labels.npy` if there are label maps, and `dataset.json`, each atomically.

    Args:
        folder: where to write.
        size: width and height of all images.
        train: the training images, at least one; either all entries have a label or none has.
        holdout: the held-out images.
        images: `[H, W, 3]` uint8 each, in the order of `train` and then `holdout`; one is in memory at a time.
        pixels_per_square: of the battle grid; 0 if it is not known.
        label_maps: labels of the squares, if there are any; then no entry has a label.
        plan_colors: of the labels, if the images are label images.

    Raises:
        MapganError: there is nothing to train on.
        ValueError: an image has another size, there are too many or too few, or a label has no valid name.
    """
    if not train:
        raise MapganError(f"{folder}: no image to train on", "see what prune and resize left out")
    width, height = size
    entries = [*train, *holdout]
    labels = tuple(sorted({entry.label for entry in entries if entry.label}))
    if labels and not all(entry.label for entry in entries):
        raise ValueError("some images have a label and some have none")
    check_label_names(labels)
    indices = np.array([labels.index(entry.label) for entry in entries] if labels else [], np.int64)
    if label_maps:
        labels, indices = label_maps.names, label_maps.indices.astype(np.int64)
    save_label_maps(folder, label_maps)
    shape = (len(entries), height, width, 3)
    levels = np.zeros((3, 256), np.int64)  # histograms of the training images
    with atomic_write(folder / PACK, size=len(entries) * height * width * 3) as temporary:
        pack = np.lib.format.open_memmap(temporary, "w+", np.uint8, shape)
        for index, image in zip(range(len(entries)), images, strict=True):
            if image.shape != shape[1:]:
                raise ValueError(f"an image of shape {image.shape} in a set of {shape[1:]}")
            pack[index] = image
            if index < len(train):
                levels += [np.bincount(image[..., channel].ravel(), minlength=256) for channel in range(3)]
        pack.flush()
        digest = _digest(pack, len(train), labels, indices, pixels_per_square)
        del pack  # Windows replaces no file that is still mapped
    mean, std = _mean_and_std(levels)
    description: dict[str, Any] = {
        "format": FORMAT, "width": width, "height": height,
        "train": len(train), "holdout": len(holdout), "digest": digest, "mean": mean, "std": std,
        "pixels_per_square": pixels_per_square,
        "images": [{"name": entry.name, "group": entry.group} for entry in entries],
    }  # fmt: skip
    if labels:
        description["labels"] = labels
    if label_maps:
        description["label_square"] = label_maps.square
    elif labels:
        for image_entry, index in zip(description["images"], indices.tolist(), strict=True):
            image_entry["label"] = index
    if plan_colors:
        description["plan_colors"] = plan_colors
    write_json(folder / DESCRIPTION, description)


def _open_pack(path: Path) -> Pixels:
    try:
        pack: Pixels = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise MapganError(f"{path}: no such file", REMEDY) from None
    except (ValueError, OSError, EOFError, SyntaxError) as error:
        raise MapganError(f"{path}: damaged ({error})", REMEDY) from None
    if not isinstance(pack, np.memmap):
        raise MapganError(f"{path}: not an array of images", REMEDY)
    return pack


def _labels(description: dict[str, Any], count: int) -> tuple[tuple[str, ...], Labels]:
    """The names of the labels, and the index of each image's label."""
    if "labels" not in description:
        return (), np.zeros(count, np.int64)
    names = description["labels"]
    if not (isinstance(names, list) and names and all(isinstance(name, str) for name in names)):
        raise ValueError("no names of labels")
    check_label_names(names)
    if "label_square" in description:
        if not 0 < int(description["label_square"]) <= int(description["width"]):
            raise ValueError("no size of the squares of label maps")
        return tuple(names), np.zeros(0, np.int64)  # in a file of their own
    indices = [image["label"] for image in description["images"]]
    if len(indices) != count or not all(type(index) is int and 0 <= index < len(names) for index in indices):
        raise ValueError("not a label for each image")
    return tuple(names), np.array(indices, np.int64)


def _color(rgb: Sequence[int]) -> Color:
    red, green, blue = map(int, rgb)
    return red, green, blue


def _digest(pack: Pixels, train: int, labels: tuple[str, ...], indices: Labels, square: float) -> str:
    digest = hashlib.sha256(f"{list(pack.shape)} {train}\n".encode())
    if labels:
        numbers = indices.tolist() if indices.ndim == 1 else hashlib.sha256(indices.astype(np.uint8).data).hexdigest()
        digest.update(f"{canonical_json(labels)} {numbers}\n".encode())
    if square:
        digest.update(f"{square}\n".encode())
    step = max(1, CHUNK_BYTES // max(1, pack[:1].nbytes))
    for start in range(0, len(pack), step):
        digest.update(np.ascontiguousarray(pack[start : start + step]).data)
    return digest.hexdigest()


def _mean_and_std(levels: NDArray[np.int64]) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of each channel, in [0, 1], from histograms `[3, 256]`: exact in any order."""
    values = np.arange(256) / 255
    fractions = levels / levels.sum(axis=1, keepdims=True)
    mean = (fractions * values).sum(axis=1)
    std = np.sqrt((fractions * (values - mean[:, None]) ** 2).sum(axis=1))
    return mean.round(8).tolist(), std.round(8).tolist()
