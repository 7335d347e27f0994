"""Labels of squares: which label each square of each image of a training set has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mapgan.errors import MapganError
from mapgan.files import atomic_write

LABEL_MAPS = "labels.npy"
REMEDY = "make it again with resize"


@dataclass(frozen=True)
class LabelMaps:
    """The label of each square of each image.

    Args:
        names: of the labels.
        square: side of a square, pixels.
        indices: `[N + M, rows, columns]` uint8, in the order of the images.
    """

    names: tuple[str, ...]
    square: int
    indices: NDArray[np.uint8]


def save_label_maps(folder: Path, label_maps: LabelMaps | None) -> None:
    """Write `labels.npy`, or remove that of an earlier set."""
    if label_maps is None:
        (folder / LABEL_MAPS).unlink(missing_ok=True)
        return
    with atomic_write(folder / LABEL_MAPS) as temporary, temporary.open("wb") as stream:
        np.save(stream, label_maps.indices, allow_pickle=False)


def open_label_maps(folder: Path, shape: tuple[int, ...], labels: int) -> NDArray[np.int64]:
    """The indices of `labels.npy`, of this shape and below `labels`.

    Raises:
        MapganError: the file is missing or damaged, or does not match.
    """
    path = folder / LABEL_MAPS
    try:
        indices = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise MapganError(f"{path}: no such file", REMEDY) from None
    except (ValueError, OSError, EOFError, SyntaxError) as error:
        raise MapganError(f"{path}: damaged ({error})", REMEDY) from None
    if indices.shape != shape or indices.dtype != np.uint8 or (indices.size and indices.max() >= labels):
        raise MapganError(f"{path}: not a label for each square of each image", REMEDY)
    return np.asarray(indices, np.int64)
