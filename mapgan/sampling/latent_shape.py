"""A flat latent as what the generator makes of it: numbers at sites, and a theme that all sites share."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mapgan.networks import spatial_generator


@dataclass(frozen=True)
class LatentShape:
    """A latent is `[channels, rows, columns]`, flattened, followed by `[theme]`; a vector is a single site.

    Its dimensions, for walks, are the channels and the numbers of the theme: one dimension of a spatial latent is a
    number at every site.
    """

    channels: int
    rows: int = 1
    columns: int = 1
    theme: int = 0

    @property
    def size(self) -> int:
        """How many numbers a latent has."""
        return self.channels * self.rows * self.columns + self.theme

    @property
    def dimensions(self) -> int:
        """How many dimensions can be varied."""
        return self.channels + self.theme

    def split(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """`[size]` as sites, `[channels, rows * columns]`, and theme, `[theme, 1]`."""
        sites, theme = torch.split(z, [self.size - self.theme, self.theme])
        return sites.view(self.channels, -1), theme[:, None]

    def grid(self, z: Tensor) -> Tensor:
        """The sites of `z`, `[size]`, as `[channels, rows, columns]` of the same memory."""
        return self.split(z)[0].view(self.channels, self.rows, self.columns)

    def spread(self, numbers: Tensor) -> Tensor:
        """A latent `[size]` with the same `numbers`, `[dimensions]`, at each site."""
        sites, theme = torch.split(numbers, [self.channels, self.theme])
        return torch.cat([sites.repeat_interleave(self.rows * self.columns), theme])


def latent_shape(generator: nn.Module, size: int) -> LatentShape:
    """The shape of the latents of `generator`, which have `size` numbers at its present size."""
    inner = spatial_generator(generator)
    if inner is None:
        return LatentShape(size)
    rows, columns = inner.grid
    return LatentShape(inner.z_channels, rows, columns, size - inner.z_channels * rows * columns)
