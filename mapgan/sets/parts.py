"""A ready-made set: images, and labels if there are any, in a training part and a test part."""

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

TEST = ("t10k", "test")  # in the names of files and arrays of a test part
LEFT_OUT = ("val",)


@dataclass(frozen=True)
class Part:
    """Images, `[H, W]` or `[H, W, 3]` uint8 each, and their labels, or no labels."""

    images: Sequence[Pixels] | Pixels
    labels: Sequence[str] = ()


@dataclass(frozen=True)
class ReadySet:
    """The training part, and the test part if there is one."""

    train: Part
    test: Part | None = None

    @property
    def side(self) -> int:
        """The shorter side of the first image, pixels."""
        first: Pixels = self.train.images[0]
        return int(min(first.shape[:2]))


def from_arrays(arrays: Mapping[str, Array], where: str, words: Sequence[str] = ()) -> ReadySet:
    """The set made of named arrays, from an NPZ file or from several files in a folder.

    In each part, the array with three or more axes holds the images; an array with as many integers or texts holds
    their labels.

    Args:
        arrays: by name; names with `test` or `t10k` belong to the test part.
        where: the file or folder, for errors.
        words: names of the labels 0, 1, 2 ..., if they are known.

    Raises:
        MapganError: there are no images, or several candidates.
    """
    train = {name: array for name, array in arrays.items() if not _has(name, (*TEST, *LEFT_OUT))}
    test = {name: array for name, array in arrays.items() if is_test(name)}
    held_out = any(array.ndim >= 3 for array in test.values())
    if held_out and not any(array.ndim >= 3 for array in train.values()):
        train, held_out = test, False
    return ReadySet(_part(train, where, words), _part(test, where, words) if held_out else None)


def is_test(name: str) -> bool:
    """Whether a file or an array of this name belongs to the test part."""
    return _has(name, TEST)


def _has(name: str, words: Sequence[str]) -> bool:
    return any(word in name.lower() for word in words)


def _part(arrays: Mapping[str, Array], where: str, words: Sequence[str]) -> Part:
    found = {name: array for name, array in arrays.items() if array.ndim >= 3}
    if len(found) != 1:
        contents = "; ".join(f"{name} {list(array.shape)}" for name, array in sorted(arrays.items())) or "nothing"
        raise MapganError(
            f"{where}: holds {contents}, where one array of images is expected", "[N, height, width] or [N, H, W, 3]"
        )
    ((name, array),) = found.items()
    images = _as_images(array, f"{where}, {name}")
    lists = [other.reshape(-1) for other in arrays.values() if other.size == len(images) and other.ndim <= 2]
    labels = next((each for each in lists if each.dtype.kind in "iuUS"), None)
    return Part(images, () if labels is None else _words(labels, words, where))


def _words(labels: Array, words: Sequence[str], where: str) -> list[str]:
    if labels.dtype.kind in "iu" and words:
        if labels.size and not 0 <= labels.min() <= labels.max() < len(words):
            raise MapganError(f"{where}: a label of {labels.max()}, where there are {len(words)}", "is it this set?")
        return [words[number] for number in labels]
    plain = [label.decode("utf-8", "replace") if isinstance(label, bytes) else str(label) for label in labels]
    return [clean_label(label) or "?" for label in plain]


def _as_images(array: Array, where: str) -> Pixels:
    """Any common layout and number type as `[N, H, W]` or `[N, H, W, 3]` uint8."""
    channels_first = array.ndim == 4 and array.shape[1] in (1, 3) and array.shape[3] not in (1, 3)
    laid = np.moveaxis(array, 1, 3) if channels_first else array
    if laid.ndim == 4 and laid.shape[3] == 1:
        laid = laid[..., 0]
    if laid.ndim not in (3, 4) or (laid.ndim == 4 and laid.shape[3] != 3) or not laid.size:
        raise MapganError(f"{where}: {list(array.shape)} are not images", "[N, height, width] or [N, H, W, 3] are")
    return laid if laid.dtype == np.uint8 else _as_bytes(laid, where)


def _as_bytes(array: Array, where: str) -> Pixels:
    """Values in [0, 1] or in [0, 255] as uint8."""
    if array.dtype.kind not in "biuf" or not np.isfinite(low := float(array.min())):
        raise MapganError(f"{where}: its values are not brightnesses", "numbers from 0 to 255, or from 0 to 1, are")
    high = float(array.max())
    if low < 0 or not high <= 255:
        raise MapganError(f"{where}: values from {low:g} to {high:g}", "brightnesses are from 0 to 255, or from 0 to 1")
    scale = 255.0 if array.dtype.kind == "b" or (array.dtype.kind == "f" and high <= 1) else 1.0
    return np.stack([np.rint(image * scale).astype(np.uint8) for image in array])
