"""Penalties on D's slope: how fast its verdict changes with the picture that it is shown.

The slope is that at the pictures as D sees them, with augmentation and noise. Two penalties hold it near 0, R1 at
real pictures and R2 at fakes; that of WGAN-GP holds it near 1 on the lines between them. Each gives one number a
picture, `[B]`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mapgan.params import Train
from mapgan.training.objective.batches import Supply
from mapgan.training.objective.losses import Sides

Player = Callable[..., Tensor]


def due(settings: Train, turn: int) -> bool:
    """Whether D's step `turn` has a penalty: now and then is enough (Karras et al. 2020, arXiv:1912.04958, 3.1)."""
    return settings.penalty > 0 and (turn + 1) % settings.penalty_every == 0


def slope_penalty(
    settings: Train,
    discriminator: Player,
    shown: Sides,
    told: tuple[Tensor, ...],
    verdicts: Sides,
    supply: Supply,
    turn: int,
    places: range,
) -> Tensor:
    """The mean over a micro-batch; it weighs the more, the more seldom it is due.

    Args:
        settings: which penalty, and how much of it.
        discriminator: D.
        shown: the pictures that D is shown; for `exact` they require gradients.
        told: the labels that D is told of them, or nothing.
        verdicts: D's, for those that it sees in this pass; what takes both kinds is left to that with the fakes.
        supply: gives the draws.
        turn: D's step.
        places: of the pictures in the global batch.
    """
    none, weight = torch.zeros((), device=shown["real"].device), settings.penalty * settings.penalty_every
    if not due(settings, turn):
        return none
    if settings.penalty_kind == "interpolates":
        if "fake" not in verdicts:
            return none
        way = supply.uniform("between", turn, places)
        return weight * interpolates(discriminator, shown["real"], shown["fake"], way, told).mean()
    squares = none
    for side, verdict in verdicts.items():
        if settings.penalty_at not in (side, "both"):
            continue
        if settings.penalty_kind == "exact":
            square = exact(verdict, shown[side])
        else:
            sigma = settings.penalty_sigma
            moved = shown[side] + sigma * supply.noise(shown[side], f"{side} move", turn, places)
            square = difference(verdict, discriminator(moved, *told), sigma)
        squares = squares + square.mean()
    return 0.5 * weight * squares


def exact(verdict: Tensor, pictures: Tensor) -> Tensor:
    """||grad D||^2, by a derivative that is itself differentiated: R1 and R2 (Mescheder et al. 2018, eq. 9 and 10).

    The paper is arXiv:1801.04406. The `pictures` must have required gradients when D was asked for its `verdict`.
    """
    return _slope(verdict, pictures).square().sum(1)


def difference(verdict: Tensor, moved_verdict: Tensor, sigma: float) -> Tensor:
    """||grad D||^2 by a finite difference, which needs no second derivative.

    For e from N(0, I), the mean of ((D(x + sigma e) - D(x)) / sigma)^2 is ||grad D(x)||^2 to first order.
    """
    return ((moved_verdict - verdict) / sigma).square()


def interpolates(
    discriminator: Player, real: Tensor, fake: Tensor, way: Tensor, told: tuple[Tensor, ...] = ()
) -> Tensor:
    """(||grad D|| - 1)^2 at points between pairs, `way` `[B]` from fake to real (Gulrajani et al. 2017, eq. 3).

    The paper is arXiv:1704.00028; the points are its x hat, and `way` its epsilon. Both of a pair have one label,
    which D is `told`.
    """
    between = torch.lerp(fake, real, way.to(real.dtype).view(-1, 1, 1, 1)).detach().requires_grad_()
    length: Tensor = torch.linalg.vector_norm(_slope(discriminator(between, *told), between), dim=1)
    return (length - 1).square()


def _slope(verdict: Tensor, pictures: Tensor) -> Tensor:
    """grad D at each picture, `[B, 3 * H * W]`, itself to be differentiated."""
    slope: Tensor = torch.autograd.grad(verdict.sum(), pictures, create_graph=True)[0]
    return slope.flatten(1)
