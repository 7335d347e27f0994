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

from mapgan.networks.excitation import SKIP
from mapgan.networks.he_init import he_init
from mapgan.networks.inverted import InvertedToRGB, InvertedUpBlock
from mapgan.networks.modern_discriminator import Discriminator
from mapgan.networks.noise import noise_corners, noise_field
from mapgan.networks.pair import Pair
from mapgan.networks.resampling import enlarge
from mapgan.networks.residual import conv
from mapgan.networks.sizes import channels_at, count_stages
from mapgan.networks.stack import Stack
from mapgan.networks.up_blocks import ToRGB, UpBlock, to_colors
from mapgan.networks.window import Window, whole
from mapgan.params.networks import DcganModern


def build(settings: DcganModern, width: int, height: int) -> Pair:
    """Networks for images of `width` x `height` pixels, 16 to 2048 each."""
    generator, discriminator = Generator(settings, width, height), Discriminator(settings, width, height)
    return Pair(generator, discriminator, generator.latent, batch_dependent=settings.minibatch_std)


LABEL_GAIN = 0.1  # of the labels of images: they are the same at all sites, and would be learned before the sites


class Generator(nn.Module):
    """`[B, latent]` to `[B, 3, height, width]` in [-1, 1].

    A spatial latent is a flat `[z_channels, rows, columns]`, followed by the theme, of which the last `label_size`
    numbers are the embedding of the image's label. It may also have embeddings of
    labels of squares (see `label_maps`): `label_channels` for each square of `label_square` pixels.
    """

    def __init__(
        self, settings: DcganModern, width: int, height: int, label_square: int = 0, label_channels: int = 0
    ) -> None:
        super().__init__()
        spatial = settings.latent_kind == "spatial"
        count = count_stages(width, height)
        channels = [
            channels_at(settings.generator_channels, count - 1 - i, settings.max_channels) for i in range(count)
        ]
        self.latent_kind, self.z_channels, self.channels = settings.latent_kind, settings.latent, channels[0]
        self.theme = settings.theme if spatial else 0
        self.label_size = 0
        self.themes: Tensor | None = None  # those of sites, `[1, theme - label_size, rows, columns]`, if they differ
        self.cell = 2**count  # pixels of the image per pixel of the first block's input
        self.label_square = label_square
        self.labels_per_site = max(1, self.cell // label_square) if label_square else 0  # in each direction
        self.resize(width, height)
        if spatial:
            self.project: nn.Module = he_init(conv(settings.latent + settings.theme, channels[0], circular=True))
        elif self.latent_kind == "constant":
            self.constant = nn.Parameter(torch.randn(self.channels, *self.grid))
        else:
            self.project = he_init(nn.Linear(settings.latent, self.channels * math.prod(self.grid)))
        inverted = settings.blocks == "inverted"
        # statistics of the whole image do not know its size, so only local ones can be computed window by window
        local = (settings.norm == "pixel" or inverted) and not settings.excitation
        self.halo = halo(settings, count) if spatial and local else None
        self.noisy = settings.noise > 0
        if self.noisy:
            self.register_buffer("field", noise_field())
        low_channels = [None] * SKIP + channels if settings.excitation else [None] * count
        depth = {"depth": count * settings.convolutions} if inverted else {}
        up_block, last_block = (InvertedUpBlock, InvertedToRGB) if inverted else (UpBlock, ToRGB)
        blocks: list[Any] = [
            up_block(in_channels, out_channels, low, settings, **depth)
            for low, (in_channels, out_channels) in zip(low_channels, pairwise(channels), strict=False)
        ]
        blocks.append(last_block(channels[-1], low_channels[count - 1], settings, **depth))
        if label_square:
            index = int(math.log2(self.labels_per_site))  # the block with a pixel per square
            blocks[index].from_labels = he_init(nn.Conv2d(label_channels, channels[index], 1), gain=1.0)
        self.blocks = Stack(blocks, high_res="last", skip=SKIP if settings.excitation else 0)
        skips = channels[1:] if settings.output_skips else []
        self.to_rgb = nn.ModuleList(to_colors(nn.Conv2d(in_channels, 3, 1)) for in_channels in skips)
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
        """A spatial latent `[B, latent]` as sites, `[B, z_channels, rows, columns]`, and theme, `[B, theme, 1, 1]`.

        With a theme for each site, it is `[B, theme, rows, columns]`.
        """
        sites, flat = torch.split(z, [z.shape[1] - self.theme, self.theme], dim=1)
        theme = flat[:, :, None, None]
        if self.themes is not None:
            own = self.themes.to(theme).expand(len(z), -1, -1, -1)
            theme = torch.cat([own, theme[:, own.shape[1] :].expand(-1, -1, *self.grid)], dim=1)
        return sites.view(-1, self.z_channels, *self.grid), theme

    def generate_window(
        self, sites: Tensor, theme: Tensor, corners: Tensor, window: Window, labels: Tensor | None = None
    ) -> Tensor:
        """The images of a window, `[B, 3, rows * cell, columns * cell]`, wrong up to `halo` sites from its edges.

        The window of the whole map wraps around, and is right everywhere.

        Args:
            sites: latents of the window, `[B, z_channels, rows, columns]`.
            theme: `[B, theme, 1, 1]`, or `[B, theme, rows, columns]` if it differs from site to site.
            corners: of the noise, `[B, 2]`.
            window: which part of the map it is.
            labels: embeddings of the labels of its squares, `[B, label_channels, rows, columns]`.
        """
        everywhere = theme.expand(-1, -1, *sites.shape[2:])
        theme, label = torch.split(everywhere, [self.theme - self.label_size, self.label_size], dim=1)
        x = self.project(torch.cat([_normalized(sites), _normalized(theme), LABEL_GAIN * _normalized(label)], dim=1))
        return self.draw(x, labels=labels, **self._noise(corners, window))

    def draw(self, x: Tensor, **kwargs: Any) -> Tensor:
        """Images `[B, 3, rows * cell, columns * cell]` in [-1, 1] from the first block's input.

        With output skips, each block adds to the colours (Karras et al. 2020, arXiv:1912.04958, section 4.1).
        """
        outputs, colors = self.blocks.outputs(x, **kwargs), None
        for to_rgb in self.to_rgb:
            new = to_rgb(next(outputs))
            circular = self.latent_kind == "spatial"
            colors = enlarge(new if colors is None else colors + new, self.upsample, circular)
        *_, last = outputs
        return torch.tanh(last if colors is None else last + colors)

    def _noise(self, corners: Tensor, window: Window) -> dict[str, Any]:
        return {"noise": (self.field, corners, window)} if self.noisy else {}


def halo(settings: DcganModern, blocks: int) -> int:
    """How many sites beyond its own the latent of a site influences, with so many blocks."""
    reach = 1  # in pixels of the current resolution; 1 for each 3x3 convolution
    last = settings.convolutions if settings.blocks == "inverted" else 2  # ToRGB has one before and one after
    for convolutions in (*[settings.convolutions] * (blocks - 1), last):
        reach = 2 * reach + (settings.upsample == "bilinear") + convolutions
    return math.ceil(reach / (1 << blocks))


def _normalized(z: Tensor) -> Tensor:
    """`z` scaled to a mean square of 1 over dimension 1, which may be empty."""
    return z * torch.rsqrt(z.square().mean(dim=1, keepdim=True) + 1e-8)
