"""A ready-made set in memory: images and perhaps labels, in a train split and perhaps a test split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapgan.dataset.label_names import clean_label
from mapgan.errors import MapganError

Array = NDArray[Any]
Pixels = NDArray[np.uint8]

# what the names of files and arrays contain, by split
TRAIN = ("train",)
TEST = ("t10k", "test")
VALIDATION = ("val",)  # not used


@dataclass(frozen=True)
class Split:
    """Images, each uint8 `[H, W]` or `[H, W, 3]`, and one label per image, or no labels at all."""

    images: Sequence[Pixels] | Pixels
    labels: Sequence[str] = ()


@dataclass(frozen=True)
class ReadySet:
    """The split to train on, and the test split if the set has one."""

    train: Split
    test: Split | None = None

    @property
    def side(self) -> int:
        """The shorter side of the first image, pixels."""
        first: Pixels = self.train.images[0]
        return int(min(first.shape[:2]))


def from_arrays(arrays: Mapping[str, Array], where: str, class_names: Sequence[str] = ()) -> ReadySet:
    """Build a set from named arrays: those of an NPZ or CSV file, or of several files in a folder.

    In each split, the one array with three or more axes holds the images. An array of integers or strings with one
    element per image holds the labels.

    Args:
        arrays: by name; arrays with `test` or `t10k` in their name are the test split, those with `val` are not used.
        where: the file or folder, for errors.
        class_names: the names of the labels 0, 1, 2 ..., where they are known.

    Raises:
        MapganError: there are no images, or it is not clear which array holds them.
    """
    train = {name: array for name, array in arrays.items() if not name_has(name, (*TEST, *VALIDATION))}
    test = {name: array for name, array in arrays.items() if name_has(name, TEST)}
    has_test = any(array.ndim >= 3 for array in test.values())
    if has_test and not any(array.ndim >= 3 for array in train.values()):
        train, has_test = test, False  # a test split alone is trained on
    return ReadySet(_split(train, where, class_names), _split(test, where, class_names) if has_test else None)


def name_has(name: str, words: Sequence[str]) -> bool:
    """Whether the name of a file or an array contains one of `words`."""
    return any(word in name.lower() for word in words)


def _split(arrays: Mapping[str, Array], where: str, class_names: Sequence[str]) -> Split:
    candidates = {name: array for name, array in arrays.items() if array.ndim >= 3}
    if len(candidates) != 1:
        shapes = "; ".join(f"{name} {list(array.shape)}" for name, array in sorted(arrays.items())) or "no arrays"
        raise MapganError(
            f"{where}: expected one array of images, [N, H, W] or [N, H, W, 3], got {shapes}",
            "keep the images of one split in one array",
        )
    ((name, array),) = candidates.items()
    images = _as_images(array, f"{where}, {name}")
    lists = [other.reshape(-1) for other in arrays.values() if other.size == len(images) and other.ndim <= 2]
    labels = next((values for values in lists if values.dtype.kind in "iuUS"), None)
    return Split(images, () if labels is None else _label_names(labels, class_names, where))


def _label_names(labels: Array, class_names: Sequence[str], where: str) -> list[str]:
    if labels.dtype.kind in "iu" and class_names:
        if labels.size and not 0 <= labels.min() <= labels.max() < len(class_names):
            raise MapganError(
                f"{where}: labels from {labels.min()} to {labels.max()}, expected 0 to {len(class_names) - 1}",
                "check that dataset.name fits these files",
            )
        return [class_names[label] for label in labels]
    texts = [label.decode("utf-8", "replace") if isinstance(label, bytes) else str(label) for label in labels]
    return [clean_label(text) or "?" for text in texts]


def _as_images(array: Array, where: str) -> Pixels:
    """Any usual layout and number type as uint8 `[N, H, W]` or `[N, H, W, 3]`."""
    channels_first = array.ndim == 4 and array.shape[1] in (1, 3) and array.shape[3] not in (1, 3)
    images = np.moveaxis(array, 1, 3) if channels_first else array
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] != 3) or not images.size:
        raise MapganError(f"{where}: shape {list(array.shape)} is not that of images", "use [N, H, W] or [N, H, W, 3]")
    return images if images.dtype == np.uint8 else _as_bytes(images, where)


def _as_bytes(array: Array, where: str) -> Pixels:
    """Values in 0..1 or 0..255 as uint8."""
    if array.dtype.kind not in "biuf" or not np.isfinite(low := float(array.min())):
        raise MapganError(f"{where}: values are not all finite numbers", "use numbers from 0 to 255, or from 0 to 1")
    high = float(array.max())
    if low < 0 or not high <= 255:
        raise MapganError(f"{where}: values from {low:g} to {high:g}", "use numbers from 0 to 255, or from 0 to 1")
    scale = 255.0 if array.dtype.kind == "b" or (array.dtype.kind == "f" and high <= 1) else 1.0
    return np.stack([np.rint(image * scale).astype(np.uint8) for image in array])
