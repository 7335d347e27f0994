"""Sets of images that need not fit in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mapgan import rng

Pixels = NDArray[np.uint8]


class Images(Protocol):
    """Images of one size: an array `[N, H, W, 3]` uint8, memory-mapped or not, or a subset of one."""

    def __len__(self) -> int: ...

    def __getitem__(self, some: slice, /) -> Any: ...


@dataclass(frozen=True)
class Subset:
    """The images of `pack` at `indices`, read when they are accessed."""

    pack: Pixels
    indices: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, some: slice, /) -> Pixels:
        return np.asarray(self.pack[self.indices[some]])


def random_subset(pack: Pixels, count: int, seed: int, purpose: str) -> Subset:
    """A random subset of `count` images of `pack`, in their order there."""
    return Subset(pack, np.sort(rng.permutation(seed, purpose, 0, len(pack))[:count]))


def iterate(images: Images) -> Iterator[Pixels]:
    """Iterate over the images, `[H, W, 3]`."""
    for index in range(len(images)):
        yield np.asarray(images[index : index + 1][0])


def store_on_disk(images: Iterable[Pixels], shape: tuple[int, int, int, int], folder: Path) -> Pixels:
    """Images from an iterator as an array of `shape` `[N, H, W, 3]` in a temporary file, which lives as long as the
    array.

    In memory, 500 images of 2048 x 2048 would take 6 GB.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as scratch:
        array = np.memmap(scratch, np.uint8, "w+", shape=shape)
    for index, image in enumerate(images):
        array[index] = image
    return array
