"""What each picture of a batch is, as a function of the step and its place in the global batch.

Pictures are uint8 0..255 on disk. They are moved to the device as they are, and only there mirrored, turned, made
float and scaled to [-1, 1], the range of the generator's tanh; in this order, because bytes are four times quicker to
move and to turn. What comes after is done to drawn pictures too: `augment` says what, and in which order. Threads read
the pictures of the next step while the device works on this one; a set that fits on the device is kept there whole.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mapgan import draws
from mapgan.errors import MapganError
from mapgan.params import Train

Pictures = NDArray[np.uint8]


class Supply(Protocol):
    """What a training step asks for; `places` are those of some pictures in the global batch."""

    def real(self, step: int, places: range) -> Tensor:
        """Training pictures, `[B, 3, H, W]` in [-1, 1]."""

    def labels(self, step: int, places: range) -> tuple[Tensor, ...]:
        """Their labels, `[B]` int64, as both networks want them beside their input, or nothing."""

    def latents(self, purpose: str, step: int, places: range) -> Tensor:
        """Latents, `[B, latent]` from N(0, 1)."""

    def noise(self, pictures: Tensor, purpose: str, step: int, places: range) -> Tensor:
        """N(0, 1) noise, shaped and typed like `pictures`, `[B, 3, H, W]`."""

    def keys(self, purpose: str, step: int, places: range) -> Tensor:
        """32 random bits each, `[B]` int64."""

    def uniform(self, purpose: str, step: int, places: range, count: int = 1) -> Tensor:
        """Numbers in [0, 1), `[B, count]`."""


class Batches:
    """The training pictures, shuffled anew in each epoch, and the noise that goes with them.

    Args:
        pictures: `[N, H, W, 3]` uint8, memory-mapped perhaps.
        seed: the run's seed.
        settings: batch size, mirroring and turning.
        latent: numbers in a latent.
        places: the part of each global batch that this process does.
        device: where the networks are.
        resident: keep all pictures in the device's memory.
        workers: threads that read.
        labels: `[N]`, a whole number for each picture, in a set that has labels.
    """

    def __init__(
        self,
        pictures: Pictures,
        seed: int,
        settings: Train,
        latent: int,
        places: range,
        device: torch.device,
        resident: bool = False,
        workers: int = 1,
        labels: NDArray[np.int64] | None = None,
    ) -> None:
        self.pictures, self.seed, self.settings, self.latent = pictures, seed, settings, latent
        self.places, self.device, self.known = places, device, labels
        self.square = pictures.shape[1] == pictures.shape[2]
        self.kept = torch.from_numpy(np.array(pictures)).to(device) if resident else None
        self.workers, self._readers = workers, ThreadPoolExecutor(workers, "read")
        self._read: tuple[int, Tensor] = (-1, torch.empty(0))
        self._ahead: tuple[int, list[Future[None]], Tensor] | None = None
        self._order = lru_cache(maxsize=2)(self._shuffled)
        self._ways = lru_cache(maxsize=64)(self._drawn_ways)  # D's half and G's ask for the same pictures

    def real(self, step: int, places: range) -> Tensor:
        """The pictures at `places` of step `step`'s global batch, `[B, 3, H, W]` in [-1, 1]."""
        if self.kept is not None:
            raw = self.kept[torch.from_numpy(self._numbers(step, places)).to(self.device)]
        else:
            first = self.places.start
            raw = self._raw(step)[places.start - first : places.stop - first].to(self.device, non_blocking=True)
        pictures = self._laid(raw, step, places).permute(0, 3, 1, 2)  # channels last, as the kernels like it
        return pictures.to(torch.get_default_dtype()).div_(127.5).sub_(1.0)

    def labels(self, step: int, places: range) -> tuple[Tensor, ...]:
        """The labels of the pictures at `places`, `[B]`, as both networks want them beside their input, or none.

        Drawn pictures take those of the real ones at their places: so each label comes as often among them, and
        a pair of a real and a drawn picture is of one label.
        """
        if self.known is None:
            return ()
        return (torch.from_numpy(self.known[self._numbers(step, places)]).to(self.device),)

    def latents(self, purpose: str, step: int, places: range) -> Tensor:
        """Latents for `places` of a global batch, `[B, latent]` from N(0, 1)."""
        rows = [draws.normal(self.seed, purpose, step, place, self.latent).astype(np.float32) for place in places]
        return torch.from_numpy(np.stack(rows)).to(self.device, torch.get_default_dtype())

    def noise(self, pictures: Tensor, purpose: str, step: int, places: range) -> Tensor:
        """N(0, 1) noise for each of `pictures`, `[B, 3, H, W]`, drawn on their device."""
        device, shape = pictures.device, pictures.shape[1:]
        noise = torch.empty_like(pictures)
        for row, place in zip(noise, places, strict=True):
            generator = torch.Generator(device).manual_seed(draws.key(self.seed, purpose, step, place))
            row.copy_(torch.randn(shape, generator=generator, device=device))
        return noise

    def keys(self, purpose: str, step: int, places: range) -> Tensor:
        """32 random bits for each of `places`, `[B]` int64, to seed masks with."""
        found = [draws.key(self.seed, purpose, step, place, bits=32) for place in places]
        return torch.tensor(found, device=self.device)

    def uniform(self, purpose: str, step: int, places: range, count: int = 1) -> Tensor:
        """`count` numbers in [0, 1) for each of `places`, `[B, count]`; of 24 bits, so that float32 holds them."""
        rows = np.stack([draws.uniform(self.seed, purpose, step, place, count) for place in places])
        return torch.from_numpy(np.floor(rows * 2**24) * 2.0**-24).to(torch.get_default_dtype()).to(self.device)

    def _raw(self, step: int) -> Tensor:
        """This process's pictures of a step as they are stored, `[share, H, W, 3]` uint8, read ahead of time."""
        if self._read[0] != step:
            ahead = self._ahead if self._ahead and self._ahead[0] == step else self._begin(step)
            for piece in ahead[1]:
                piece.result()
            self._read = (step, ahead[2])
            self._ahead = self._begin(step + 1)
        return self._read[1]

    def _begin(self, step: int) -> tuple[int, list[Future[None]], Tensor]:
        """Have the readers fetch a step's pictures."""
        self._check_length()
        numbers = self._numbers(step, self.places)
        shape = (len(numbers), *self.pictures.shape[1:])
        buffer = torch.empty(shape, dtype=torch.uint8, pin_memory=self.device.type == "cuda")
        rows = buffer.numpy()

        def read(some: slice) -> None:
            np.take(self.pictures, numbers[some], axis=0, out=rows[some], mode="clip")  # `raise` would copy twice

        size = -(-len(numbers) // self.workers)
        pieces = [slice(start, start + size) for start in range(0, len(numbers), size)]
        return step, [self._readers.submit(read, piece) for piece in pieces], buffer

    def _check_length(self) -> None:
        """To read behind the end of a mapped file would kill the process without a word."""
        pictures = self.pictures
        if not isinstance(pictures, np.memmap) or pictures.filename is None:
            return
        if Path(pictures.filename).stat().st_size < pictures.offset + pictures.nbytes:
            raise MapganError(f"{pictures.filename}: was cut short while training", "make it anew with resize")

    def _numbers(self, step: int, places: range) -> NDArray[np.int64]:
        """Which pictures of the set stand at `places` of a step's global batch."""
        found = []
        for place in places:
            epoch, position = divmod(step * self.settings.batch_size + place, len(self.pictures))
            found.append(self._order(epoch)[position])
        return np.array(found, np.int64)

    def _laid(self, raw: Tensor, step: int, places: range) -> Tensor:
        """`raw`, `[B, H, W, 3]`, each picture turned and then mirrored as its draws want it."""
        laid = torch.empty_like(raw)
        for (turns, mirror), rows in self._ways(step, places).items():
            some = torch.rot90(raw[rows], turns, dims=(1, 2))
            laid[rows] = some.flip(2) if mirror else some
        return laid

    def _drawn_ways(self, step: int, places: range) -> dict[tuple[int, int], list[int]]:
        """Which rows of a batch are turned so often and mirrored or not."""
        ways: dict[tuple[int, int], list[int]] = {}
        for row, place in enumerate(places):
            turns = draws.integer(self.seed, "turn", step, place, 4) if self.settings.turn else 0
            turns = turns if self.square else 2 * (turns % 2)
            mirror = draws.integer(self.seed, "mirror", step, place, 2) if self.settings.mirror else 0
            ways.setdefault((turns, mirror), []).append(row)
        return ways

    def _shuffled(self, epoch: int) -> NDArray[np.int64]:
        return draws.permutation(self.seed, "order", epoch, len(self.pictures))
