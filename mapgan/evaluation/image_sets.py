"""Sets of images that need not fit in memory: whoever measures them takes a few at a time."""

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
    """A number of images of one size: an array `[N, H, W, 3]`, memory-mapped or not, or a choice of such."""

    def __len__(self) -> int: ...

    def __getitem__(self, some: slice, /) -> Any: ...


@dataclass(frozen=True)
class Subset:
    """Images of `pack` at `places`, read when they are asked for."""

    pack: Pixels
    indices: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, some: slice, /) -> Pixels:
        return np.asarray(self.pack[self.indices[some]])


def random_subset(pack: Pixels, count: int, seed: int, purpose: str) -> Subset:
    """`count` images of `pack`, drawn without duplicates, in the order in which they lie."""
    return Subset(pack, np.sort(rng.permutation(seed, purpose, 0, len(pack))[:count]))


def iterate(images: Images) -> Iterator[Pixels]:
    """One image after the other, `[H, W, 3]`."""
    for index in range(len(images)):
        yield np.asarray(images[index : index + 1][0])


def store_on_disk(images: Iterable[Pixels], shape: tuple[int, int, int, int], folder: Path) -> Pixels:
    """Images that come one at a time as one array of `shape` [N, H, W, 3], in a nameless file that is gone when the
    array is: five hundred of 2048 x 2048 would be 6 GB of memory."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as scratch:
        array = np.memmap(scratch, np.uint8, "w+", shape=shape)
    for index, image in enumerate(images):
        array[index] = image
    return array
