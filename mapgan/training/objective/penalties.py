"""Gradient penalties on the discriminator.

R1 and R2 penalize the gradient of D's logit with respect to its input, at real and at fake images; WGAN-GP keeps the
norm of that gradient near 1 between real and fake images. The inputs are those that D gets, after augmentation and
noise. Each penalty returns one number per image, `[B]`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mapgan.params import Train
from mapgan.training.objective.batches import BatchSource
from mapgan.training.objective.losses import RealFake

Network = Callable[..., Tensor]


def penalty_is_due(settings: Train, d_step: int) -> bool:
    """Whether step `d_step` of D has a penalty (lazy regularization: Karras et al. 2020, arXiv:1912.04958, 3.1)."""
    return settings.penalty > 0 and (d_step + 1) % settings.penalty_every == 0


def gradient_penalty(
    settings: Train,
    discriminator: Network,
    d_inputs: dict[str, tuple[Tensor, ...]],
    logits: RealFake,
    batches: BatchSource,
    d_step: int,
    indices: range,
) -> Tensor:
    """The penalty of a micro-batch, a scalar: weighted, and 0 in steps without one.

    Args:
        settings: kind and weight of the penalty.
        discriminator: D.
        d_inputs: real and fake inputs of D: images `[B, 3, H, W]`, which require gradients with `autograd`, and labels.
        logits: D's logits in this pass, for real images, fake ones, or both. WGAN-GP, which takes both, is computed in
            the pass with the fake ones.
        batches: source of random numbers.
        d_step: the step of D.
        indices: of the images in the global batch.
    """
    zero = torch.zeros((), device=d_inputs["real"][0].device)
    if not penalty_is_due(settings, d_step):
        return zero
    weight = settings.penalty * settings.penalty_every
    if settings.penalty_kind == "wgan-gp":
        if "fake" not in logits:
            return zero
        epsilon = batches.uniform("between", d_step, indices)
        (real, *labels), (fake, *_) = d_inputs["real"], d_inputs["fake"]
        return weight * wgan_gp_penalty(discriminator, real, fake, epsilon, tuple(labels)).mean()
    squares = zero
    for kind, values in logits.items():
        if settings.penalty_at not in (kind, "both"):
            continue
        images, *labels = d_inputs[kind]
        if settings.penalty_kind == "autograd":
            square = autograd_penalty(values, images)
        else:
            sigma = settings.penalty_sigma
            perturbed = images + sigma * batches.noise(images, f"{kind} move", d_step, indices)
            square = finite_difference_penalty(values, discriminator(perturbed, *labels), sigma)
        squares = squares + square.mean()
    return 0.5 * weight * squares


def autograd_penalty(logits: Tensor, images: Tensor) -> Tensor:
    """||grad D||^2 by double backpropagation: R1 and R2 (Mescheder et al. 2018, arXiv:1801.04406, eq. 9 and 10).

    `images` must have required gradients when `logits` were computed from them.
    """
    return _input_gradient(logits, images).square().sum(1)


def finite_difference_penalty(logits: Tensor, perturbed_logits: Tensor, sigma: float) -> Tensor:
    """||grad D||^2 by a finite difference, without second derivatives.

    For e from N(0, I), the mean of ((D(x + sigma e) - D(x)) / sigma)^2 is ||grad D(x)||^2 to first order.
    """
    return ((perturbed_logits - logits) / sigma).square()


def wgan_gp_penalty(
    discriminator: Network, real: Tensor, fake: Tensor, epsilon: Tensor, labels: tuple[Tensor, ...] = ()
) -> Tensor:
    """(||grad D|| - 1)^2 between real and fake images (WGAN-GP: Gulrajani et al. 2017, arXiv:1704.00028, eq. 3).

    `epsilon`, `[B, 1]` or `[B]`, is the weight of the real image; both images of a pair have the same label.
    """
    x_hat = torch.lerp(fake, real, epsilon.to(real.dtype).view(-1, 1, 1, 1)).detach().requires_grad_()
    norm: Tensor = torch.linalg.vector_norm(_input_gradient(discriminator(x_hat, *labels), x_hat), dim=1)
    return (norm - 1).square()


def _input_gradient(logits: Tensor, images: Tensor) -> Tensor:
    """The gradient of each image's logit with respect to the image, `[B, 3 * H * W]`, itself differentiable."""
    gradient: Tensor = torch.autograd.grad(logits.sum(), images, create_graph=True)[0]
    return gradient.flatten(1)
