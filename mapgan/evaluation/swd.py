"""Sliced Wasserstein distance between patches of Laplacian pyramids.

Karras et al. 2018, 'Progressive Growing of GANs' (arXiv:1710.10196), section 5 and appendix A: 7x7 patches
from each level, normalised by the mean and deviation of each channel, compared along random
directions. Fine levels measure texture, coarse ones the layout. It needs no pretrained network.

The positions of patches depend on the bytes of their image, so the order of images does not matter. One level is in
memory at a time, with a limited number of patches, so memory does not grow with the number of images.
"""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from mapgan import rng
from mapgan.evaluation.image_sets import Images, Pixels

PATCH = 7
COARSEST = 16
SCALE = 1000.0  # the paper gives its distances times 10^3
CHUNK = 16
DIRECTIONS_AT_ONCE = 64
MAX_PATCHES = 1 << 18  # per level, 150 MB; with more images there are fewer patches of each
BINOMIAL = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16  # Burt and Adelson 1983


def sliced_wasserstein(
    one: Images, other: Images, patches: int = 128, directions: int = 512, seed: int = 0
) -> dict[str, float]:
    """The distance times 1000 at each level, and the mean over levels.

    Args:
        one: N images `[H, W, 3]` uint8.
        other: as many images of the same size.
        patches: patches of each image and level.
        directions: random directions.
        seed: of the positions of patches, and the directions.

    Returns:
        `{"32": ..., "16": ..., "mean": ...}`: the shorter side of the level, in pixels, from fine to coarse.

    Raises:
        ValueError: the two differ in number or size, or there are no images.
    """
    size = one[:1].shape[1:]
    if len(one) != len(other) or size != other[:1].shape[1:] or not len(one):
        raise ValueError(
            f"as many images of one size are needed on both sides, not {len(one)} of {size} "
            f"and {len(other)} of {other[:1].shape[1:]}"
        )
    patches = max(1, min(patches, MAX_PATCHES // len(one)))
    distances: dict[str, float] = {}
    for level, side in enumerate(_sides(min(size[:2]))):
        first, second = (_normalised(_descriptors(images, level, patches, seed)) for images in (one, other))
        distances[str(side)] = SCALE * _distance(first, second, directions, seed + level)
    distances["mean"] = float(np.mean(list(distances.values())))
    return distances


def _sides(side: int) -> list[int]:
    """The shorter sides of the levels of a pyramid, pixels."""
    return [side, *(_sides((side + 1) // 2) if side >= 2 * COARSEST else [])]


def _descriptors(images: Images, level: int, patches: int, seed: int) -> Tensor:
    """The patches of all images at one level of their pyramids, `[N x patches, 3, 7, 7]`."""
    parts = []
    for first in range(0, len(images), CHUNK):  # a pyramid takes 16 times the memory of its images
        some = np.array(images[first : first + CHUNK])
        parts += [_patches(x, patches, seed, level, own) for x, own in zip(_level(some, level), some, strict=True)]
    return torch.cat(parts)


def _level(images: Pixels, number: int) -> Tensor:
    """A level of the Laplacian pyramids of `[B, H, W, 3]` uint8: a band, or the lowest level; `[B, 3, h, w]`."""
    level = torch.from_numpy(images).permute(0, 3, 1, 2).float().div(255)
    for _ in range(number):
        level = _downsampled(level)
    if min(level.shape[2:]) < 2 * COARSEST:
        return level
    return level - F.interpolate(_downsampled(level), level.shape[2:], mode="bilinear", align_corners=False)


def _downsampled(x: Tensor) -> Tensor:
    return _blurred(x)[:, :, ::2, ::2]


def _blurred(x: Tensor) -> Tensor:
    kernel = (BINOMIAL[:, None] * BINOMIAL[None, :]).expand(3, 1, 5, 5)
    return F.conv2d(F.pad(x, (2, 2, 2, 2), mode="reflect"), kernel, groups=3)


def _patches(level: Tensor, count: int, seed: int, number: int, image: Pixels) -> Tensor:
    """`count` patches of an image's level, `[count, 3, 7, 7]`, at positions that depend on seed, level and image."""
    height, width = level.shape[1:]
    own = int.from_bytes(hashlib.blake2b(image.tobytes(), digest_size=8).digest())
    u = rng.uniform(seed, "patches", number, own, 2 * count)
    tops = torch.from_numpy((u[:count] * (height - PATCH + 1)).astype(np.int64))
    lefts = torch.from_numpy((u[count:] * (width - PATCH + 1)).astype(np.int64))
    windows = level.unfold(1, PATCH, 1).unfold(2, PATCH, 1)
    return windows[:, tops, lefts].permute(1, 0, 2, 3)


def _normalised(patches: Tensor) -> Tensor:
    """Normalize each channel to mean 0 and standard deviation 1 over the whole set; `[M, 147]`."""
    mean = patches.mean(dim=(0, 2, 3), keepdim=True)
    deviation = patches.std(dim=(0, 2, 3), keepdim=True)
    return ((patches - mean) / deviation.clamp_min(1e-8)).flatten(1)


def _distance(one: Tensor, other: Tensor, directions: int, seed: int) -> float:
    """Mean over random directions of the 1-Wasserstein distance between the projections."""
    width = one.shape[1]
    axes = torch.from_numpy(rng.normal(seed, "directions", 0, 0, width * directions).astype(np.float32))
    axes = F.normalize(axes.view(width, directions), dim=0)
    total = 0.0
    for some in torch.split(axes, DIRECTIONS_AT_ONCE, dim=1):
        first, second = (one @ some).sort(dim=0).values, (other @ some).sort(dim=0).values
        total += float((first - second).abs().mean(dim=0).sum())
    return total / directions
