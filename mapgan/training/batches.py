"""What each picture of a batch is, as a function of the step and its place in the global batch.

Pictures are uint8 0..255 on disk. They are mirrored and turned as they are, moved to the device, and
only there made float and scaled to [-1, 1], the range of the generator's tanh.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mapgan import draws

Pictures = NDArray[np.uint8]


class RealPictures:
    """The training pictures, shuffled anew in each epoch.

    Args:
        pictures: `[N, H, W, 3]` uint8, memory-mapped perhaps.
        seed: the run's seed.
        batch_size: pictures in a global batch.
        mirror: whether half of them are shown mirrored.
        turn: whether they are shown turned by quarters (half turns if not square).
    """

    def __init__(self, pictures: Pictures, seed: int, batch_size: int, mirror: bool, turn: bool) -> None:
        self.pictures, self.seed, self.batch_size = pictures, seed, batch_size
        self.mirror, self.turn = mirror, turn
        self.square = pictures.shape[1] == pictures.shape[2]
        self._order = lru_cache(maxsize=2)(self._shuffled)

    def batch(self, step: int, places: range, device: torch.device) -> Tensor:
        """The pictures at `places` of step `step`'s global batch, `[B, 3, H, W]` float32 in [-1, 1]."""
        batch = np.stack([self._picture(step, place) for place in places])
        on_device = torch.from_numpy(batch).to(device).permute(0, 3, 1, 2)
        return on_device.float().div_(127.5).sub_(1.0).contiguous(memory_format=torch.channels_last)

    def _picture(self, step: int, place: int) -> Pictures:
        epoch, position = divmod(step * self.batch_size + place, len(self.pictures))
        picture: Pictures = self.pictures[self._order(epoch)[position]]
        if self.turn:
            turns = draws.integer(self.seed, "turn", step, place, 4)
            picture = np.rot90(picture, turns if self.square else 2 * (turns % 2))
        if self.mirror and draws.integer(self.seed, "mirror", step, place, 2):
            picture = picture[:, ::-1]
        return picture

    def _shuffled(self, epoch: int) -> NDArray[np.int64]:
        return draws.permutation(self.seed, "order", epoch, len(self.pictures))


def latents(seed: int, purpose: str, step: int, places: range, size: int, device: torch.device) -> Tensor:
    """Latents for `places` of a global batch, `[B, size]` float32 from N(0, 1)."""
    rows = [draws.normal(seed, purpose, step, place, size) for place in places]
    return torch.from_numpy(np.stack(rows).astype(np.float32)).to(device)


def noise_like(pictures: Tensor, seed: int, purpose: str, step: int, places: range) -> Tensor:
    """N(0, 1) noise for each picture, shaped `[B, 3, H, W]` and drawn on the pictures' device."""
    device, shape = pictures.device, pictures.shape[1:]
    noise = torch.empty_like(pictures)
    for row, place in zip(noise, places, strict=True):
        generator = torch.Generator(device).manual_seed(draws.key(seed, purpose, step, place))
        row.copy_(torch.randn(shape, generator=generator, device=device))
    return noise
