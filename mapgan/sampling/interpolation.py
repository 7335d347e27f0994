"""Interpolation between two latents; a fraction below 0 or above 1 goes on beyond them."""

from __future__ import annotations

import torch
from torch import Tensor

from mapgan.sampling.latent_shape import LatentShape

PARALLEL = 1e-6  # sine of an angle below which there is no plane to turn in


def lerp(one: Tensor, other: Tensor, fraction: float) -> Tensor:
    """The latent on the straight line; half-way between two of N(0, 1) it is shorter than either."""
    return (1 - fraction) * one + fraction * other


def slerp(one: Tensor, other: Tensor, fraction: float, shape: LatentShape) -> Tensor:
    """The latent on the arc, `[size]`: as long as latents of N(0, 1) are (White 2016, arXiv:1609.04468, section 2.1).

    Each site, and the theme, turns on an arc of its own. The length changes geometrically, so it is positive beyond
    the ends, too.

    Args:
        one: `[size]`, float64.
        other: the same.
        fraction: of the way.
        shape: of both.
    """
    parts = zip(shape.split(one), shape.split(other), strict=True)
    return torch.cat([_turned(first, last, fraction).flatten() for first, last in parts])


def _turned(one: Tensor, other: Tensor, fraction: float) -> Tensor:
    """The same for each column of `[n, columns]`."""
    lengths = [side.norm(dim=0) for side in (one, other)]
    units = [side / length.clamp_min(1e-12) for side, length in zip((one, other), lengths, strict=True)]
    angle = torch.arccos((units[0] * units[1]).sum(dim=0).clamp(-1, 1))
    sine = torch.sin(angle)
    weights = [torch.sin(part * angle) / sine.clamp_min(PARALLEL) for part in (1 - fraction, fraction)]
    length = lengths[0] ** (1 - fraction) * lengths[1].clamp_min(1e-12) ** fraction
    arc = length * (weights[0] * units[0] + weights[1] * units[1])
    straight = (sine < PARALLEL) | (lengths[0] == 0) | (lengths[1] == 0)
    return torch.where(straight, lerp(one, other, fraction), arc)
