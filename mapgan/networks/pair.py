"""Generator and discriminator."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class Pair:
    """A generator with its discriminator.

    Args:
        generator: `[B, latent]`, and labels `[B]` if it has labels, to `[B, 3, height, width]` in [-1, 1].
        discriminator: `[B, 3, height, width]`, and labels `[B]` if it has labels, to logits `[B]`.
        latent: size of a latent.
        batch_dependent: whether the images of a micro-batch influence each other (batch normalization).
    """

    generator: nn.Module
    discriminator: nn.Module
    latent: int
    batch_dependent: bool
