"""Ready-made sets that torchvision downloads; torchvision is imported only when one is needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np

from mapgan.errors import MapganError
from mapgan.sets.splits import Pixels, ReadySet, Split


def download(name: str, folder: Path, class_names: Sequence[str]) -> ReadySet:
    """Download the set `name` with torchvision's own dataset class.

    Args:
        name: mnist, fashion-mnist or faces (CelebA).
        folder: where torchvision keeps its files; what is there is not downloaded again.
        class_names: the names of the labels 0, 1, 2 ...; faces have none.

    Raises:
        MapganError: the set cannot be downloaded.
    """
    from torchvision import datasets

    folder.mkdir(parents=True, exist_ok=True)
    try:
        if name == "faces":
            train, test = (datasets.CelebA(folder, split, download=True) for split in ("train", "test"))
            return ReadySet(Split(LazyImages(train)), Split(LazyImages(test)))
        dataset = {"mnist": datasets.MNIST, "fashion-mnist": datasets.FashionMNIST}[name]
        train, test = (dataset(folder, is_train, download=True) for is_train in (True, False))
        return ReadySet(_labelled(train, class_names), _labelled(test, class_names))
    except (OSError, RuntimeError, ValueError, ImportError) as error:
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise MapganError(
            f"{name}: torchvision cannot download it ({why})", "download its files and name them with dataset.path"
        ) from None


def _labelled(dataset: Any, class_names: Sequence[str]) -> Split:
    return Split(dataset.data.numpy(), [class_names[int(target)] for target in dataset.targets])


class LazyImages(Sequence[Pixels]):
    """The images of a torchvision dataset, uint8 `[H, W, 3]`, each decoded when it is indexed."""

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    @overload
    def __getitem__(self, index: int) -> Pixels: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Pixels]: ...
    def __getitem__(self, index: int | slice) -> Pixels | Sequence[Pixels]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        image, _ = self.dataset[index]
        return np.asarray(image.convert("RGB"), np.uint8)
