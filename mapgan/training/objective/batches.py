"""The real images, labels and random numbers of each batch, as functions of the step and the index in the global batch.

Images are uint8 on disk. They are copied to the device as they are, and mirrored, rotated, converted to float and
scaled to [-1, 1] there: bytes are four times faster to copy and to gather than floats. `augment` lists everything
that happens to an image after that. Threads read the images of the next step while the device computes this one; a
set that fits on the device is kept there.
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
MAX_HOST_NUMBERS = 256  # per latent; those of many sites are hashed on the device, as noise is
COPY_BYTES = 1 << 26


class BatchSource(Protocol):
    """What a training step needs for the images at `indices` of a global batch."""

    def real(self, step: int, indices: range) -> Tensor:
        """Real images, `[B, 3, H, W]`, float in [-1, 1]."""

    def labels(self, step: int, indices: range) -> tuple[Tensor, ...]:
        """Their labels, `([B] int64,)`: further arguments for both networks; `()` in a set without labels.

        `([B, rows, columns] int64,)` if each square has one; -1 stands for any.
        """

    def latents(self, purpose: str, step: int, indices: range) -> Tensor:
        """Latents, `[B, latent]` from N(0, 1)."""

    def noise(self, images: Tensor, purpose: str, step: int, indices: range) -> Tensor:
        """N(0, 1) noise of the shape and type of `images`, `[B, 3, H, W]`."""

    def keys(self, purpose: str, step: int, indices: range) -> Tensor:
        """32 random bits per image, `[B]` int64."""

    def uniform(self, purpose: str, step: int, indices: range, count: int = 1) -> Tensor:
        """Uniform numbers in [0, 1), `[B, count]`."""


class Batches:
    """The batches of a training set, which is reshuffled in each epoch.

    Args:
        images: `[N, H, W, 3]` uint8, which may be memory-mapped.
        seed: the run's seed.
        settings: batch size, mirroring and rotation.
        latent: size of a latent.
        indices: of this process's images in each global batch.
        device: of the networks.
        resident: keep all images in the device's memory.
        workers: threads that read images.
        labels: `[N]`, the number of each image's label, or `[N, rows, columns]`, that of each square; None in a set
            without labels.
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
        self.indices, self.device, self.image_labels = indices, device, labels
        self.rng = StepRng(seed, indices, device)
        height, width = images.shape[1:3]
        self.orientations = _orientations(height, width).to(device)
        self.label_orientations = (
            None if labels is None or labels.ndim == 1 else _orientations(*labels.shape[1:]).to(device)
        )
        self.resident = _copied(images, device) if resident else None
        self.workers, self._readers = workers, ThreadPoolExecutor(workers, "read")
        self._read: tuple[int, Tensor] = (-1, torch.empty(0))
        self._prefetched: tuple[int, list[Future[None]], Tensor] | None = None
        self._order = lru_cache(maxsize=2)(self._shuffled)

    def real(self, step: int, indices: range) -> Tensor:
        """The real images at `indices` of step `step`, `[B, 3, H, W]`, float in [-1, 1]."""
        if self.resident is not None:
            raw = self.resident[self._on_device(self._image_indices(step, indices))]
        else:
            first = self.indices.start
            raw = self._raw(step)[indices.start - first : indices.stop - first].to(self.device, non_blocking=True)
        if (orientation := self._orientation(step, indices)) is not None:
            raw = _oriented(raw, self.orientations[orientation])
        images = raw.permute(0, 3, 1, 2)  # channels last in memory
        return images.to(torch.get_default_dtype()).div_(127.5).sub_(1.0)

    def labels(self, step: int, indices: range) -> tuple[Tensor, ...]:
        """The labels of the images at `indices`, `([B] int64,)`, `([B, rows, columns] int64,)`, or `()`.

        The fake image at an index has the label of the real one. So labels are as frequent among fake images, and both
        images of a pair have the same label.
        """
        if self.image_labels is None:
            return ()
        labels = self._on_device(self.image_labels[self._image_indices(step, indices)])
        if self.label_orientations is None:
            return (labels,)
        if (orientation := self._orientation(step, indices)) is not None:
            labels = _oriented(labels[..., None], self.label_orientations[orientation]).squeeze(3)
        hidden = self.uniform("hidden labels", step, indices) < self.settings.label_dropout
        return (labels.masked_fill(hidden[:, :, None], -1),)

    def latents(self, purpose: str, step: int, indices: range) -> Tensor:
        """Latents, `[B, latent]`, from N(0, 1)."""
        if self.latent > MAX_HOST_NUMBERS:
            shape = torch.empty(len(indices), self.latent, device=self.device, dtype=torch.get_default_dtype())
            return self.noise(shape, purpose, step, indices)
        latents = self.rng.get(Request("normal", purpose, self.latent), step, indices)
        return latents.to(torch.get_default_dtype())

    def noise(self, images: Tensor, purpose: str, step: int, indices: range) -> Tensor:
        """N(0, 1) noise of the shape and type of `images`, `[B, 3, H, W]`, computed on their device."""
        return image_noise(images, self.keys(purpose, step, indices))

    def keys(self, purpose: str, step: int, indices: range) -> Tensor:
        """32 random bits per image, `[B]` int64."""
        high, low = self.rng.get(Request("key", purpose, 2), step, indices).long().unbind(1)
        return (high << 16) | low

    def uniform(self, purpose: str, step: int, indices: range, count: int = 1) -> Tensor:
        """Uniform numbers in [0, 1), `[B, count]`; multiples of 2^-24, which float32 represents exactly."""
        return self.rng.get(Request("uniform", purpose, count), step, indices).to(torch.get_default_dtype())

    def _orientation(self, step: int, indices: range) -> Tensor | None:
        """How each image is randomly rotated and mirrored, `[B]`: a row of `orientations`; None if none is."""
        rot90, mirror = self.settings.rot90, self.settings.mirror
        if not (rot90 or mirror):
            return None
        orientation = torch.zeros(len(indices), dtype=torch.int64, device=self.device)
        if rot90:
            orientation += self.uniform("rot90", step, indices).squeeze(1).mul(len(self.orientations) // 2).long() * 2
        if mirror:
            orientation += self.uniform("mirror", step, indices).squeeze(1) < 0.5
        return orientation

    def _on_device(self, numbers: NDArray[np.int64]) -> Tensor:
        return to_device(torch.from_numpy(numbers), self.device)

    def _raw(self, step: int) -> Tensor:
        """The images of this process in a step as they are stored, `[local batch, H, W, 3]` uint8, prefetched."""
        if self._read[0] != step:
            prefetched = self._prefetched if self._prefetched and self._prefetched[0] == step else self._prefetch(step)
            for future in prefetched[1]:
                future.result()
            self._read = (step, prefetched[2])
            self._prefetched = self._prefetch(step + 1)
        return self._read[1]

    def _prefetch(self, step: int) -> tuple[int, list[Future[None]], Tensor]:
        """Start reading the images of a step."""
        self._check_length()
        images = self._image_indices(step, self.indices)
        shape = (len(images), *self.images.shape[1:])
        buffer = torch.empty(shape, dtype=torch.uint8, pin_memory=self.device.type == "cuda")
        rows = buffer.numpy()

        def read(part: slice) -> None:
            np.take(self.images, images[part], axis=0, out=rows[part], mode="clip")  # "raise" would copy twice

        size = -(-len(images) // self.workers)
        parts = [slice(start, start + size) for start in range(0, len(images), size)]
        return step, [self._readers.submit(read, part) for part in parts], buffer

    def _check_length(self) -> None:
        """Check that the mapped file is whole: reading beyond its end would kill the process without a message."""
        images = self.images
        if not isinstance(images, np.memmap) or images.filename is None:
            return
        if Path(images.filename).stat().st_size < images.offset + images.nbytes:
            raise MapganError(f"{images.filename}: was truncated while training", "make it again with resize")

    def _image_indices(self, step: int, indices: range) -> NDArray[np.int64]:
        """Which images of the set are at `indices` of a step's global batch, `[B]`."""
        epochs, positions = np.divmod(step * self.settings.batch_size + np.array(indices), len(self.images))
        found = np.empty(len(indices), np.int64)
        for epoch in range(int(epochs[0]), int(epochs[-1]) + 1):
            found[epochs == epoch] = self._order(epoch)[positions[epochs == epoch]]
        return found

    def _shuffled(self, epoch: int) -> NDArray[np.int64]:
        return rng.permutation(self.seed, "order", epoch, len(self.images))


def _orientations(height: int, width: int) -> Tensor:
    """For each rotation, without and with mirroring: first pixel in memory, and strides down and across in pixels.

    `[8, 3]` int32; `[4, 3]` if height and width differ, because then only rotations by 180 degrees keep the shape.
    """
    grid = torch.arange(height * width, dtype=torch.int32).view(height, width)
    rotations = [torch.rot90(grid, quarters) for quarters in (range(4) if height == width else (0, 2))]
    corners = [orientation[:2, :2] for rotation in rotations for orientation in (rotation, rotation.flip(1))]
    return torch.stack([torch.stack([c[0, 0], c[-1, 0] - c[0, 0], c[0, -1] - c[0, 0]]) for c in corners])


def _oriented(raw: Tensor, orientations: Tensor) -> Tensor:
    """`raw`, `[B, H, W, C]`, with each image rotated and mirrored as its row of `_orientations` says, by one gather."""
    height, width, channels = raw.shape[1:]
    rows, columns, first = (
        torch.arange(count, dtype=torch.int32, device=raw.device) for count in (height, width, len(raw))
    )
    start, down, across = orientations[:, :, None, None].unbind(1)
    index = first[:, None, None] * (height * width) + start + down * rows[:, None] + across * columns
    return raw.reshape(-1, channels).index_select(0, index.view(-1)).view(raw.shape)


def _copied(images: Images, device: torch.device) -> Tensor:
    """The whole set on the device, copied in chunks: a memory-mapped set need not fit in the host's memory."""
    copied = torch.empty(images.shape, dtype=torch.uint8, device=device)
    size = max(1, COPY_BYTES // max(1, images[:1].nbytes))
    for start in range(0, len(images), size):
        copied[start : start + size] = torch.from_numpy(np.array(images[start : start + size]))
    return copied
