"""A DCGAN for maps, without statistics over the batch: low-pass resizing and a residual discriminator.

The generator doubles bilinearly, because transposed convolutions leave checkerboards (Huang et al. 2024, R3GAN,
arXiv:2501.05441, section 3.3), with the 1x1 convolution on the cheap side of each resize. The discriminator has
residual blocks that start small and no normalisation. Most work is done at half size: at full size, where memory
goes, there are only a few feature maps. Noise at every size gives the generator something to make texture of.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mapgan import draws
from mapgan.networks.norms import Norm
from mapgan.networks.pair import Pair
from mapgan.networks.sizes import doublings, feature_maps, start
from mapgan.networks.stack import Stack
from mapgan.params.networks import DcganModern

Layer = TypeVar("Layer", nn.Linear, nn.Conv2d)

SLOPE = 0.2
RESIDUAL_START = 0.3  # a residual's share at the start; the plain path carries the signal then
FIELD = 256  # pixels; what each side of the noise field is long
OUTPUT_START = 0.03  # pictures start near grey, where tanh is steep


def build(settings: DcganModern, width: int, height: int) -> Pair:
    """Networks for pictures of `width` x `height` pixels, 16 to 2048 each."""
    generator, discriminator = Generator(settings, width, height), Discriminator(settings, width, height)
    return Pair(generator, discriminator, settings.latent, batch_dependent=False)


class Generator(nn.Module):
    """`[B, latent]` to `[B, 3, height, width]` in [-1, 1]."""

    def __init__(self, settings: DcganModern, width: int, height: int) -> None:
        super().__init__()
        self.size = (height, width)
        count = doublings(width, height)
        maps = [feature_maps(settings.generator_maps, count - 1 - i, settings.max_maps) for i in range(count)]
        self.first = (maps[0], start(height, count), start(width, count))
        self.project = _started(nn.Linear(settings.latent, math.prod(self.first)))
        self.noisy = settings.noise > 0
        if self.noisy:
            self.register_buffer("field", noise_field())
        blocks: list[nn.Module] = [UpBlock(before, after, settings) for before, after in pairwise(maps)]
        self.blocks = Stack([*blocks, ToPicture(maps[-1], settings)], high="last")

    def forward(self, z: Tensor) -> Tensor:
        """Pictures `[B, 3, height, width]` for the latents `z`, `[B, latent]`."""
        height, width = self.size
        noise = (self.field, noise_corners(z)) if self.noisy else ()
        z = z * torch.rsqrt(z.square().mean(dim=1, keepdim=True) + 1e-8)
        pictures: Tensor = self.blocks(self.project(z).view(-1, *self.first), *noise)
        return pictures[:, :, :height, :width]


class Discriminator(nn.Module):
    """`[B, 3, height, width]` to logits `[B]`."""

    def __init__(self, settings: DcganModern, width: int, height: int) -> None:
        super().__init__()
        count = doublings(width, height)
        maps = [feature_maps(settings.discriminator_maps, i, settings.max_maps) for i in range(count)]
        from_picture = _started(nn.Conv2d(3, maps[0], 4, stride=2, padding=1))
        blocks: list[nn.Module] = [DownBlock(before, after, settings.convolutions) for before, after in pairwise(maps)]
        self.blocks = Stack([from_picture, *blocks], high="first")
        self.verdict = _started(nn.Linear(maps[-1] * (height // 2**count) * (width // 2**count), 1))

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits `[B]` for `pictures`."""
        features = F.leaky_relu(self.blocks(pictures), SLOPE).flatten(1)
        with torch.autocast(features.device.type, enabled=False):  # the penalty squares small differences of logits
            logits: Tensor = self.verdict(features.to(self.verdict.weight.dtype))
        return logits.squeeze(1)


class UpBlock(nn.Module):
    """`[B, before, h, w]` to `[B, after, 2h, 2w]`: 1x1 convolution, bilinear doubling, 3x3 convolutions.

    The first convolution is normalised within each picture: without that, colours take many times longer to settle.
    Noise may be added to it: smooth resizings leave nothing else to make woods and rock of.
    """

    def __init__(self, before: int, after: int, settings: DcganModern) -> None:
        super().__init__()
        self.mix = _started(nn.Conv2d(before, after, 1), gain=1.0)
        self.convolution = _started(nn.Conv2d(after, after, 3, padding=1))
        self.add_noise = _noise(after, settings.noise)
        self.norm = Norm(after)
        self.residual = Residual(after, settings.convolutions - 1) if settings.convolutions > 1 else None

    def forward(self, x: Tensor, *noise: Tensor) -> Tensor:
        x = self.convolution(double(self.mix(x)))
        x = F.leaky_relu(self.norm(self.add_noise(x, *noise)), SLOPE)
        return x if self.residual is None else x + self.residual(x)


class DownBlock(nn.Module):
    """`[B, before, h, w]` to `[B, after, h // 2, w // 2]`: a strided residual beside averaging and mixing."""

    def __init__(self, before: int, after: int, convolutions: int) -> None:
        super().__init__()
        self.mix = _started(nn.Conv2d(before, after, 1), gain=1.0)
        self.residual = Residual(before, convolutions - 1) if convolutions > 1 else None
        self.halve = _started(nn.Conv2d(before, after, 4, stride=2, padding=1), RESIDUAL_START)

    def forward(self, x: Tensor) -> Tensor:
        if self.residual is not None:
            x = x + self.residual(x)
        result: Tensor = self.mix(F.avg_pool2d(x, 2)) + self.halve(F.leaky_relu(x, SLOPE))
        return result


class Residual(nn.Module):
    """`count` times LeakyReLU and a 3x3 convolution; the last one starts small."""

    def __init__(self, maps: int, count: int) -> None:
        super().__init__()
        shares = [1.0] * (count - 1) + [RESIDUAL_START]
        self.convolutions = nn.ModuleList(_started(nn.Conv2d(maps, maps, 3, padding=1), share) for share in shares)

    def forward(self, x: Tensor) -> Tensor:
        for convolution in self.convolutions:
            x = convolution(F.leaky_relu(x, SLOPE))
        return x


class ToPicture(nn.Module):
    """`[B, before, h, w]` to `[B, 3, 2h, 2w]` in [-1, 1], with few feature maps at full size."""

    def __init__(self, before: int, settings: DcganModern) -> None:
        super().__init__()
        maps = settings.last_maps
        self.mix = _started(nn.Conv2d(before, maps, 1), gain=1.0)
        self.convolution = _started(nn.Conv2d(maps, maps, 3, padding=1))
        self.add_noise = _noise(maps, settings.noise)
        self.norm = Norm(maps)
        self.paint = nn.Conv2d(maps, 3, 3, padding=1)
        nn.init.normal_(self.paint.weight, 0.0, OUTPUT_START)
        nn.init.zeros_(self.paint.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, *noise: Tensor) -> Tensor:
        x = self.convolution(double(self.mix(x)))
        return torch.tanh(self.paint(F.leaky_relu(self.norm(self.add_noise(x, *noise)), SLOPE)))


class Noise(nn.Module):
    """`[B, maps, h, w]` with noise added, each feature map in its own strength.

    After Karras et al. 2019 (arXiv:1812.04948), section 3.2. The noise is one fixed field for all pictures, and each
    reads it from a corner of its own: a latent is enough to draw a picture again, on any device.
    """

    def __init__(self, maps: int, strength: float) -> None:
        super().__init__()
        self.strength = nn.Parameter(strength * torch.randn(maps, 1, 1))

    def forward(self, x: Tensor, field: Tensor, corners: Tensor) -> Tensor:
        """`x` and the part of `field`, `[F, F]`, that begins at `corners`, `[B, 2]`, and goes on at its other side."""
        rows, columns = (
            (corners[:, axis, None] + torch.arange(x.shape[2 + axis], device=x.device)) % FIELD for axis in (0, 1)
        )
        noise = field[rows[:, :, None], columns[:, None, :]].unsqueeze(1)
        return x + self.strength.to(x.dtype) * noise.to(x.dtype)


def _noise(maps: int, strength: float) -> nn.Module:
    return Noise(maps, strength) if strength else nn.Identity()


def noise_field() -> Tensor:
    """White noise, `[FIELD, FIELD]`, the same always."""
    return torch.from_numpy(draws.normal(0, "noise field", 0, 0, FIELD**2)).float().view(FIELD, FIELD)


def noise_corners(z: Tensor) -> Tensor:
    """Where in the field each picture's noise begins, `[B, 2]`: digits of the latents `z`, `[B, latent]`."""
    size = z[:, :1].abs()
    return torch.cat([size * 2**8, size * 2**16], dim=1).long() % FIELD  # both products are exact on any device


def double(x: Tensor) -> Tensor:
    """`[B, C, h, w]` to `[B, C, 2h, 2w]`, bilinear: a low-pass filter, so no checkerboards.

    In float32 inside: on a GPU its backward pass adds up in the precision that it is given.
    """
    with torch.autocast(x.device.type, enabled=False):
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        return F.interpolate(wide, scale_factor=2, mode="bilinear", align_corners=False).to(x.dtype)


def _started(layer: Layer, share: float = 1.0, gain: float = 0.0) -> Layer:
    """Weights that keep the size of the signal (He et al. 2015, eq. 14; `gain` 1 on a linear path)."""
    fan_in = layer.weight[0].numel()
    gain = gain or math.sqrt(2.0 / (1.0 + SLOPE**2))
    nn.init.normal_(layer.weight, 0.0, share * gain / math.sqrt(fan_in))
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer
