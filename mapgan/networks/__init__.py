"""Generators and discriminators. Nothing here depends on training.

Latents are `[B, latent]` float, from N(0, 1). Images are `[B, 3, height, width]` float in [-1, 1]. The discriminator
returns logits, `[B]`. Networks built with labels take these too, `[B]` int64, after the latents or images.

To add a network: a file with a `build` function, its settings in `mapgan/params/networks.py`, and a line in `BUILDERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from mapgan import rng
from mapgan.errors import MapganError
from mapgan.networks import conditional, dcgan, label_maps, mapmaker, mlp, modern
from mapgan.networks.modern_discriminator import Discriminator
from mapgan.networks.pair import Pair
from mapgan.networks.unconditional import unconditional
from mapgan.params import NetworkName
from mapgan.params.section import Section

BUILDERS: dict[NetworkName, Callable[[Any, int, int], Pair]] = {
    "mlp": mlp.build,
    "dcgan": dcgan.build,
    "mapmaker": mapmaker.build,
    "dcgan-modern": modern.build,
}


def build(
    name: NetworkName,
    settings: Section,
    width: int,
    height: int,
    seed: int = 0,
    labels: int = 0,
    label_square: int = 0,
    reconstruction: bool = False,
) -> Pair:
    """Build the networks called `name`, with random weights.

    Args:
        name: a key of `BUILDERS`.
        settings: its section.
        width: of the images, pixels.
        height: the same.
        seed: of the weights, which are generated on the CPU, whatever the device.
        labels: number of labels that both networks are conditioned on (0: none).
        label_square: side of the squares that have a label each, pixels (0: each image has one).
        reconstruction: whether the discriminator gets a decoder that rebuilds images; only that of `dcgan-modern` can.

    Raises:
        MapganError: squares have labels, and the latent is not spatial.
    """
    builder = BUILDERS[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(rng.key(seed, "weights", 0, 0))
        if labels and label_square:
            pair = label_maps.build(settings, width, height, labels, label_square)
        elif labels:
            pair = conditional.build(builder, settings, width, height, labels)
        else:
            pair = builder(settings, width, height)
        discriminator = unconditional(pair.discriminator)
        if reconstruction and isinstance(discriminator, Discriminator):
            discriminator.add_decoder()  # last, so that all other weights are the same without it
        return pair


def latent_size(
    name: NetworkName, settings: Section, width: int, height: int, labels: int = 0, label_square: int = 0
) -> int:
    """The size of a latent of the network called `name`."""
    with torch.device("meta"):
        return build(name, settings, width, height, labels=labels, label_square=label_square).latent


def spatial_generator(generator: nn.Module) -> modern.Generator | None:
    """`generator`, or what it conditions on labels, if it has a spatial latent and so can generate any size."""
    inner = unconditional(generator)
    return inner if isinstance(inner, modern.Generator) and inner.latent_kind == "spatial" else None


def resize(generator: nn.Module, width: int, height: int, seamless: bool) -> int:
    """Change the size that a generator with a spatial latent generates.

    Args:
        generator: from `build`.
        width: pixels.
        height: pixels.
        seamless: whether the images must be seamless.

    Returns:
        The new size of a latent.

    Raises:
        MapganError: the latent is not spatial, or an image of this size is not seamless.
    """
    inner = spatial_generator(generator)
    if inner is None:
        raise MapganError(
            "sample: this generator has a fixed size, and is not seamless",
            "--size and --seamless need one trained with train.networks.dcgan-modern.latent_kind=spatial",
        )
    cell = inner.cell
    if seamless and (width % cell or height % cell):
        near = [max(cell, round(side / cell) * cell) for side in (width, height)]
        raise MapganError(
            f"--seamless: {width} x {height} pixels have a seam",
            f"use multiples of {cell}, such as {near[0]}x{near[1]}",
        )
    inner.resize(width, height)
    return inner.latent - (conditional.EMBEDDING if inner is not generator else 0)


__all__ = ["BUILDERS", "Pair", "build", "latent_size", "resize", "spatial_generator"]
