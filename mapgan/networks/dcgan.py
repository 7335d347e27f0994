"""The classic DCGAN: Radford, Metz and Chintala 2015 (arXiv:1511.06434), section 3.

Strided and transposed 4x4 convolutions, batch normalisation but for G's output and D's input, ReLU in G,
LeakyReLU in D, tanh at the end, weights from N(0, 0.02). Here for any size: the generator starts from the
size divided by a power of two, rounded up, doubles, and crops the end.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from mapgan.networks.pair import Pair
from mapgan.networks.sizes import doublings, feature_maps, start
from mapgan.networks.stack import Stack
from mapgan.params.networks import Dcgan


def build(settings: Dcgan, width: int, height: int) -> Pair:
    """Networks for pictures of `width` x `height` pixels, 16 to 2048 each."""
    generator, discriminator = Generator(settings, width, height), Discriminator(settings, width, height)
    for network in (generator, discriminator):
        network.apply(_initialise)
    return Pair(generator, discriminator, settings.latent, batch_dependent=True)


class Generator(nn.Module):
    """`[B, latent]` to `[B, 3, height, width]` in [-1, 1]."""

    def __init__(self, settings: Dcgan, width: int, height: int) -> None:
        super().__init__()
        self.size = (height, width)
        count = doublings(width, height)
        maps = [feature_maps(settings.generator_maps, count - 1 - i, settings.max_maps) for i in range(count)]
        first = (start(height, count), start(width, count))
        project = nn.ConvTranspose2d(settings.latent, maps[0], first, bias=False)
        blocks: list[nn.Module] = [nn.Sequential(project, nn.BatchNorm2d(maps[0]), nn.ReLU())]
        for before, after in pairwise(maps):
            double = nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=False)
            blocks.append(nn.Sequential(double, nn.BatchNorm2d(after), nn.ReLU()))
        blocks.append(nn.Sequential(nn.ConvTranspose2d(maps[-1], 3, 4, stride=2, padding=1), nn.Tanh()))
        self.blocks = Stack(blocks, high="last")

    def forward(self, z: Tensor) -> Tensor:
        """Pictures `[B, 3, height, width]` for the latents `z`, `[B, latent]`."""
        height, width = self.size
        pictures: Tensor = self.blocks(z[:, :, None, None])
        return pictures[:, :, :height, :width]


class Discriminator(nn.Module):
    """`[B, 3, height, width]` to logits `[B]`."""

    def __init__(self, settings: Dcgan, width: int, height: int) -> None:
        super().__init__()
        count = doublings(width, height)
        maps = [feature_maps(settings.discriminator_maps, i, settings.max_maps) for i in range(count)]
        halve = nn.Conv2d(3, maps[0], 4, stride=2, padding=1)
        blocks: list[nn.Module] = [nn.Sequential(halve, nn.LeakyReLU(0.2))]
        for before, after in pairwise(maps):
            halve = nn.Conv2d(before, after, 4, stride=2, padding=1, bias=False)
            blocks.append(nn.Sequential(halve, nn.BatchNorm2d(after), nn.LeakyReLU(0.2)))
        self.blocks = Stack(blocks, high="first")
        self.verdict = nn.Conv2d(maps[-1], 1, (height // 2**count, width // 2**count), bias=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits `[B]` for `pictures`."""
        features = self.blocks(pictures)
        with torch.autocast(features.device.type, enabled=False):  # the penalty squares small differences of logits
            logits: Tensor = self.verdict(features.to(self.verdict.weight.dtype))
        return logits.flatten()


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
