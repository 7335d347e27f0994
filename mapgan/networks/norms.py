"""Normalization layers by name. All but `batch` normalize each image on its own."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mapgan.params.networks import NormName

GROUP = 8  # channels per group


class GroupNorm(nn.GroupNorm):
    """Group normalization (Wu and He 2018, arXiv:1803.08494).

    It computes in the precision of its input; autocast would use float32 on a GPU, with twice the memory.

    Args:
        channels: number of channels.
        group: channels per group; a single group of all channels if it does not divide their number.
    """

    def __init__(self, channels: int, group: int = GROUP) -> None:
        super().__init__(channels // group if channels % group == 0 else 1, channels)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return F.group_norm(x, self.num_groups, self.weight.to(x.dtype), self.bias.to(x.dtype), self.eps)


class PixelNorm(nn.Module):
    """The channels of each pixel scaled to a mean square of 1 (Karras et al. 2018, arXiv:1710.10196, section 4.2)."""

    def forward(self, x: Tensor) -> Tensor:
        wide = torch.promote_types(x.dtype, torch.float32)
        mean_square = torch.linalg.vector_norm(x, dim=1, keepdim=True, dtype=wide).square() / x.shape[1]
        return x * torch.rsqrt(mean_square + 1e-8).to(x.dtype)


def norm(name: NormName, channels: int) -> list[nn.Module]:
    """The normalization called `name`, as a list of one layer or of none."""
    layers: dict[NormName, list[nn.Module]] = {
        "batch": [nn.BatchNorm2d(channels)],
        "group": [GroupNorm(channels)],
        "instance": [GroupNorm(channels, group=1)],  # Ulyanov et al. 2016, arXiv:1607.08022
        "pixel": [PixelNorm()],
        "none": [],
    }
    return layers[name]
