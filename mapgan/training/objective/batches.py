"""What each image of a batch is, as a function of the step and its place in the global batch.

Images are uint8 0..255 on disk. They are moved to the device as they are, and only there mirrored, turned, made
float and scaled to [-1, 1], the range of the generator's tanh; in this order, because bytes are four times quicker to
move and to turn. What comes after is done to generated images too: `augment` says what, and in which order. Threads read
the images of the next step while the device works on this one; a set that fits on the device is kept there whole.
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

from mapgan import rng
from mapgan.errors import MapganError
from mapgan.params import Train
from mapgan.training.objective.step_rng import Request, StepRng, image_noise, to_device

Images = NDArray[np.uint8]
COPIED_AT_ONCE = 1 << 26  # bytes


class BatchSource(Protocol):
    """What a training step asks for; `places` are those of some images in the global batch."""

    def real(self, step: int, indices: range) -> Tensor:
        """Training images, `[B, 3, H, W]` in [-1, 1]."""

    def labels(self, step: int, indices: range) -> tuple[Tensor, ...]:
        """Their labels, `[B]` int64, as both networks want them beside their input, or nothing."""

    def latents(self, purpose: str, step: int, indices: range) -> Tensor:
        """Latents, `[B, latent]` from N(0, 1)."""

    def noise(self, images: Tensor, purpose: str, step: int, indices: range) -> Tensor:
        """N(0, 1) noise, shaped and typed like `images`, `[B, 3, H, W]`."""

    def keys(self, purpose: str, step: int, indices: range) -> Tensor:
        """32 random bits each, `[B]` int64."""

    def uniform(self, purpose: str, step: int, indices: range, count: int = 1) -> Tensor:
        """Numbers in [0, 1), `[B, count]`."""


class Batches:
    """The training images, shuffled anew in each epoch, and the noise that goes with them.

    Args:
        images: `[N, H, W, 3]` uint8, memory-mapped perhaps.
        seed: the run's seed.
        settings: batch size, mirroring and turning.
        latent: numbers in a latent.
        places: the part of each global batch that this process does.
        device: where the networks are.
        resident: keep all images in the device's memory.
        workers: threads that read.
        labels: `[N]`, a whole number for each image, in a set that has labels.
    """

    def __init__(
        self,
        images: Images,
        seed: int,
        settings: Train,
        latent: int,
        indices: range,
        device: torch.device,
        resident: bool = False,
        workers: int = 1,
        labels: NDArray[np.int64] | None = None,
    ) -> None:
        self.images, self.seed, self.settings, self.latent = images, seed, settings, latent
        self.indices, self.device, self.known = indices, device, labels
        self.rng = StepRng(seed, indices, device)
        height, width = images.shape[1:3]
        self.orientations = _orientations(height, width).to(device)
        self.rows = torch.arange(height, dtype=torch.int32, device=device)[:, None]
        self.columns = torch.arange(width, dtype=torch.int32, device=device)
        self.kept = _copied(images, device) if resident else None
        self.workers, self._readers = workers, ThreadPoolExecutor(workers, "read")
        self._read: tuple[int, Tensor] = (-1, torch.empty(0))
        self._ahead: tuple[int, list[Future[None]], Tensor] | None = None
        self._order = lru_cache(maxsize=2)(self._shuffled)

    def real(self, step: int, indices: range) -> Tensor:
        """The images at `places` of step `step`'s global batch, `[B, 3, H, W]` in [-1, 1]."""
        if self.kept is not None:
            raw = self.kept[self._on_device(self._image_indices(step, indices))]
        else:
            first = self.indices.start
            raw = self._raw(step)[indices.start - first : indices.stop - first].to(self.device, non_blocking=True)
        images = self._oriented(raw, step, indices).permute(0, 3, 1, 2)  # channels last, as the kernels like it
        return images.to(torch.get_default_dtype()).div_(127.5).sub_(1.0)

    def labels(self, step: int, indices: range) -> tuple[Tensor, ...]:
        """The labels of the images at `places`, `[B]`, as both networks want them beside their input, or none.

        Generated images take those of the real ones at their places: so each label comes as often among them, and
        a pair of a real and a generated image is of one label.
        """
        if self.known is None:
            return ()
        return (self._on_device(self.known[self._image_indices(step, indices)]),)

    def latents(self, purpose: str, step: int, indices: range) -> Tensor:
        """Latents for `places` of a global batch, `[B, latent]` from N(0, 1)."""
        generated = self.rng.get(Request("normal", purpose, self.latent), step, indices)
        return generated.to(torch.get_default_dtype())

    def noise(self, images: Tensor, purpose: str, step: int, indices: range) -> Tensor:
        """N(0, 1) noise for each of `images`, `[B, 3, H, W]`, computed on their device."""
        return image_noise(images, self.keys(purpose, step, indices))

    def keys(self, purpose: str, step: int, indices: range) -> Tensor:
        """32 random bits for each of `places`, `[B]` int64."""
        high, low = self.rng.get(Request("key", purpose, 2), step, indices).long().unbind(1)
        return (high << 16) | low

    def uniform(self, purpose: str, step: int, indices: range, count: int = 1) -> Tensor:
        """`count` numbers in [0, 1) for each of `places`, `[B, count]`; of 24 bits, so that float32 holds them."""
        return self.rng.get(Request("uniform", purpose, count), step, indices).to(torch.get_default_dtype())

    def _oriented(self, raw: Tensor, step: int, indices: range) -> Tensor:
        """`raw`, `[B, H, W, 3]` uint8, each image rotated and mirrored at random: one gather of whole pixels."""
        rot90, mirror = self.settings.rot90, self.settings.mirror
        if not (rot90 or mirror):
            return raw
        orientation = torch.zeros(len(raw), dtype=torch.int64, device=raw.device)
        if rot90:
            orientation += self.uniform("rot90", step, indices).squeeze(1).mul(len(self.orientations) // 2).long() * 2
        if mirror:
            orientation += self.uniform("mirror", step, indices).squeeze(1) < 0.5
        start, down, across = self.orientations[orientation][:, :, None, None].unbind(1)
        first = torch.arange(len(raw), dtype=torch.int32, device=raw.device)[:, None, None] * (raw[0].numel() // 3)
        index = first + start + down * self.rows + across * self.columns
        return raw.reshape(-1, 3).index_select(0, index.view(-1)).view(raw.shape)

    def _on_device(self, numbers: NDArray[np.int64]) -> Tensor:
        return to_device(torch.from_numpy(numbers), self.device)

    def _raw(self, step: int) -> Tensor:
        """This process's images of a step as they are stored, `[share, H, W, 3]` uint8, read ahead of time."""
        if self._read[0] != step:
            ahead = self._ahead if self._ahead and self._ahead[0] == step else self._begin(step)
            for piece in ahead[1]:
                piece.result()
            self._read = (step, ahead[2])
            self._ahead = self._begin(step + 1)
        return self._read[1]

    def _begin(self, step: int) -> tuple[int, list[Future[None]], Tensor]:
        """Have the readers fetch a step's images."""
        self._check_length()
        numbers = self._image_indices(step, self.indices)
        shape = (len(numbers), *self.images.shape[1:])
        buffer = torch.empty(shape, dtype=torch.uint8, pin_memory=self.device.type == "cuda")
        rows = buffer.numpy()

        def read(some: slice) -> None:
            np.take(self.images, numbers[some], axis=0, out=rows[some], mode="clip")  # `raise` would copy twice

        size = -(-len(numbers) // self.workers)
        pieces = [slice(start, start + size) for start in range(0, len(numbers), size)]
        return step, [self._readers.submit(read, piece) for piece in pieces], buffer

    def _check_length(self) -> None:
        """To read behind the end of a mapped file would kill the process without a word."""
        images = self.images
        if not isinstance(images, np.memmap) or images.filename is None:
            return
        if Path(images.filename).stat().st_size < images.offset + images.nbytes:
            raise MapganError(f"{images.filename}: was cut short while training", "make it anew with resize")

    def _image_indices(self, step: int, indices: range) -> NDArray[np.int64]:
        """Which images of the set stand at `places` of a step's global batch."""
        epochs, positions = np.divmod(step * self.settings.batch_size + np.array(indices), len(self.images))
        found = np.empty(len(indices), np.int64)
        for epoch in range(int(epochs[0]), int(epochs[-1]) + 1):
            found[epochs == epoch] = self._order(epoch)[positions[epochs == epoch]]
        return found

    def _shuffled(self, epoch: int) -> NDArray[np.int64]:
        return rng.permutation(self.seed, "order", epoch, len(self.images))


def _orientations(height: int, width: int) -> Tensor:
    """For each way to lay an image, by rotation and then mirrored or not, which pixel comes first and how far apart
    in memory the next ones down and across are: `[8, 3]` int32, or `[4, 3]` if the sides differ, because then only
    half turns keep the shape."""
    grid = torch.arange(height * width, dtype=torch.int32).view(height, width)
    rotations = [torch.rot90(grid, quarters) for quarters in (range(4) if height == width else (0, 2))]
    corners = [orientation[:2, :2] for rotation in rotations for orientation in (rotation, rotation.flip(1))]
    return torch.stack([torch.stack([c[0, 0], c[-1, 0] - c[0, 0], c[0, -1] - c[0, 0]]) for c in corners])


def _copied(images: Images, device: torch.device) -> Tensor:
    """A whole set on the device, copied in pieces: it need not fit in the host's memory."""
    copied = torch.empty(images.shape, dtype=torch.uint8, device=device)
    size = max(1, COPIED_AT_ONCE // max(1, images[:1].nbytes))
    for start in range(0, len(images), size):
        copied[start : start + size] = torch.from_numpy(np.array(images[start : start + size]))
    return copied
