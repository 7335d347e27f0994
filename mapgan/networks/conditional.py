"""Networks that are told what to draw: any generator and discriminator, made to know labels.

G gets a learned vector of each label beside its latent. D is a projection discriminator (Miyato and Koyama 2018,
arXiv:1802.05637, eq. 9): with features phi(x), its logit for label y is (w_y + w) . phi(x) + b, and so a last
layer with one output for each label, of which an image's own is taken. Nothing else of a network changes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from mapgan.errors import MapganError
from mapgan.networks.pair import Pair
from mapgan.params.section import Section

WIDTH = 16  # numbers in a label's vector


def build(builder: Callable[[Any, int, int], Pair], settings: Section, width: int, height: int, labels: int) -> Pair:
    """The networks of `builder`, told one of so many `labels` with each image.

    Raises:
        MapganError: the generator has no plain latent to set a vector beside.
    """
    size = int(getattr(settings, "latent", 0))
    pair = builder(settings.model_copy(update={"latent": size + WIDTH}), width, height) if size else None
    if pair is None or pair.latent != size + WIDTH:
        raise MapganError(
            "train.network: its latent takes no labels",
            "take another network, or make the set anew with dataset.condition none",
        )
    generator, discriminator = Generator(pair.generator, labels), Discriminator(pair.discriminator, labels)
    return Pair(generator, discriminator, size, pair.batch_dependent)


class Generator(nn.Module):
    """`[B, latent]` and labels `[B]` (whole numbers) to `[B, 3, height, width]` in [-1, 1]."""

    def __init__(self, inner: nn.Module, labels: int) -> None:
        super().__init__()
        self.inner = inner
        self.vectors = nn.Embedding(labels, WIDTH)  # from N(0, 1), like the latent

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """Images for the latents `z`, each of its label."""
        images: Tensor = self.inner(torch.cat([z, self.vectors(labels).to(z.dtype)], dim=1))
        return images


class Discriminator(nn.Module):
    """`[B, 3, height, width]` and labels `[B]` (whole numbers) to logits `[B]`."""

    def __init__(self, inner: nn.Module, labels: int) -> None:
        super().__init__()
        self.inner, self.count = inner, labels
        inner.head = _widened(inner.head, labels)  # type: ignore[arg-type]

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Logits for `images`, each as one of its label."""
        logits: Tensor = self.inner(images).reshape(len(images), self.count)
        return logits.gather(1, labels[:, None]).squeeze(1)


def _widened(layer: nn.Linear | nn.Conv2d, labels: int) -> nn.Linear | nn.Conv2d:
    """`layer`, which has one output, with one for each label; all begin with the same weights."""
    if parametrize.is_parametrized(layer):
        raise MapganError(
            "train.networks: spectral norm does not go with labels",
            "switch it off, or make the set anew with dataset.condition none",
        )
    bias = layer.bias is not None
    wide = (
        nn.Linear(layer.in_features, labels, bias)
        if isinstance(layer, nn.Linear)
        else nn.Conv2d(layer.in_channels, labels, layer.kernel_size, bias=bias)  # type: ignore[arg-type]
    )
    with torch.no_grad():
        for name, value in layer.named_parameters():
            wide.get_parameter(name).copy_(value.expand_as(wide.get_parameter(name)))
    return wide
