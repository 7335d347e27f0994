"""Directions of a latent in which a generator's images change most: from its weights alone, or from its images."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mapgan import networks
from mapgan.networks import conditional, label_maps
from mapgan.sampling.first_layers import input_weights
from mapgan.sampling.generate import generate_from
from mapgan.sampling.labels import ANY
from mapgan.sampling.latent_shape import LatentShape, latent_shape
from mapgan.sampling.latents import latent

SITES = (8, 6)  # columns and rows of sites in the maps that components are computed from
MAPS = 48  # of a spatial latent, each of which shows many sites
IMAGES = 512  # of a vector
LABELS = 8  # of those that there are, with which images are drawn in turn
SITE_DETAIL, IMAGE_DETAIL = 4, 16  # pixels, in each direction, that a site and an image are reduced to


def sefa(generator: nn.Module, shape: LatentShape) -> Tensor:
    """The directions of SeFa, `[dimensions, dimensions]` float64: a row of length 1 each, the strongest first.

    They are the eigenvectors of A^T A, where A is the weight of the first layer: the directions that move its output
    farthest (Shen and Zhou 2021, Closed-Form Factorization of Latent Semantics in GANs, arXiv:2007.06600, section 3).
    With a spatial latent a direction is the same at all sites. The sign, which is arbitrary, is such that the largest
    component is positive.
    """
    weights = input_weights(generator, shape)
    directions: Tensor = torch.linalg.eigh(weights.T @ weights).eigenvectors.flip(1).T
    return _with_signs(directions)


@torch.no_grad()
def pca(generator: nn.Module, shape: LatentShape) -> Tensor:
    """The directions of the principal components of images, `[components, dimensions]` float64, the strongest first.

    The components are those of many images, made small; the direction of each is the regression of latents on it
    (Härkönen et al. 2020, GANSpace, arXiv:2004.02546, section 2.2, with images in place of features). As latents are
    normal, it is the mean gradient of the component. With a spatial latent an image is what a site draws, and a
    direction is the same at all sites. With labels, images are compared with the mean of their label, as differences
    between labels are none of latents. Rows have length 1, and signs as those of `sefa`.

    Args:
        generator: at any size; it is resized meanwhile, so no other thread may use it.
        shape: of its latents at that size.
    """
    with _at_small_size(generator, shape) as small:
        spatial = small.rows * small.columns > 1
        samples = [_sites(generator, small, seed, SITE_DETAIL if spatial else IMAGE_DETAIL)
                   for seed in range(MAPS if spatial else IMAGES)]  # fmt: skip
    turns = _turns(generator)
    means = [torch.cat([images for _, images in samples[first::turns]]).mean(dim=0) for first in range(turns)]
    images = torch.cat([images - means[seed % turns] for seed, (_, images) in enumerate(samples)])
    components = torch.linalg.svd(images, full_matrices=False).U
    directions = (components.T @ torch.cat([latents for latents, _ in samples]))[: shape.dimensions]
    return _with_signs(directions / directions.norm(dim=1, keepdim=True).clamp_min(1e-12))


def _with_signs(directions: Tensor) -> Tensor:
    largest = directions.gather(1, directions.abs().argmax(dim=1, keepdim=True))
    return directions * torch.sign(largest)


@contextlib.contextmanager
def _at_small_size(generator: nn.Module, shape: LatentShape) -> Iterator[LatentShape]:
    """Within the block, a generator with a spatial latent draws small maps; the shape of their latents."""
    inner = networks.spatial_generator(generator)
    if inner is None:
        yield shape
        return
    height, width = inner.size
    columns, rows = SITES
    try:
        size = networks.resize(generator, columns * inner.cell, rows * inner.cell, seamless=True)
        yield latent_shape(generator, size)
    finally:
        inner.resize(width, height)


def _sites(generator: nn.Module, shape: LatentShape, seed: int, detail: int) -> tuple[Tensor, Tensor]:
    """The latents `[sites, dimensions]` and small images `[sites, 3 * detail**2]` of the sites of a seed, float64."""
    z = latent(seed, shape.size)
    image = np.array(next(generate_from(generator, z[None], _label(generator, seed))))
    pixels = torch.from_numpy(image).permute(2, 0, 1).double()[None]
    small = F.adaptive_avg_pool2d(pixels, (shape.rows * detail, shape.columns * detail))
    parts = F.unfold(small, detail, stride=detail)[0].T
    sites, theme = shape.split(z.double())
    return torch.cat([sites, theme.expand(-1, sites.shape[1])]).T, parts


def _label(generator: nn.Module, seed: int) -> list[int] | None:
    """The label with which the map of a seed is drawn: several in turn, or any where each square has one."""
    if isinstance(generator, label_maps.Generator):
        return [ANY]
    return [seed % _turns(generator)] if isinstance(generator, conditional.Generator) else None


def _turns(generator: nn.Module) -> int:
    """How many labels take turns."""
    return min(generator.embedding.num_embeddings, LABELS) if isinstance(generator, conditional.Generator) else 1
