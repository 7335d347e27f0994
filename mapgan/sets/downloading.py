"""Sets that torchvision downloads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np

from mapgan.errors import MapganError
from mapgan.sets.parts import Part, Pixels, ReadySet


def download(name: str, folder: Path, words: Sequence[str]) -> ReadySet:
    """The set called `name`, with torchvision, which stores its files in `folder`.

    Raises:
        MapganError: it cannot be downloaded.
    """
    from torchvision import datasets

    folder.mkdir(parents=True, exist_ok=True)
    try:
        if name == "faces":
            return ReadySet(*(Part(Photos(datasets.CelebA(folder, part, download=True))) for part in ("train", "test")))
        kind = {"mnist": datasets.MNIST, "fashion-mnist": datasets.FashionMNIST}[name]
        return ReadySet(*(_digits(kind(folder, train, download=True), words) for train in (True, False)))
    except (OSError, RuntimeError, ValueError, ImportError) as error:
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise MapganError(
            f"{name}: torchvision could not download it ({why})", "download its files and set dataset.path"
        ) from None


def _digits(found: Any, words: Sequence[str]) -> Part:
    return Part(found.data.numpy(), [words[int(number)] for number in found.targets])


class Photos(Sequence[Pixels]):
    """The images of a torchvision set, each decoded when it is accessed."""

    def __init__(self, found: Any) -> None:
        self.found = found

    def __len__(self) -> int:
        return len(self.found)

    @overload
    def __getitem__(self, index: int) -> Pixels: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Pixels]: ...
    def __getitem__(self, index: int | slice) -> Pixels | Sequence[Pixels]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        image, _ = self.found[index]
        return np.asarray(image.convert("RGB"), np.uint8)
