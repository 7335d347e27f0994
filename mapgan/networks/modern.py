"""A DCGAN for maps without batch normalization: bilinear upsampling and a residual discriminator.

The generator upsamples bilinearly, as transposed convolutions leave checkerboard artifacts (Huang et al. 2024, R3GAN,
arXiv:2501.05441, section 3.3), with the 1x1 convolution before the upsampling, where it is cheap. The discriminator
has residual blocks with small initial weights, and no normalization. Both have few channels at full resolution, where
the memory goes. Noise inputs at every resolution give the generator something to make texture of.

With a spatial latent the generator is fully convolutional with circular padding. It has no notion of the borders of
an image, so it generates any size, and multiples of its grid without a seam (compare Lin et al. 2021, InfinityGAN,
arXiv:2104.03963).
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mapgan.networks.excitation import SKIP, Excitation
from mapgan.networks.he_init import SLOPE, he_init
from mapgan.networks.noise import Noise, noise_corners, noise_field
from mapgan.networks.norms import norm
from mapgan.networks.pair import Pair
from mapgan.networks.sizes import channels_at, count_stages
from mapgan.networks.spectral import add_spectral_norm
from mapgan.networks.stack import Stack
from mapgan.params.networks import DcganModern

RESIDUAL_INIT = 0.3  # initial scale of residuals, so that the skip connection carries the signal
STYLE_INIT = 0.3  # initial scale of style modulation
OUTPUT_INIT = 0.03  # standard deviation of the last weights: images start near grey, where tanh is steep

NoiseCrops = tuple[Tensor, Tensor]  # the field, `[F, F]`, and the position of each image's crop, `[B, 2]`


def build(settings: DcganModern, width: int, height: int) -> Pair:
    """Networks for images of `width` x `height` pixels, 16 to 2048 each."""
    generator, discriminator = Generator(settings, width, height), Discriminator(settings, width, height)
    return Pair(generator, discriminator, generator.latent, batch_dependent=False)


class Generator(nn.Module):
    """`[B, latent]` to `[B, 3, height, width]` in [-1, 1]; a spatial latent is a flat `[z_channels, rows, columns]`."""

    def __init__(self, settings: DcganModern, width: int, height: int) -> None:
        super().__init__()
        count = count_stages(width, height)
        channels = [
            channels_at(settings.generator_channels, count - 1 - i, settings.max_channels) for i in range(count)
        ]
        self.latent_kind, self.z_channels, self.channels = settings.latent_kind, settings.latent, channels[0]
        self.cell = 2**count  # pixels of the image per pixel of the first block's input
        self.resize(width, height)
        if self.latent_kind == "spatial":
            self.project: nn.Module = he_init(conv(settings.latent, channels[0], circular=True))
        elif self.latent_kind == "constant":
            self.constant = nn.Parameter(torch.randn(self.channels, *self.grid))
        else:
            self.project = he_init(nn.Linear(settings.latent, self.channels * math.prod(self.grid)))
        self.noisy = settings.noise > 0
        if self.noisy:
            self.register_buffer("field", noise_field())
        low_channels = [None] * SKIP + channels if settings.excitation else [None] * count
        blocks: list[nn.Module] = [
            UpBlock(in_channels, out_channels, low, settings)
            for low, (in_channels, out_channels) in zip(low_channels, pairwise(channels), strict=False)
        ]
        blocks.append(ToRGB(channels[-1], low_channels[count - 1], settings))
        self.blocks = Stack(blocks, high_res="last", skip=SKIP if settings.excitation else 0)

    @property
    def latent(self) -> int:
        """The size of a latent."""
        return self.z_channels * (math.prod(self.grid) if self.latent_kind == "spatial" else 1)

    def resize(self, width: int, height: int) -> None:
        """Set the size of the images; after construction this needs a spatial latent."""
        self.size = (height, width)
        self.grid = (-(-height // self.cell), -(-width // self.cell))  # rows and columns of the first block's input

    def forward(self, z: Tensor) -> Tensor:
        """Images `[B, 3, height, width]` for the latents `z`, `[B, latent]`."""
        height, width = self.size
        kwargs: dict[str, Any] = {"noise": (self.field, noise_corners(z))} if self.noisy else {}
        if self.latent_kind == "spatial":
            z = z.view(-1, self.z_channels, *self.grid)
        z = z * torch.rsqrt(z.square().mean(dim=1, keepdim=True) + 1e-8)
        if self.latent_kind == "constant":
            x = self.constant.expand(len(z), -1, -1, -1)
            kwargs["style"] = z
        else:
            x = self.project(z).view(-1, self.channels, *self.grid)
        images: Tensor = self.blocks(x, **kwargs)
        return images[:, :, :height, :width]


class Discriminator(nn.Module):
    """`[B, 3, height, width]` to logits `[B]`."""

    def __init__(self, settings: DcganModern, width: int, height: int) -> None:
        super().__init__()
        count = count_stages(width, height)
        channels = [channels_at(settings.discriminator_channels, i, settings.max_channels) for i in range(count)]
        from_rgb = he_init(nn.Conv2d(3, channels[0], 4, stride=2, padding=1))
        blocks: list[nn.Module] = [
            DownBlock(in_channels, out_channels, settings.convolutions)
            for in_channels, out_channels in pairwise(channels)
        ]
        self.blocks = Stack([from_rgb, *blocks], high_res="first")
        self.head = he_init(nn.Linear(channels[-1] * (height // 2**count) * (width // 2**count), 1))
        if settings.spectral_norm:
            add_spectral_norm(self)

    def forward(self, images: Tensor) -> Tensor:
        """Logits `[B]` for `images`."""
        features = F.leaky_relu(self.blocks(images), SLOPE).flatten(1)
        # in float32, because the gradient penalty squares small differences of logits
        with torch.autocast(features.device.type, enabled=False):
            logits: Tensor = self.head(features.to(self.head.weight.dtype))
        return logits.squeeze(1)


class Upsample(nn.Module):
    """`[B, in_channels, h, w]` to `[B, out_channels, 2h, 2w]`: 1x1 convolution, bilinear upsampling, 3x3 convolution.

    Then noise, normalization, style modulation by the latent, LeakyReLU, and excitation by features of a lower
    resolution with `low_channels` channels. Without normalization, colours take many times longer to converge. It is
    per pixel by default: with statistics of the whole image, the contrast of a line depends on the area around it.
    """

    def __init__(self, in_channels: int, out_channels: int, low_channels: int | None, settings: DcganModern) -> None:
        super().__init__()
        self.circular = settings.latent_kind == "spatial"
        self.conv1x1 = he_init(nn.Conv2d(in_channels, out_channels, 1), gain=1.0)
        self.conv = he_init(nn.Conv2d(out_channels, out_channels, 3, padding=0 if self.circular else 1))
        self.add_noise = Noise(out_channels, settings.noise) if settings.noise else None
        [self.norm] = norm(settings.norm, out_channels)
        self.style = Style(settings.latent, out_channels) if settings.latent_kind == "constant" else None
        self.excitation = Excitation(low_channels, out_channels) if low_channels else None

    def upsample(
        self, x: Tensor, noise: NoiseCrops | None = None, style: Tensor | None = None, low_res: Tensor | None = None
    ) -> Tensor:
        """Upsample `x`, up to and including the excitation."""
        x = self.conv(upsample2x(self.conv1x1(x), self.circular))
        if self.add_noise is not None and noise is not None:
            x = self.add_noise(x, *noise)
        x = self.norm(x)
        if self.style is not None and style is not None:
            x = self.style(x, style)
        x = F.leaky_relu(x, SLOPE)
        return self.excitation(x, low_res) if self.excitation is not None and low_res is not None else x


class UpBlock(Upsample):
    """`[B, in_channels, h, w]` to `[B, out_channels, 2h, 2w]`, with a residual at the higher resolution."""

    def __init__(self, in_channels: int, out_channels: int, low_channels: int | None, settings: DcganModern) -> None:
        super().__init__(in_channels, out_channels, low_channels, settings)
        count = settings.convolutions - 1
        self.residual = Residual(out_channels, count, self.circular) if count else None

    def forward(self, x: Tensor, **kwargs: Any) -> Tensor:
        x = self.upsample(x, **kwargs)
        return x if self.residual is None else x + self.residual(x)


class ToRGB(Upsample):
    """`[B, in_channels, h, w]` to `[B, 3, 2h, 2w]` in [-1, 1], with few channels at full resolution."""

    def __init__(self, in_channels: int, low_channels: int | None, settings: DcganModern) -> None:
        super().__init__(in_channels, settings.last_channels, low_channels, settings)
        self.to_rgb = conv(settings.last_channels, 3, self.circular)
        nn.init.normal_(self.to_rgb.weight, 0.0, OUTPUT_INIT)
        nn.init.zeros_(self.to_rgb.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, **kwargs: Any) -> Tensor:
        return torch.tanh(self.to_rgb(self.upsample(x, **kwargs)))


class Style(nn.Module):
    """`[B, channels, h, w]` with each channel scaled and shifted by an affine function of the latent `[B, latent]`.

    Adaptive instance normalization (Karras et al. 2019, arXiv:1812.04948, section 2), without a mapping network.
    """

    def __init__(self, latent: int, channels: int) -> None:
        super().__init__()
        self.affine = he_init(nn.Linear(latent, 2 * channels), STYLE_INIT, gain=1.0)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        scale, shift = self.affine(style)[:, :, None, None].to(x.dtype).chunk(2, dim=1)
        result: Tensor = x * (1 + scale) + shift
        return result


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


def conv(in_channels: int, out_channels: int, circular: bool) -> nn.Conv2d:
    """A 3x3 convolution that keeps the size, with zero or circular padding."""
    return nn.Conv2d(in_channels, out_channels, 3, padding=1, padding_mode="circular" if circular else "zeros")


def upsample2x(x: Tensor, circular: bool = False) -> Tensor:
    """Bilinear upsampling, `[B, C, h, w]` to `[B, C, 2h, 2w]`.

    It computes in float32: the backward pass on a GPU accumulates in the precision of its input.

    Args:
        x: the input.
        circular: wrap around at the edges, and keep a pixel of padding at each for the convolution that follows.
    """
    with torch.autocast(x.device.type, enabled=False):
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        wide = F.pad(wide, (1, 1, 1, 1), mode="circular") if circular else wide
        result = F.interpolate(wide, scale_factor=2, mode="bilinear", align_corners=False).to(x.dtype)
        return result[:, :, 1:-1, 1:-1] if circular else result
