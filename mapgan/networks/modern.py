"""A DCGAN for maps without batch normalization: upsampling without weights, and a residual discriminator.

The generator interpolates, as transposed convolutions leave checkerboard artifacts (Huang et al. 2024, R3GAN,
arXiv:2501.05441, section 3.3), with the 1x1 convolution before the upsampling, where it is cheap. The discriminator
has residual blocks with small initial weights, and no normalization. Both have few channels at full resolution, where
the memory goes. Noise inputs at every resolution give the generator something to make texture of.

With a spatial latent the generator is fully convolutional with circular padding: each site has a latent of its own, and
a theme is shared by the whole image. It has no notion of the borders of an image, so it generates any size, and
multiples of its grid without a seam (compare Lin et al. 2021, InfinityGAN, arXiv:2104.03963).
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
from mapgan.networks.modern_discriminator import Discriminator
from mapgan.networks.noise import Noise, noise_corners, noise_field
from mapgan.networks.norms import norm
from mapgan.networks.pair import Pair
from mapgan.networks.resampling import upsample2x, wrap
from mapgan.networks.residual import Residual, conv
from mapgan.networks.sizes import channels_at, count_stages
from mapgan.networks.stack import Stack
from mapgan.networks.window import Window, whole
from mapgan.params.networks import DcganModern

STYLE_INIT = 0.3  # initial scale of style modulation
OUTPUT_INIT = 0.03  # standard deviation of the last weights: images start near grey, where tanh is steep

# the field, `[F, F]`, the position of each image's crop, `[B, 2]`, and the part of the map that the images show
NoiseCrops = tuple[Tensor, Tensor, Window]


def build(settings: DcganModern, width: int, height: int) -> Pair:
    """Networks for images of `width` x `height` pixels, 16 to 2048 each."""
    generator, discriminator = Generator(settings, width, height), Discriminator(settings, width, height)
    return Pair(generator, discriminator, generator.latent, batch_dependent=settings.minibatch_std)


class Generator(nn.Module):
    """`[B, latent]` to `[B, 3, height, width]` in [-1, 1].

    A spatial latent is a flat `[z_channels, rows, columns]`, followed by the theme.
    """

    def __init__(self, settings: DcganModern, width: int, height: int) -> None:
        super().__init__()
        spatial = settings.latent_kind == "spatial"
        count = count_stages(width, height)
        channels = [
            channels_at(settings.generator_channels, count - 1 - i, settings.max_channels) for i in range(count)
        ]
        self.latent_kind, self.z_channels, self.channels = settings.latent_kind, settings.latent, channels[0]
        self.theme = settings.theme if spatial else 0
        self.cell = 2**count  # pixels of the image per pixel of the first block's input
        self.resize(width, height)
        if spatial:
            self.project: nn.Module = he_init(conv(settings.latent + settings.theme, channels[0], circular=True))
        elif self.latent_kind == "constant":
            self.constant = nn.Parameter(torch.randn(self.channels, *self.grid))
        else:
            self.project = he_init(nn.Linear(settings.latent, self.channels * math.prod(self.grid)))
        # statistics of the whole image do not know its size, so only local ones can be computed window by window
        self.halo = halo(settings, count) if spatial and settings.norm == "pixel" and not settings.excitation else None
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
        skips = channels[1:] if settings.output_skips else []
        self.to_rgb = nn.ModuleList(_to_colors(nn.Conv2d(in_channels, 3, 1)) for in_channels in skips)
        self.upsample = settings.upsample

    @property
    def latent(self) -> int:
        """The size of a latent."""
        return self.z_channels * (math.prod(self.grid) if self.latent_kind == "spatial" else 1) + self.theme

    def resize(self, width: int, height: int) -> None:
        """Set the size of the images; after construction this needs a spatial latent."""
        self.size = (height, width)
        self.grid = (-(-height // self.cell), -(-width // self.cell))  # rows and columns of the first block's input

    def forward(self, z: Tensor) -> Tensor:
        """Images `[B, 3, height, width]` for the latents `z`, `[B, latent]`."""
        height, width = self.size
        if self.latent_kind == "spatial":
            images = self.generate_window(*self.split(z), noise_corners(z), whole(self.grid))
        else:
            kwargs = self._noise(noise_corners(z), whole(self.grid))
            z = _normalized(z)
            if self.latent_kind == "constant":
                x = self.constant.expand(len(z), -1, -1, -1)
                kwargs["style"] = z
            else:
                x = self.project(z).view(-1, self.channels, *self.grid)
            images = self.draw(x, **kwargs)
        return images[:, :, :height, :width]

    def split(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """A spatial latent `[B, latent]` as sites, `[B, z_channels, rows, columns]`, and theme, `[B, theme, 1, 1]`."""
        sites, theme = torch.split(z, [z.shape[1] - self.theme, self.theme], dim=1)
        return sites.view(-1, self.z_channels, *self.grid), theme[:, :, None, None]

    def generate_window(self, sites: Tensor, theme: Tensor, corners: Tensor, window: Window) -> Tensor:
        """The images of a window, `[B, 3, rows * cell, columns * cell]`, wrong up to `halo` sites from its edges.

        The window of the whole map wraps around, and is right everywhere.

        Args:
            sites: latents of the window, `[B, z_channels, rows, columns]`.
            theme: `[B, theme, 1, 1]`, or `[B, theme, rows, columns]` if it differs from site to site.
            corners: of the noise, `[B, 2]`.
            window: which part of the map it is.
        """
        theme = (_normalized(theme) if self.theme else theme).expand(-1, -1, *sites.shape[2:])
        return self.draw(self.project(torch.cat([_normalized(sites), theme], dim=1)), **self._noise(corners, window))

    def draw(self, x: Tensor, **kwargs: Any) -> Tensor:
        """Images `[B, 3, rows * cell, columns * cell]` in [-1, 1] from the first block's input.

        With output skips, each block adds to the colours (Karras et al. 2020, arXiv:1912.04958, section 4.1).
        """
        outputs, colors = self.blocks.outputs(x, **kwargs), None
        for to_rgb in self.to_rgb:
            new = to_rgb(next(outputs))
            colors = self.enlarged(new if colors is None else colors + new)
        *_, last = outputs
        return torch.tanh(last if colors is None else last + colors)

    def enlarged(self, colors: Tensor) -> Tensor:
        """`[B, 3, h, w]` to `[B, 3, 2h, 2w]`."""
        if self.latent_kind == "spatial":
            return upsample2x(wrap(colors), self.upsample)[:, :, 2:-2, 2:-2]
        return upsample2x(colors, self.upsample)

    def _noise(self, corners: Tensor, window: Window) -> dict[str, Any]:
        return {"noise": (self.field, corners, window)} if self.noisy else {}


def halo(settings: DcganModern, blocks: int) -> int:
    """How many sites beyond its own the latent of a site influences, with so many blocks."""
    reach = 1  # in pixels of the current resolution; 1 for each 3x3 convolution
    for convolutions in (*[settings.convolutions] * (blocks - 1), 2):  # ToRGB has one before and one after
        reach = 2 * reach + (settings.upsample == "bilinear") + convolutions
    return math.ceil(reach / (1 << blocks))


def _normalized(z: Tensor) -> Tensor:
    """`z` scaled to a mean square of 1 over dimension 1."""
    return z * torch.rsqrt(z.square().mean(dim=1, keepdim=True) + 1e-8)


class Upsample(nn.Module):
    """`[B, in_channels, h, w]` to `[B, out_channels, 2h, 2w]`: 1x1 convolution, upsampling, 3x3 convolution.

    Then noise, normalization, style modulation by the latent, LeakyReLU, and excitation by features of a lower
    resolution with `low_channels` channels. Without normalization, colours take many times longer to converge. It is
    per pixel by default: with statistics of the whole image, the contrast of a line depends on the area around it.
    """

    def __init__(self, in_channels: int, out_channels: int, low_channels: int | None, settings: DcganModern) -> None:
        super().__init__()
        self.circular, self.mode = settings.latent_kind == "spatial", settings.upsample
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
        x = self.conv1x1(x)
        # cropping after the convolution is faster than before it, as its input stays contiguous
        x = upsample2x(wrap(x) if self.circular else x, self.mode)
        x = self.conv(x)[:, :, 1:-1, 1:-1] if self.circular else self.conv(x)
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
    """`[B, in_channels, h, w]` to `[B, 3, 2h, 2w]`, before tanh, with few channels at full resolution."""

    def __init__(self, in_channels: int, low_channels: int | None, settings: DcganModern) -> None:
        super().__init__(in_channels, settings.last_channels, low_channels, settings)
        self.to_rgb = _to_colors(nn.Conv2d(settings.last_channels, 3, 3, padding=0 if self.circular else 1))

    def forward(self, x: Tensor, **kwargs: Any) -> Tensor:
        x = self.upsample(x, **kwargs)
        colors: Tensor = self.to_rgb(wrap(x) if self.circular else x)
        return colors


def _to_colors(layer: nn.Conv2d) -> nn.Conv2d:
    nn.init.normal_(layer.weight, 0.0, OUTPUT_INIT)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer


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
