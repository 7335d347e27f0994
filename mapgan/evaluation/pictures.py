"""Sets of pictures that need not fit in memory: whoever measures them takes a few at a time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mapgan import draws

Pixels = NDArray[np.uint8]


class Pictures(Protocol):
    """A number of pictures of one size: an array `[N, H, W, 3]`, memory-mapped or not, or a choice of such."""

    def __len__(self) -> int: ...

    def __getitem__(self, some: slice, /) -> Any: ...


@dataclass(frozen=True)
class Chosen:
    """Pictures of `pack` at `places`, read when they are asked for."""

    pack: Pixels
    places: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, some: slice, /) -> Pixels:
        return np.asarray(self.pack[self.places[some]])


def choose(pack: Pixels, count: int, seed: int, purpose: str) -> Chosen:
    """`count` pictures of `pack`, drawn without doubles, in the order in which they lie."""
    return Chosen(pack, np.sort(draws.permutation(seed, purpose, 0, len(pack))[:count]))


def each(pictures: Pictures) -> Iterator[Pixels]:
    """One picture after the other, `[H, W, 3]`."""
    for place in range(len(pictures)):
        yield np.asarray(pictures[place : place + 1][0])


def kept_on_disk(pictures: Iterable[Pixels], shape: tuple[int, int, int, int], folder: Path) -> Pixels:
    """Pictures that come one at a time as one array of `shape` [N, H, W, 3], in a nameless file that is gone when the
    array is: five hundred of 2048 x 2048 would be 6 GB of memory."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as scratch:
        array = np.memmap(scratch, np.uint8, "w+", shape=shape)
    for place, picture in enumerate(pictures):
        array[place] = picture
    return array
