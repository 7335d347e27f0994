"""The blocks of R3GAN (Huang et al. 2024, arXiv:2501.05441, section 3): residuals with an inverted bottleneck.

The skip connections carry the signal from one end of a network to the other, through 1x1 convolutions and interpolation
only. Nothing is normalized: instead, all residuals are 0 at first (Zhang et al. 2019, Fixup, arXiv:1901.09321). As the
memory goes at full size, it differs from R3GAN there: the discriminator begins with the strided convolution of plain
blocks, and the generator ends with `last_channels`.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from mapgan.networks.excitation import Excitation
from mapgan.networks.he_init import SLOPE, he_init
from mapgan.networks.noise import Noise, NoiseCrops
from mapgan.networks.resampling import enlarge
from mapgan.networks.residual import conv
from mapgan.networks.up_blocks import Style, to_colors
from mapgan.params.networks import DcganModern

EXPANSION = 2  # of the channels in a residual
GROUP = 16  # channels of a group, after expansion
LAYERS = 3  # of a residual


class InvertedResidual(nn.Module):
    """`[B, channels, h, w]` plus a residual: a 1x1 convolution to more channels, a grouped 3x3 one, and a 1x1 one back.

    Args:
        channels: of input and output.
        depth: number of residuals in the network. Fixup divides the first weights of each by depth^(1 / (2m - 2)), for
            m layers, so that a step of the optimizer changes the network as much however deep it is.
        circular: padding from the opposite edges.
    """

    def __init__(self, channels: int, depth: int, circular: bool = False) -> None:
        super().__init__()
        wide = EXPANSION * channels
        groups = math.gcd(wide, max(1, wide // GROUP))
        scale = depth ** (-1 / (2 * LAYERS - 2))
        self.expand = he_init(nn.Conv2d(channels, wide, 1), scale)
        self.grouped = he_init(conv(wide, wide, circular, groups), scale)
        self.reduce = he_init(nn.Conv2d(wide, channels, 1), scale=0.0)

    def forward(self, x: Tensor) -> Tensor:
        residual = F.leaky_relu(self.expand(x), SLOPE)
        residual = F.leaky_relu(self.grouped(residual), SLOPE)
        result: Tensor = x + self.reduce(residual)
        return result


class InvertedUpBlock(nn.Module):
    """`[B, in_channels, h, w]` to `[B, out_channels, 2h, 2w]`: a 1x1 convolution, upsampling, residuals.

    Before the residuals noise, style and excitation, as in `Upsample`.
    """

    def __init__(
        self, in_channels: int, out_channels: int, low_channels: int | None, settings: DcganModern, depth: int
    ) -> None:
        super().__init__()
        self.circular, self.mode = settings.latent_kind == "spatial", settings.upsample
        self.conv1x1 = he_init(nn.Conv2d(in_channels, out_channels, 1), gain=1.0)
        self.add_noise = Noise(out_channels, settings.noise) if settings.noise else None
        self.style = Style(settings.latent, out_channels) if settings.latent_kind == "constant" else None
        self.excitation = Excitation(low_channels, out_channels) if low_channels else None
        self.from_labels: nn.Conv2d | None = None  # set in the block whose input has a pixel per square
        self.residuals = _residuals(out_channels, settings.convolutions, depth, self.circular)

    def forward(self, x: Tensor, **kwargs: Any) -> Tensor:
        return self.upsample(x, **kwargs)

    def upsample(
        self,
        x: Tensor,
        noise: NoiseCrops | None = None,
        style: Tensor | None = None,
        low_res: Tensor | None = None,
        labels: Tensor | None = None,
    ) -> Tensor:
        """Upsample `x`, up to and including the residuals."""
        if self.from_labels is not None and labels is not None:
            x = x + self.from_labels(labels)
        x = enlarge(self.conv1x1(x), self.mode, self.circular)
        if self.add_noise is not None and noise is not None:
            x = self.add_noise(x, *noise)
        if self.style is not None and style is not None:
            x = self.style(x, style)
        if self.excitation is not None and low_res is not None:
            x = self.excitation(x, low_res)
        result: Tensor = self.residuals(x)
        return result


class InvertedToRGB(InvertedUpBlock):
    """`[B, in_channels, h, w]` to `[B, 3, 2h, 2w]`, before tanh, with few channels at full resolution."""

    def __init__(self, in_channels: int, low_channels: int | None, settings: DcganModern, depth: int) -> None:
        super().__init__(in_channels, settings.last_channels, low_channels, settings, depth)
        self.to_rgb = to_colors(nn.Conv2d(settings.last_channels, 3, 1))

    def forward(self, x: Tensor, **kwargs: Any) -> Tensor:
        colors: Tensor = self.to_rgb(self.upsample(x, **kwargs))
        return colors


class InvertedDownBlock(nn.Module):
    """`[B, in_channels, h, w]` to `[B, out_channels, h // 2, w // 2]`: residuals, pooling, a 1x1 convolution."""

    def __init__(self, in_channels: int, out_channels: int, convolutions: int, depth: int) -> None:
        super().__init__()
        self.residuals = _residuals(in_channels, convolutions, depth)
        self.conv1x1 = he_init(nn.Conv2d(in_channels, out_channels, 1), gain=1.0)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.conv1x1(F.avg_pool2d(self.residuals(x), 2))
        return result


def inverted_down_blocks(channels: list[int], convolutions: int) -> list[nn.Module]:
    """The blocks of a discriminator with `channels` at each resolution, of which the last one has residuals only."""
    depth = len(channels) * convolutions
    down = [InvertedDownBlock(wide, narrow, convolutions, depth) for wide, narrow in pairwise(channels)]
    return [*down, _residuals(channels[-1], convolutions, depth)]


def _residuals(channels: int, count: int, depth: int, circular: bool = False) -> nn.Sequential:
    return nn.Sequential(*(InvertedResidual(channels, depth, circular) for _ in range(count)))
