"""The discriminator of `dcgan-modern`: residual blocks with small initial weights, and no normalization."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mapgan.networks.decoder import Decoder
from mapgan.networks.he_init import SLOPE, he_init
from mapgan.networks.inverted import inverted_down_blocks
from mapgan.networks.residual import RESIDUAL_INIT, Residual
from mapgan.networks.sizes import channels_at, count_stages
from mapgan.networks.spectral import add_spectral_norm
from mapgan.networks.stack import Stack
from mapgan.params.networks import DcganModern


class Discriminator(nn.Module):
    """`[B, 3 + label_channels, height, width]` to logits `[B]`; with a decoder also to the images that it rebuilds.

    The further channels are labels of squares, if there are any.
    """

    def __init__(self, settings: DcganModern, width: int, height: int, label_channels: int = 0) -> None:
        super().__init__()
        count = count_stages(width, height)
        channels = [channels_at(settings.discriminator_channels, i, settings.max_channels) for i in range(count)]
        from_rgb = he_init(nn.Conv2d(3 + label_channels, channels[0], 4, stride=2, padding=1))
        blocks: list[nn.Module] = (
            inverted_down_blocks(channels, settings.convolutions)
            if settings.blocks == "inverted"
            else [DownBlock(wide, narrow, settings.convolutions) for wide, narrow in pairwise(channels)]
        )
        self.blocks = Stack([from_rgb, *blocks], high_res="first")
        self.minibatch_std = settings.minibatch_std
        features = channels[-1] * ((height // 2**count) * (width // 2**count) + self.minibatch_std)
        self.head = he_init(nn.Linear(features, 1))
        if settings.spectral_norm:
            add_spectral_norm(self)
        self.last_channels, self.stages = channels[-1], count
        self.decoder: Decoder | None = None

    def add_decoder(self) -> None:
        """Add the decoder that rebuilds images."""
        self.decoder = Decoder(self.last_channels, self.stages)

    def forward(self, images: Tensor, rebuild: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        """Logits `[B]` for `images`; with `rebuild`, also what the decoder makes of them, `[B, 3, h, w]`."""
        maps = F.leaky_relu(self.blocks(images), SLOPE)
        logits = self._logits(maps)
        return (logits, self.decoder(maps)) if rebuild and self.decoder is not None else logits

    def _logits(self, maps: Tensor) -> Tensor:
        features = maps.flatten(1)
        if self.minibatch_std:
            features = torch.cat([features, minibatch_std(maps)], dim=1)
        # in float32, because the gradient penalty squares small differences of logits
        with torch.autocast(features.device.type, enabled=False):
            logits: Tensor = self.head(features.to(self.head.weight.dtype))
        return logits.squeeze(1)


def minibatch_std(maps: Tensor) -> Tensor:
    """How much the images of a micro-batch differ in each channel of `maps`, `[B, C, h, w]`: `[B, C]`, all rows equal.

    The standard deviation over the micro-batch, averaged over pixels (Karras et al. 2018, arXiv:1710.10196, section 3,
    where it is averaged over the channels, too): D sees that a collapsed generator repeats itself.
    """
    with torch.autocast(maps.device.type, enabled=False):
        variance = maps.to(torch.promote_types(maps.dtype, torch.float32)).var(dim=0, unbiased=False)
        return (variance + 1e-8).sqrt().mean(dim=(1, 2)).expand(len(maps), -1)


class DownBlock(nn.Module):
    """`[B, in_channels, h, w]` to `[B, out_channels, h // 2, w // 2]`: a strided convolution as residual.

    The skip connection is average pooling and a 1x1 convolution.
    """

    def __init__(self, in_channels: int, out_channels: int, convolutions: int) -> None:
        super().__init__()
        self.conv1x1 = he_init(nn.Conv2d(in_channels, out_channels, 1), gain=1.0)
        self.residual = Residual(in_channels, convolutions - 1) if convolutions > 1 else None
        self.downsample = he_init(nn.Conv2d(in_channels, out_channels, 4, stride=2, padding=1), RESIDUAL_INIT)

    def forward(self, x: Tensor) -> Tensor:
        if self.residual is not None:
            x = x + self.residual(x)
        result: Tensor = self.conv1x1(F.avg_pool2d(x, 2)) + self.downsample(F.leaky_relu(x, SLOPE))
        return result
