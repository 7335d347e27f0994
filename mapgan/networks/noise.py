"""Noise for a generator to make texture of: one fixed field, read from a corner that the latent names."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mapgan import rng

FIELD = 256  # pixels; what each side of the noise field is long


class Noise(nn.Module):
    """`[B, channels, h, w]` with noise added, each channel in its own strength.

    After Karras et al. 2019 (arXiv:1812.04948), section 3.2. The noise is one fixed field for all images, and each
    reads it from a corner of its own: a latent is enough to draw an image again, on any device. Where an image ends
    before the field does, its noise still has no seam: neighbours in white noise have nothing to do with one another.
    """

    def __init__(self, channels: int, strength: float) -> None:
        super().__init__()
        self.strength = nn.Parameter(strength * torch.randn(channels, 1, 1))

    def forward(self, x: Tensor, field: Tensor, corners: Tensor) -> Tensor:
        """`x` and the part of `field`, `[F, F]`, that begins at `corners`, `[B, 2]`, and goes on at its other side."""
        rows, columns = (
            (corners[:, axis, None] + torch.arange(x.shape[2 + axis], device=x.device)) % FIELD for axis in (0, 1)
        )
        noise = field[rows[:, :, None], columns[:, None, :]].unsqueeze(1)
        return x + self.strength.to(x.dtype) * noise.to(x.dtype)


def noise_field() -> Tensor:
    """White noise, `[FIELD, FIELD]`, the same always."""
    return torch.from_numpy(rng.normal(0, "noise field", 0, 0, FIELD**2)).float().view(FIELD, FIELD)


def noise_corners(z: Tensor) -> Tensor:
    """Where in the field each image's noise begins, `[B, 2]`: digits of the latents `z`, `[B, latent]`."""
    size = z[:, :1].abs()
    return torch.cat([size * 2**8, size * 2**16], dim=1).long() % FIELD  # both products are exact on any device
