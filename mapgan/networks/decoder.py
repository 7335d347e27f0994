"""A decoder on the discriminator's last feature maps, which rebuilds the image that the discriminator sees.

FastGAN (Liu et al. 2021, arXiv:2101.04775, section 3.2): to rebuild real images, the feature maps have to describe all
of an image, not only what gives a generated one away. It is trained along with the discriminator, on real images.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from mapgan.networks.he_init import SLOPE, he_init
from mapgan.networks.resampling import upsample2x
from mapgan.networks.stack import Stack

MAX_BLOCKS = 4  # as in the paper


class Decoder(nn.Module):
    """Feature maps `[B, channels, h, w]` to images `[B, 3, 2^n h, 2^n w]`: at a quarter of the size where n is up to 4.

    Args:
        channels: of the feature maps, halved in each block.
        stages: how often the discriminator has halved the image.
    """

    def __init__(self, channels: int, stages: int) -> None:
        super().__init__()
        widths = [max(1, channels >> level) for level in range(min(MAX_BLOCKS, stages - 2) + 1)]
        blocks: list[nn.Module] = [DecoderBlock(wide, narrow) for wide, narrow in pairwise(widths)]
        to_rgb = he_init(nn.Conv2d(widths[-1], 3, 3, padding=1), gain=1.0)
        self.blocks = Stack([*blocks, to_rgb], high_res="last")

    def forward(self, maps: Tensor) -> Tensor:
        """Images near [-1, 1], but not held there: augmented images leave it, too."""
        images: Tensor = self.blocks(maps)
        return images


class DecoderBlock(nn.Module):
    """`[B, in_channels, h, w]` to `[B, out_channels, 2h, 2w]`, after an activation and with one."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = he_init(nn.Conv2d(in_channels, out_channels, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(self.conv(upsample2x(x, "nearest")), SLOPE)
