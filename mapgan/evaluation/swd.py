"""Sliced Wasserstein distance between patches of Laplacian pyramids.

Karras et al. 2018, 'Progressive Growing of GANs' (arXiv:1710.10196), section 5 and appendix A: 7x7 patches
from each level, normalised by the mean and deviation of each channel, compared along random
directions. Fine levels see texture, coarse ones the layout. Needs no other network's weights.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mapgan import draws

PATCH = 7
COARSEST = 16
SCALE = 1000.0  # the paper gives its distances times 10^3
CHUNK = 16
DIRECTIONS_AT_ONCE = 64
BINOMIAL = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16  # Burt and Adelson 1983

Pictures = NDArray[np.uint8]


def sliced_wasserstein(
    one: Pictures, other: Pictures, patches: int = 128, directions: int = 512, seed: int = 0
) -> dict[str, float]:
    """The distance times 1000 at each level, and the mean over levels.

    Args:
        one: `[N, H, W, 3]` uint8.
        other: as many pictures of the same size.
        patches: patches of each picture and level.
        directions: random directions.
        seed: of the patches' places and the directions.

    Returns:
        `{"32": ..., "16": ..., "mean": ...}`: the shorter side of the level, in pixels, from fine to coarse.

    Raises:
        ValueError: the two differ in shape, or there are no pictures.
    """
    if one.shape != other.shape or not len(one):
        raise ValueError(f"as many pictures of one size are needed on both sides, not {one.shape} and {other.shape}")
    distances: dict[str, float] = {}
    levels = zip(_descriptors(one, patches, seed), _descriptors(other, patches, seed), strict=True)
    for level, ((side, first), (_, second)) in enumerate(levels):
        distances[str(side)] = SCALE * _distance(_normalised(first), _normalised(second), directions, seed + level)
    distances["mean"] = float(np.mean(list(distances.values())))
    return distances


def _descriptors(pictures: Pictures, patches: int, seed: int) -> list[tuple[int, Tensor]]:
    """For each level: its shorter side and the patches of all pictures, `[N x patches, 3, 7, 7]`."""
    picked: dict[int, list[Tensor]] = {}
    for first in range(0, len(pictures), CHUNK):  # a pyramid takes 16 times the memory of its pictures
        for number, level in enumerate(_pyramid(pictures[first : first + CHUNK])):
            side = min(level.shape[2:])
            picked.setdefault(side, []).append(_patches(level, patches, seed, number, first))
    return [(side, torch.cat(parts)) for side, parts in picked.items()]


def _pyramid(pictures: Pictures) -> list[Tensor]:
    """Laplacian pyramid of `[B, H, W, 3]` uint8: band-passed levels and a coarse rest, `[B, 3, h, w]` each."""
    level = torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float().div(255)
    levels = []
    while min(level.shape[2:]) >= 2 * COARSEST:
        smaller = _blurred(level)[:, :, ::2, ::2]
        levels.append(level - F.interpolate(smaller, level.shape[2:], mode="bilinear", align_corners=False))
        level = smaller
    return [*levels, level]


def _blurred(x: Tensor) -> Tensor:
    kernel = (BINOMIAL[:, None] * BINOMIAL[None, :]).expand(3, 1, 5, 5)
    return F.conv2d(F.pad(x, (2, 2, 2, 2), mode="reflect"), kernel, groups=3)


def _patches(level: Tensor, count: int, seed: int, number: int, first: int) -> Tensor:
    """`count` patches of each picture, `[B x count, 3, 7, 7]`, at places that (seed, level, picture) decide."""
    height, width = level.shape[2:]
    picked = []
    for index, picture in enumerate(level):
        u = draws.uniform(seed, "patches", number, first + index, 2 * count)
        tops = torch.from_numpy((u[:count] * (height - PATCH + 1)).astype(np.int64))
        lefts = torch.from_numpy((u[count:] * (width - PATCH + 1)).astype(np.int64))
        windows = picture.unfold(1, PATCH, 1).unfold(2, PATCH, 1)
        picked.append(windows[:, tops, lefts].permute(1, 0, 2, 3))
    return torch.cat(picked)


def _normalised(patches: Tensor) -> Tensor:
    """Each channel to mean 0 and deviation 1 over the whole set; `[M, 147]`."""
    mean = patches.mean(dim=(0, 2, 3), keepdim=True)
    deviation = patches.std(dim=(0, 2, 3), keepdim=True)
    return ((patches - mean) / deviation.clamp_min(1e-8)).flatten(1)


def _distance(one: Tensor, other: Tensor, directions: int, seed: int) -> float:
    """Mean over random directions of the 1-Wasserstein distance between the projections."""
    width = one.shape[1]
    axes = torch.from_numpy(draws.normal(seed, "directions", 0, 0, width * directions).astype(np.float32))
    axes = F.normalize(axes.view(width, directions), dim=0)
    total = 0.0
    for some in torch.split(axes, DIRECTIONS_AT_ONCE, dim=1):
        first, second = (one @ some).sort(dim=0).values, (other @ some).sort(dim=0).values
        total += float((first - second).abs().mean(dim=0).sum())
    return total / directions
