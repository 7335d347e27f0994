"""Painted maps, which follow a plan: each square has the label that the plan says.

A generator with a label for each image gets at each site the labels of the squares that the site covers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mapgan.errors import MapganError
from mapgan.networks import conditional, label_maps, spatial_generator
from mapgan.networks.generator_file import About
from mapgan.params import Sample
from mapgan.sampling.large import generate_in_windows
from mapgan.sampling.map_size import in_pixels
from mapgan.sampling.plan_file import read_plan


@dataclass(frozen=True)
class Painting:
    """A plan and its scale.

    Args:
        plan: `[rows, columns]`, the index of each square's label.
        square: side of a square, pixels: that of the battle grid, or of a site where the grid is not known.
        size: width and height of the map, pixels.
        seamless: whether the plan goes on at the opposite border.
    """

    plan: NDArray[np.int64]
    square: float
    size: tuple[int, int]
    seamless: bool = False


def open_painting(settings: Sample, generator: nn.Module, about: About) -> Painting:
    """The plan that `settings` name, for `generator`.

    Raises:
        MapganError: it cannot be painted by this generator, or is not a plan.
    """
    if settings.seamless:
        raise MapganError("--plan: painted maps have borders", "leave out --seamless")
    if settings.label or settings.squares or settings.size not in ("", "auto"):
        raise MapganError("--plan says labels and size", "leave out --label, --size and --squares")
    if not about.labels:
        raise MapganError("--plan: this generator has no labels", "train one with dataset.condition=map or folder")
    inner = spatial_generator(generator)
    if inner is None:
        raise MapganError("--plan: this generator has no spatial latent", "train one with latent_kind=spatial")
    path = Path(settings.plan)
    legend = Path(settings.legend) if settings.legend else path.with_suffix(".legend")
    plan = read_plan(path, legend, about.labels, open_squares=about.label_square > 0)
    square = about.pixels_per_square or float(inner.cell)
    return Painting(plan, square, in_pixels((plan.shape[1], plan.shape[0]), square, settings.plan))


@torch.no_grad()
def paint(generator: nn.Module, z: Tensor, painting: Painting) -> NDArray[np.uint8]:
    """Generate the map of the latent `z`, `[latent]`, that follows a plan; `[H, W, 3]` uint8.

    A site that covers squares with different labels gets the mean of their embeddings, weighted by area.

    Args:
        generator: of `open_painting`, resized to the size of the painting.
        z: its latent.
        painting: the plan.
    """
    if isinstance(generator, label_maps.Generator):
        return _paint_squares(generator, z, painting)
    assert isinstance(generator, conditional.Generator)
    inner = spatial_generator(generator)
    assert inner is not None
    weights, plan = generator.embedding.weight, torch.from_numpy(painting.plan)
    down, across = (
        coverage(sites, squares, inner.cell / painting.square).to(weights)
        for sites, squares in zip(inner.grid, plan.shape, strict=True)
    )
    labels = torch.einsum("sr,rce,tc->est", down, weights[plan.to(weights.device)], across)[None]
    latents = z.to(weights)[None]
    sites, theme = inner.split(generator.with_label(latents, torch.zeros(1, dtype=torch.int64, device=weights.device)))
    shared = theme[:, : inner.theme - conditional.EMBEDDING].expand(-1, -1, *inner.grid)
    return generate_in_windows(inner, sites, torch.cat([shared, labels], dim=1), latents)


def _paint_squares(generator: label_maps.Generator, z: Tensor, painting: Painting) -> NDArray[np.uint8]:
    """The same for a generator with a label for each square."""
    weights, inner = generator.embedding.weight, generator.inner
    rows, columns = (
        np.minimum(np.arange(-(-pixels // inner.label_square)) * inner.label_square // painting.square, squares - 1)
        for pixels, squares in zip(inner.size, painting.plan.shape, strict=True)
    )
    plan = painting.plan[rows.astype(int)[:, None], columns.astype(int)]
    labels = torch.from_numpy(plan).to(weights.device)[None]
    latents = z.to(weights)[None]
    sites, theme, embedded = generator.inputs(latents, labels)
    return generate_in_windows(inner, sites, theme, latents, embedded, wraps=painting.seamless)


def coverage(sites: int, squares: int, squares_per_site: float) -> Tensor:
    """For each site, which fraction of its length lies on each square, `[sites, squares]`; the last square goes on."""
    ends = torch.arange(1, squares + 1, dtype=torch.float64)
    ends[-1] = max(float(squares), sites * squares_per_site)
    starts = torch.cat([torch.zeros(1, dtype=torch.float64), ends[:-1]])
    left = torch.arange(sites, dtype=torch.float64)[:, None] * squares_per_site
    overlap = torch.minimum(ends, left + squares_per_site) - torch.maximum(starts, left)
    return (overlap.clamp_min(0) / squares_per_site).float()
