"""Drawing a few squares of a map anew: the latents of their sites are replaced, and neighbours blend in."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from mapgan import rng
from mapgan.errors import MapganError
from mapgan.networks import modern, spatial_generator
from mapgan.networks.generator_file import About
from mapgan.params import Sample
from mapgan.params.parsing import parse_square
from mapgan.sampling.recipe import Recipe


@dataclass(frozen=True)
class Reroll:
    """Which sites get new latents.

    Args:
        rows: first and last row of sites, exclusive.
        columns: the same.
        attempt: another one gives other latents.
    """

    rows: slice
    columns: slice
    attempt: int


def open_reroll(settings: Sample | Recipe, generator: nn.Module, about: About) -> Reroll:
    """The sites above the squares that `settings` name.

    Args:
        settings: `reroll`, `around` and `attempt`.
        generator: resized to the size of the map.
        about: its configuration.

    Raises:
        MapganError: the generator has no spatial latent, or the square lies outside of the map.
    """
    inner = _spatial(generator)
    square = about.pixels_per_square or float(inner.cell)
    column, row = parse_square(settings.reroll)
    spans = []
    for index, pixels, sites in ((row, inner.size[0], inner.grid[0]), (column, inner.size[1], inner.grid[1])):
        if index * square >= pixels:
            raise MapganError(
                f"--reroll {settings.reroll}: outside of the map of {inner.size[1] / square:g} x "
                f"{inner.size[0] / square:g} squares",
                "name a square by column,row, counted from 0 at the top left",
            )
        first, last = index - settings.around, index + settings.around
        spans.append(sites_above(first, last, square / inner.cell, sites))
    return Reroll(spans[0], spans[1], settings.attempt)


def sites_above(first: int, last: int, sites_per_square: float, sites: int) -> slice:
    """Which of `sites` sites of a row or a column touch the squares from `first` to `last`, inclusive."""
    start, stop = math.floor(first * sites_per_square), math.ceil((last + 1) * sites_per_square)
    return slice(max(0, start), min(sites, stop))


def rerolled(z: Tensor, seed: int, generator: nn.Module, reroll: Reroll) -> Tensor:
    """The latent `z`, `[latent]`, of a seed, with new numbers at the sites of `reroll`."""
    inner = _spatial(generator)
    count = inner.z_channels * math.prod(inner.grid)
    new = torch.from_numpy(rng.normal(seed, "reroll", reroll.attempt, 0, count).astype(np.float32))
    sites, others = (numbers[:count].view(inner.z_channels, *inner.grid) for numbers in (z.clone(), new))
    sites[:, reroll.rows, reroll.columns] = others[:, reroll.rows, reroll.columns]
    return torch.cat([sites.flatten(), z[count:]])


def _spatial(generator: nn.Module) -> modern.Generator:
    inner = spatial_generator(generator)
    if inner is None:
        raise MapganError("--reroll: this generator has no spatial latent", "draw another seed")
    return inner
