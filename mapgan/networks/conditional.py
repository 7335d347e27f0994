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

from mapgan.networks.pair import Pair
from mapgan.networks.spectral import add_spectral_norm
from mapgan.params.section import Section

EMBEDDING = 16  # size of the embedding of a label


def build(builder: Callable[[Any, int, int], Pair], settings: Section, width: int, height: int, labels: int) -> Pair:
    """The networks of `builder`, conditioned on one of `labels` labels."""
    # a spatial latent has the embedding at each site, as a part of its theme
    name = "theme" if getattr(settings, "latent_kind", "") == "spatial" else "latent"
    pair = builder(settings.model_copy(update={name: getattr(settings, name) + EMBEDDING}), width, height)
    if name == "theme":
        pair.generator.label_size = EMBEDDING  # type: ignore[assignment]
    generator, discriminator = Generator(pair.generator, labels), Discriminator(pair.discriminator, labels)
    return Pair(generator, discriminator, pair.latent - EMBEDDING, pair.batch_dependent)


class Generator(nn.Module):
    """`[B, latent]` and labels `[B]` int64 to `[B, 3, height, width]` in [-1, 1]."""

    def __init__(self, inner: nn.Module, labels: int) -> None:
        super().__init__()
        self.inner = inner
        self.embedding = nn.Embedding(labels, EMBEDDING)  # initialized from N(0, 1), like latents

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """Images `[B, 3, height, width]` for latents and labels."""
        images: Tensor = self.inner(self.with_label(z, labels))
        return images

    def with_label(self, z: Tensor, labels: Tensor) -> Tensor:
        """The latents of the inner generator: `z` and the embeddings of the labels."""
        return torch.cat([z, self.embedding(labels).to(z.dtype)], dim=1)


class Discriminator(nn.Module):
    """`[B, 3, height, width]` and labels `[B]` int64 to logits `[B]`, and what the inner network gives beside them."""

    def __init__(self, inner: nn.Module, labels: int) -> None:
        super().__init__()
        self.inner, self.count = inner, labels
        inner.head = _with_outputs(inner.head, labels)  # type: ignore[arg-type]

    def forward(self, images: Tensor, labels: Tensor, rebuild: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        """Logits `[B]` for images and labels; with `rebuild`, also rebuilt images."""
        if rebuild:
            logits, rebuilt = self.inner(images, rebuild=True)
            return self._of_labels(logits, labels), rebuilt
        return self._of_labels(self.inner(images), labels)

    def _of_labels(self, logits: Tensor, labels: Tensor) -> Tensor:
        return logits.reshape(len(labels), self.count).gather(1, labels[:, None]).squeeze(1)


def _with_outputs(layer: nn.Linear | nn.Conv2d, labels: int) -> nn.Linear | nn.Conv2d:
    """`layer`, which has one output, with `labels` outputs of the same initial weights."""
    bias, normalized = layer.bias is not None, parametrize.is_parametrized(layer)
    parametrizations: Any = layer.parametrizations if normalized else None
    weight = parametrizations.weight.original if normalized else layer.weight
    wide = (
        nn.Linear(layer.in_features, labels, bias)
        if isinstance(layer, nn.Linear)
        else nn.Conv2d(layer.in_channels, labels, layer.kernel_size, bias=bias)  # type: ignore[arg-type]
    )
    with torch.no_grad():
        wide.weight.copy_(weight.expand_as(wide.weight))
        if wide.bias is not None and layer.bias is not None:
            wide.bias.copy_(layer.bias.expand_as(wide.bias))
    if normalized:
        add_spectral_norm(wide)
    return wide
