"""Generators and discriminators. Nothing here knows of training.

Latents are `[B, latent]`, float, N(0, 1). Pictures are `[B, 3, height, width]`, float in [-1, 1].
Verdicts are `[B]`: logits, the larger the more real. To add a network: a file with a `build`
function, its settings in `mapgan/params/networks.py`, and a line in `BUILDERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from mapgan import draws
from mapgan.networks import dcgan, mapmaker, mlp, modern
from mapgan.networks.pair import Pair
from mapgan.params import NetworkName
from mapgan.params.section import Section

BUILDERS: dict[NetworkName, Callable[[Any, int, int], Pair]] = {
    "mlp": mlp.build,
    "dcgan": dcgan.build,
    "mapmaker": mapmaker.build,
    "dcgan-modern": modern.build,
}


def build(name: NetworkName, settings: Section, width: int, height: int, seed: int = 0) -> Pair:
    """The networks called `name` for pictures of `width` x `height` pixels, with fresh weights.

    The weights are a function of `seed`, and drawn on the CPU whatever the device will be.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(draws.key(seed, "weights", 0, 0))
        return BUILDERS[name](settings, width, height)


__all__ = ["BUILDERS", "Pair", "build"]
