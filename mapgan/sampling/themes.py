"""Several themes in one map, which blend into each other: a sea here, woods there, snow in the north.

A generator with a theme has learned windows that have one theme each, so a large map of one theme is the same
everywhere. Between themes, which lie on a grid, each site takes a mixture of those around it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from mapgan import rng
from mapgan.errors import MapganError
from mapgan.networks import spatial_generator
from mapgan.networks.generator_file import About
from mapgan.networks.modern import Generator
from mapgan.params.parsing import parse_themes

REACH = 2  # training images that a theme is wide and high
ONE = (1, 1)


def theme_grid(
    themes: str, size: tuple[int, int], about: About, generator: Generator | None, seamless: bool
) -> tuple[int, int]:
    """Columns and rows of themes for a map of `size` (width, height), pixels.

    Args:
        themes: as the setting `sample.themes`.
        size: of the map.
        about: the generator's configuration, with the size of training images.
        generator: with a spatial latent; None if it has another one.
        seamless: whether the map is.

    Raises:
        MapganError: several are asked for, and it has no themes, or the map is seamless.
    """
    without = generator is None or generator.halo is None or generator.theme == generator.label_size or seamless
    if themes == "auto":
        sides = zip(size, (about.width, about.height), strict=True)
        columns, rows = (max(1, side // (REACH * trained)) for side, trained in sides)
        return ONE if without else (columns, rows)
    asked = parse_themes(themes)
    if asked != ONE and seamless:
        raise MapganError("--themes: a seamless map has one theme", "leave out --seamless or --themes")
    if asked != ONE and without:
        raise MapganError(
            "--themes: this generator has none", "train one with train.networks.dcgan-modern.theme=16, for instance"
        )
    return asked


@contextlib.contextmanager
def themes_of(network: nn.Module, grid: tuple[int, int], seed: int) -> Iterator[None]:
    """Within the block, maps have the themes of `seed`, `grid` (columns, rows) of them."""
    generator = spatial_generator(network)
    assert generator is not None, "see theme_grid"
    size = generator.theme - generator.label_size
    numbers = rng.normal(seed, "themes", 0, 0, size * grid[0] * grid[1]).astype(np.float32)
    themes = torch.from_numpy(numbers).view(1, size, grid[1], grid[0])
    generator.themes = F.interpolate(themes, size=generator.grid, mode="bicubic", align_corners=False)
    try:
        yield
    finally:
        generator.themes = None
