"""A residual of convolutions."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

from mapgan.networks.he_init import SLOPE, he_init

RESIDUAL_INIT = 0.3  # initial scale of residuals, so that the skip connection carries the signal


class Residual(nn.Module):
    """`count` times LeakyReLU and a 3x3 convolution, of which the last one has small initial weights."""

    def __init__(self, channels: int, count: int, circular: bool = False) -> None:
        super().__init__()
        scales = [1.0] * (count - 1) + [RESIDUAL_INIT]
        self.convolutions = nn.ModuleList(he_init(conv(channels, channels, circular), scale) for scale in scales)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.convolutions:
            x = layer(F.leaky_relu(x, SLOPE))
        return x


def conv(in_channels: int, out_channels: int, circular: bool, groups: int = 1) -> nn.Conv2d:
    """A 3x3 convolution that keeps the size, with zero or circular padding."""
    padding_mode: Literal["circular", "zeros"] = "circular" if circular else "zeros"
    return nn.Conv2d(in_channels, out_channels, 3, padding=1, padding_mode=padding_mode, groups=groups)
