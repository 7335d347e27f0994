"""Class-conditional networks, made of any generator and discriminator.

G gets a learned embedding of the label in addition to its latent. D is a projection discriminator (Miyato and Koyama
2018, arXiv:1802.05637, eq. 9): with features phi(x), its logit for label y is (w_y + w) . phi(x) + b, that is, a last
layer with one output per label, of which that of the image's label is taken. Nothing else in the networks changes.
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

EMBEDDING = 16  # size of the embedding of a label


def build(builder: Callable[[Any, int, int], Pair], settings: Section, width: int, height: int, labels: int) -> Pair:
    """The networks of `builder`, conditioned on one of `labels` labels.

    Raises:
        MapganError: the generator has no vector latent, or D has spectral normalization.
    """
    size = int(getattr(settings, "latent", 0))
    pair = builder(settings.model_copy(update={"latent": size + EMBEDDING}), width, height) if size else None
    if pair is None or pair.latent != size + EMBEDDING:
        raise MapganError(
            "train.network: a spatial latent does not support labels",
            "use another network, or make the set again with dataset.condition none",
        )
    generator, discriminator = Generator(pair.generator, labels), Discriminator(pair.discriminator, labels)
    return Pair(generator, discriminator, size, pair.batch_dependent)


class Generator(nn.Module):
    """`[B, latent]` and labels `[B]` int64 to `[B, 3, height, width]` in [-1, 1]."""

    def __init__(self, inner: nn.Module, labels: int) -> None:
        super().__init__()
        self.inner = inner
        self.embedding = nn.Embedding(labels, EMBEDDING)  # initialized from N(0, 1), like latents

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """Images `[B, 3, height, width]` for latents and labels."""
        images: Tensor = self.inner(torch.cat([z, self.embedding(labels).to(z.dtype)], dim=1))
        return images


class Discriminator(nn.Module):
    """`[B, 3, height, width]` and labels `[B]` int64 to logits `[B]`."""

    def __init__(self, inner: nn.Module, labels: int) -> None:
        super().__init__()
        self.inner, self.count = inner, labels
        inner.head = _with_outputs(inner.head, labels)  # type: ignore[arg-type]

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Logits `[B]` for images and labels."""
        logits: Tensor = self.inner(images).reshape(len(images), self.count)
        return logits.gather(1, labels[:, None]).squeeze(1)


def _with_outputs(layer: nn.Linear | nn.Conv2d, labels: int) -> nn.Linear | nn.Conv2d:
    """`layer`, which has one output, with `labels` outputs of the same initial weights."""
    if parametrize.is_parametrized(layer):
        raise MapganError(
            "train.networks: spectral_norm does not support labels",
            "switch it off, or make the set again with dataset.condition none",
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
