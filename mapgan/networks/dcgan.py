"""The classic DCGAN: Radford, Metz and Chintala 2015 (arXiv:1511.06434), section 3.

Strided and transposed 4x4 convolutions, batch normalization except at G's output and D's input, ReLU in G, LeakyReLU
in D, tanh at the output, weights from N(0, 0.02): each is a setting. It works for any size: the generator starts from
the size divided by a power of the stride, rounded up, and crops its output.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from mapgan.networks.dropout import dropout
from mapgan.networks.norms import norm
from mapgan.networks.pair import Pair
from mapgan.networks.sizes import channels_at, count_stages, initial_size
from mapgan.networks.stack import Stack
from mapgan.params.networks import ActivationName, Dcgan


def build(settings: Dcgan, width: int, height: int) -> Pair:
    """Networks for images of `width` x `height` pixels, 16 to 2048 each."""
    generator, discriminator = Generator(settings, width, height), Discriminator(settings, width, height)
    for network in (generator, discriminator):
        init_weights(network, settings)
    batch_norm = "batch" in (settings.generator_norm, settings.discriminator_norm)
    return Pair(generator, discriminator, settings.latent, batch_dependent=batch_norm)


class Generator(nn.Module):
    """`[B, latent]` to `[B, 3, height, width]` in [-1, 1]."""

    def __init__(self, settings: Dcgan, width: int, height: int) -> None:
        super().__init__()
        self.size = (height, width)
        stride = settings.stride
        count = count_stages(width, height, stride)
        channels = [
            channels_at(settings.generator_channels, count - 1 - i, settings.max_channels) for i in range(count)
        ]
        size = (initial_size(height, count, stride), initial_size(width, count, stride))
        bias = settings.generator_norm == "none"
        project = nn.ConvTranspose2d(settings.latent, channels[0], size, bias=bias)
        blocks: list[nn.Module] = [nn.Sequential(project, *self._norm_and_activation(channels[0], settings))]
        for in_channels, out_channels in pairwise(channels):
            upsample = upsampling_conv(in_channels, out_channels, settings.kernel, stride, bias=bias)
            blocks.append(nn.Sequential(upsample, *self._norm_and_activation(out_channels, settings)))
        blocks.append(nn.Sequential(upsampling_conv(channels[-1], 3, settings.kernel, stride), nn.Tanh()))
        self.blocks = Stack(blocks, high_res="last")

    @staticmethod
    def _norm_and_activation(channels: int, settings: Dcgan) -> list[nn.Module]:
        """The layers after a convolution."""
        norms = norm(settings.generator_norm, channels)
        return [*norms, activation(settings.generator_activation), *dropout(settings.generator_dropout)]

    def forward(self, z: Tensor) -> Tensor:
        """Images `[B, 3, height, width]` for the latents `z`, `[B, latent]`."""
        height, width = self.size
        images: Tensor = self.blocks(z[:, :, None, None])
        return images[:, :, :height, :width]


class Discriminator(nn.Module):
    """`[B, 3, height, width]` to logits `[B]`."""

    def __init__(self, settings: Dcgan, width: int, height: int) -> None:
        super().__init__()
        count = count_stages(width, height, settings.stride)
        channels = [channels_at(settings.discriminator_channels, i, settings.max_channels) for i in range(count)]
        from_rgb = downsampling_conv(3, channels[0], settings.kernel, settings.stride)
        blocks: list[nn.Module] = [nn.Sequential(from_rgb, *self._activation(settings))]
        bias = settings.discriminator_norm == "none"
        for in_channels, out_channels in pairwise(channels):
            downsample = downsampling_conv(in_channels, out_channels, settings.kernel, settings.stride, bias=bias)
            norms = norm(settings.discriminator_norm, out_channels)
            blocks.append(nn.Sequential(downsample, *norms, *self._activation(settings)))
        self.blocks = Stack(blocks, high_res="first")
        size = (output_size(height, count, settings), output_size(width, count, settings))
        self.head = nn.Conv2d(channels[-1], 1, size, bias=False)

    @staticmethod
    def _activation(settings: Dcgan) -> list[nn.Module]:
        return [activation(settings.discriminator_activation), *dropout(settings.discriminator_dropout)]

    def forward(self, images: Tensor) -> Tensor:
        """Logits `[B]` for `images`."""
        features = self.blocks(images)
        # in float32, because the gradient penalty squares small differences of logits
        with torch.autocast(features.device.type, enabled=False):
            logits: Tensor = self.head(features.to(self.head.weight.dtype))
        return logits.flatten()


def upsampling_conv(
    in_channels: int, out_channels: int, kernel: int, stride: int, bias: bool = True
) -> nn.ConvTranspose2d:
    """A transposed convolution whose output is exactly `stride` times as large."""
    padding = _padding(kernel, stride)
    return nn.ConvTranspose2d(
        in_channels, out_channels, kernel, stride, padding, 2 * padding + stride - kernel, bias=bias
    )


def downsampling_conv(in_channels: int, out_channels: int, kernel: int, stride: int, bias: bool = True) -> nn.Conv2d:
    """A convolution whose output is `stride` times smaller."""
    return nn.Conv2d(in_channels, out_channels, kernel, stride, _padding(kernel, stride), bias=bias)


def output_size(side: int, count: int, settings: Dcgan) -> int:
    """The size of `side` pixels after `count` downsampling convolutions."""
    for _ in range(count):
        side = (side + 2 * _padding(settings.kernel, settings.stride) - settings.kernel) // settings.stride + 1
    return side


def _padding(kernel: int, stride: int) -> int:
    return max(0, kernel - stride + 1) // 2


def activation(name: ActivationName) -> nn.Module:
    """The activation called `name`; LeakyReLU has the slope of the paper, 0.2."""
    layers: dict[ActivationName, nn.Module] = {
        "relu": nn.ReLU(),
        "leaky-relu": nn.LeakyReLU(0.2),
        "elu": nn.ELU(),
        "silu": nn.SiLU(),
        "gelu": nn.GELU(),
    }
    return layers[name]


def init_weights(network: nn.Module, settings: Dcgan) -> None:
    """Initialize the weights of `network` as `settings.initialisation` says (orthogonal: Saxe et al. 2013)."""
    if settings.initialisation == "default":
        return
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            if settings.initialisation == "normal":
                nn.init.normal_(module.weight, 0.0, 0.02)
            else:
                nn.init.orthogonal_(module.weight)
        elif isinstance(module, nn.BatchNorm2d) and settings.initialisation == "normal":
            nn.init.normal_(module.weight, 1.0, 0.02)
