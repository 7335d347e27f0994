"""Penalties on D's slope: how fast its logit changes with the image that it is shown.

The slope is that at the images as D sees them, with augmentation and noise. Two penalties hold it near 0, R1 at
real images and R2 at fakes; that of WGAN-GP holds it near 1 on the lines between them. Each gives one number a
image, `[B]`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mapgan.params import Train
from mapgan.training.objective.batches import BatchSource
from mapgan.training.objective.losses import RealFake

Player = Callable[..., Tensor]


def due(settings: Train, d_step: int) -> bool:
    """Whether D's step `d_step` has a penalty: now and then is enough (Karras et al. 2020, arXiv:1912.04958, 3.1)."""
    return settings.penalty > 0 and (d_step + 1) % settings.penalty_every == 0


def gradient_penalty(
    settings: Train,
    discriminator: Player,
    d_inputs: RealFake,
    labels: tuple[Tensor, ...],
    logits: RealFake,
    batches: BatchSource,
    d_step: int,
    indices: range,
) -> Tensor:
    """The mean over a micro-batch; it weighs the more, the more seldom it is due.

    Args:
        settings: which penalty, and how much of it.
        discriminator: D.
        shown: the images that D is shown; for `exact` they require gradients.
        told: the labels that D is told of them, or nothing.
        logits: D's, for those that it sees in this pass; what takes both kinds is left to that with the fakes.
        supply: gives the draws.
        turn: D's step.
        places: of the images in the global batch.
    """
    none, weight = torch.zeros((), device=d_inputs["real"].device), settings.penalty * settings.penalty_every
    if not due(settings, d_step):
        return none
    if settings.penalty_kind == "wgan-gp":
        if "fake" not in logits:
            return none
        epsilon = batches.uniform("between", d_step, indices)
        return weight * wgan_gp_penalty(discriminator, d_inputs["real"], d_inputs["fake"], epsilon, labels).mean()
    squares = none
    for side, logit in logits.items():
        if settings.penalty_at not in (side, "both"):
            continue
        if settings.penalty_kind == "autograd":
            square = autograd_penalty(logit, d_inputs[side])
        else:
            sigma = settings.penalty_sigma
            perturbed = d_inputs[side] + sigma * batches.noise(d_inputs[side], f"{side} move", d_step, indices)
            square = finite_difference_penalty(logit, discriminator(perturbed, *labels), sigma)
        squares = squares + square.mean()
    return 0.5 * weight * squares


def autograd_penalty(logit: Tensor, images: Tensor) -> Tensor:
    """||grad D||^2, by a derivative that is itself differentiated: R1 and R2 (Mescheder et al. 2018, eq. 9 and 10).

    The paper is arXiv:1801.04406. The `images` must have required gradients when D was asked for its `logit`.
    """
    return _gradient(logit, images).square().sum(1)


def finite_difference_penalty(logit: Tensor, perturbed_logit: Tensor, sigma: float) -> Tensor:
    """||grad D||^2 by a finite difference, which needs no second derivative.

    For e from N(0, I), the mean of ((D(x + sigma e) - D(x)) / sigma)^2 is ||grad D(x)||^2 to first order.
    """
    return ((perturbed_logit - logit) / sigma).square()


def wgan_gp_penalty(
    discriminator: Player, real: Tensor, fake: Tensor, epsilon: Tensor, labels: tuple[Tensor, ...] = ()
) -> Tensor:
    """(||grad D|| - 1)^2 at points between pairs, `epsilon` `[B]` from fake to real (Gulrajani et al. 2017, eq. 3).

    The paper is arXiv:1704.00028; the points are its x hat, and `epsilon` its epsilon. Both of a pair have one label,
    which D is `labels`.
    """
    x_hat = torch.lerp(fake, real, epsilon.to(real.dtype).view(-1, 1, 1, 1)).detach().requires_grad_()
    length: Tensor = torch.linalg.vector_norm(_gradient(discriminator(x_hat, *labels), x_hat), dim=1)
    return (length - 1).square()


def _gradient(logit: Tensor, images: Tensor) -> Tensor:
    """grad D at each image, `[B, 3 * H * W]`, itself to be differentiated."""
    slope: Tensor = torch.autograd.grad(logit.sum(), images, create_graph=True)[0]
    return slope.flatten(1)
