"""Fully connected, as the first GANs were: Goodfellow et al. 2014 (arXiv:1406.2661), section 5.

LeakyReLU instead of rectifiers and maxout, tanh at the output, dropout in D. For digits of 28 x 28; any size works, but
the number of weights grows with the number of pixels.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from mapgan.networks.dropout import dropout
from mapgan.networks.pair import Pair
from mapgan.networks.stack import Stack
from mapgan.params.networks import Mlp

SLOPE = 0.2


def build(settings: Mlp, width: int, height: int) -> Pair:
    """Networks for images of `width` x `height` pixels, 16 to 2048 each."""
    generator, discriminator = Generator(settings, width, height), Discriminator(settings, width, height)
    return Pair(generator, discriminator, settings.latent, batch_dependent=False)


class Generator(nn.Module):
    """`[B, latent]` to `[B, 3, height, width]` in [-1, 1]."""

    def __init__(self, settings: Mlp, width: int, height: int) -> None:
        super().__init__()
        self.size = (height, width)
        units = [settings.generator_units << layer for layer in range(settings.layers)]
        blocks = hidden([settings.latent, *units], settings.generator_dropout)
        to_rgb = nn.Sequential(nn.Linear(units[-1], 3 * height * width), nn.Tanh())
        self.blocks = Stack([*blocks, to_rgb], high_res="last")

    def forward(self, z: Tensor) -> Tensor:
        """Images `[B, 3, height, width]` for the latents `z`, `[B, latent]`."""
        images: Tensor = self.blocks(z)
        return images.view(-1, 3, *self.size)


class Discriminator(nn.Module):
    """`[B, 3, height, width]` to logits `[B]`."""

    def __init__(self, settings: Mlp, width: int, height: int) -> None:
        super().__init__()
        units = [max(1, settings.discriminator_units >> layer) for layer in range(settings.layers)]
        self.blocks = Stack(hidden([3 * height * width, *units], settings.discriminator_dropout), high_res="first")
        self.head = nn.Linear(units[-1], 1)

    def forward(self, images: Tensor) -> Tensor:
        """Logits `[B]` for `images`."""
        features = self.blocks(images.flatten(1))
        # in float32, because the gradient penalty squares small differences of logits
        with torch.autocast(features.device.type, enabled=False):
            logits: Tensor = self.head(features.to(self.head.weight.dtype))
        return logits.squeeze(1)


def hidden(units: list[int], p: float) -> list[nn.Module]:
    """Hidden layers from `units[0]` to `units[-1]` units, with dropout probability `p`."""
    return [
        nn.Sequential(nn.Linear(fan_in, fan_out), nn.LeakyReLU(SLOPE), *dropout(p))
        for fan_in, fan_out in pairwise(units)
    ]
