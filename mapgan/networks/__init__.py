"""Generators and discriminators. Nothing here knows of training.

Latents are `[B, latent]`, float, N(0, 1). Images are `[B, 3, height, width]`, float in [-1, 1].
Logits are `[B]`: logits, the larger the more real. Networks that are built with labels take them, `[B]` (whole
numbers), beside the latents or images. To add a network: a file with a `build`
function, its settings in `mapgan/params/networks.py`, and a line in `BUILDERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from mapgan import rng
from mapgan.errors import MapganError
from mapgan.networks import conditional, dcgan, mapmaker, mlp, modern
from mapgan.networks.pair import Pair
from mapgan.params import NetworkName
from mapgan.params.section import Section

BUILDERS: dict[NetworkName, Callable[[Any, int, int], Pair]] = {
    "mlp": mlp.build,
    "dcgan": dcgan.build,
    "mapmaker": mapmaker.build,
    "dcgan-modern": modern.build,
}


def build(name: NetworkName, settings: Section, width: int, height: int, seed: int = 0, labels: int = 0) -> Pair:
    """The networks called `name` for images of `width` x `height` pixels, with fresh weights.

    The weights are a function of `seed`, and drawn on the CPU whatever the device will be. With so many `labels` (0:
    none) both networks are told one with each image.

    Raises:
        MapganError: this network takes no labels.
    """
    builder = BUILDERS[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(rng.key(seed, "weights", 0, 0))
        if labels:
            return conditional.build(builder, settings, width, height, labels)
        return builder(settings, width, height)


def latent_size(name: NetworkName, settings: Section, width: int, height: int, labels: int = 0) -> int:
    """Numbers in a latent of the network called `name`."""
    with torch.device("meta"):
        return build(name, settings, width, height, labels=labels).latent


def resize(generator: nn.Module, width: int, height: int, seamless: bool) -> int:
    """Have a generator whose latent is spatial draw another size from now on.

    Args:
        generator: which.
        width: pixels.
        height: pixels.
        seamless: images must go on at their other side.

    Returns:
        Numbers that a latent now has.

    Raises:
        MapganError: the generator's latent is not spatial, or no seamless image has this size.
    """
    if not isinstance(generator, modern.Generator) or generator.kind != "spatial":
        raise MapganError(
            "sample: this generator draws one size only, and with edges",
            "--size and --seamless need one that was trained with train.networks.dcgan-modern.latent_kind=spatial",
        )
    cell = generator.cell
    if seamless and (width % cell or height % cell):
        near = [max(cell, round(side / cell) * cell) for side in (width, height)]
        raise MapganError(
            f"--seamless: {width} x {height} pixels have a seam",
            f"take multiples of {cell}, such as {near[0]}x{near[1]}",
        )
    generator.resize(width, height)
    return generator.latent


__all__ = ["BUILDERS", "Pair", "build", "latent_size", "resize"]
