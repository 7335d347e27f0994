"""Noise inputs of a generator: crops of one fixed noise field, at positions that depend on the latent."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mapgan import rng
from mapgan.networks.window import Window

FIELD = 256  # size of the noise field, pixels

# the field, `[F, F]`, the position of each image's crop, `[B, 2]`, and the part of the map that the images show
NoiseCrops = tuple[Tensor, Tensor, Window]


class Noise(nn.Module):
    """`[B, channels, h, w]` with noise added, with a learned strength per channel.

    After Karras et al. 2019 (arXiv:1812.04948), section 3.2. Each image crops the same fixed field at a position
    of its own, so its latent is enough to generate it again, on any device. The noise of a seamless image has no seam
    even if it is smaller than the field, as neighbours in white noise are independent.
    """

    def __init__(self, channels: int, strength: float) -> None:
        super().__init__()
        self.strength = nn.Parameter(strength * torch.randn(channels, 1, 1))

    def forward(self, x: Tensor, field: Tensor, corners: Tensor, window: Window) -> Tensor:
        """Add crops of `field`, `[F, F]`, at `corners`, `[B, 2]`, to `x`, which shows `window` of the map."""
        rows, columns = (
            (corners[:, axis, None] + window.positions(axis, x.shape[2 + axis] // window.size[axis], x.device)) % FIELD
            for axis in (0, 1)
        )
        noise = field[rows[:, :, None], columns[:, None, :]].unsqueeze(1)
        return x + self.strength.to(x.dtype) * noise.to(x.dtype)


def noise_field() -> Tensor:
    """White noise, `[FIELD, FIELD]`, always the same."""
    return torch.from_numpy(rng.normal(0, "noise field", 0, 0, FIELD**2)).float().view(FIELD, FIELD)


def noise_corners(z: Tensor) -> Tensor:
    """The position of each image's crop in the field, `[B, 2]` int64: bits of the latents `z`, `[B, latent]`."""
    size = z[:, :1].abs()
    return torch.cat([size * 2**8, size * 2**16], dim=1).long() % FIELD  # both products are exact on any device
