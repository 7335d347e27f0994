"""Networks that are conditioned on a label for each square of the map, so that maps can be painted.

G has an embedding of the labels at each site of its spatial latent and, where a pixel of its features is a square, once
more. D sees the labels as further channels of its input (Isola et al. 2017, arXiv:1611.07004, section 3.2). One more
label, -1, stands for any: it hides the labels of an image from both networks, so that maps can be drawn without a plan.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mapgan.errors import MapganError
from mapgan.networks import modern, modern_discriminator
from mapgan.networks.conditional import EMBEDDING
from mapgan.networks.noise import noise_corners
from mapgan.networks.pair import Pair
from mapgan.networks.window import whole
from mapgan.params.networks import DcganModern
from mapgan.params.section import Section

LABEL_CHANNELS = 8  # of D's input


def build(settings: Section, width: int, height: int, labels: int, square: int) -> Pair:
    """Networks conditioned on one of `labels` labels for each square of `square` pixels.

    Raises:
        MapganError: the generator has no spatial latent.
    """
    if not isinstance(settings, DcganModern) or settings.latent_kind != "spatial":
        raise MapganError(
            "dataset.condition: map needs a spatial latent",
            "set train.network to dcgan-modern and its latent_kind to spatial",
        )
    wide = settings.model_copy(update={"theme": settings.theme + EMBEDDING})
    generator = Generator(modern.Generator(wide, width, height, label_square=square, label_channels=EMBEDDING), labels)
    inner = modern_discriminator.Discriminator(settings, width, height, label_channels=LABEL_CHANNELS)
    discriminator = Discriminator(inner, labels, square)
    return Pair(generator, discriminator, generator.inner.latent - EMBEDDING, batch_dependent=settings.minibatch_std)


class Generator(nn.Module):
    """`[B, latent]` and labels `[B, rows, columns]` int64 to `[B, 3, height, width]` in [-1, 1].

    A label of -1 is any. Beyond the last square, its label goes on. Labels `[B]` are those of whole images.
    """

    def __init__(self, inner: modern.Generator, labels: int) -> None:
        super().__init__()
        self.inner, self.count = inner, labels + 1
        self.embedding = nn.Embedding(self.count, EMBEDDING)  # initialized from N(0, 1), like latents

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """Images `[B, 3, height, width]` for latents and labels."""
        sites, theme, embedded = self.inputs(z, labels)
        images = self.inner.generate_window(sites, theme, noise_corners(z), whole(self.inner.grid), embedded)
        height, width = self.inner.size
        return images[:, :, :height, :width]

    def inputs(self, z: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The inputs of the inner generator for the whole map.

        Returns:
            Sites `[B, z_channels, rows, columns]`, the theme of each site with the mean embedding of its labels,
            `[B, theme, rows, columns]`, and the embeddings at a pixel per square, `[B, EMBEDDING, ...]`.
        """
        embedded = self._embed(labels, z)
        sites, theme = self.inner.split(F.pad(z, (0, EMBEDDING)))
        shared = theme[:, :-EMBEDDING].expand(-1, -1, *self.inner.grid)
        return sites, torch.cat([shared, F.avg_pool2d(embedded, self.inner.labels_per_site)], dim=1), embedded

    def _embed(self, labels: Tensor, z: Tensor) -> Tensor:
        """The embeddings of labels `[B]` or `[B, rows, columns]`, for the whole grid of sites."""
        if labels.dim() == 1:
            labels = labels[:, None, None]
        inner = self.inner
        rows, columns = (
            torch.arange(sites * inner.labels_per_site, device=labels.device)
            .mul(inner.cell // inner.labels_per_site)
            .div(inner.label_square, rounding_mode="floor")
            .clamp_max(squares - 1)
            for sites, squares in zip(inner.grid, labels.shape[1:], strict=True)
        )
        embedded: Tensor = self.embedding(labels[:, rows[:, None], columns] % self.count)
        return embedded.permute(0, 3, 1, 2).to(z.dtype)


class Discriminator(nn.Module):
    """`[B, 3, height, width]` and labels `[B, rows, columns]`, or `[B]` of whole images, int64, to logits `[B]`."""

    def __init__(self, inner: modern_discriminator.Discriminator, labels: int, square: int) -> None:
        super().__init__()
        self.inner, self.square, self.count = inner, square, labels + 1
        self.embedding = nn.Embedding(self.count, LABEL_CHANNELS)

    def forward(self, images: Tensor, labels: Tensor, rebuild: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        """Logits `[B]` for images and labels; with `rebuild`, also rebuilt images."""
        if labels.dim() == 1:
            rows, columns = (-(-side // self.square) for side in images.shape[2:])
            labels = labels[:, None, None].expand(-1, rows, columns)
        embedded = self.embedding(labels % self.count).permute(0, 3, 1, 2)
        channels = F.interpolate(embedded, scale_factor=self.square, mode="nearest").to(images.dtype)
        labelled = torch.cat([images, channels[:, :, : images.shape[2], : images.shape[3]]], dim=1)
        result: Tensor | tuple[Tensor, Tensor] = self.inner(labelled, rebuild)
        return result
