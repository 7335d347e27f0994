"""What the two players want. D's logits for real and fake pictures go in, `[B]`; one loss a picture comes out.

Pictures are paired by their place in the batch, so a loss is a mean over pairs and can be taken in
micro-batches. To add a loss: two functions, a line in `LOSSES`, its name in `params/training.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Loss:
    """The two players' losses.

    Args:
        discriminator: (real `[B]`, fake `[B]`, target for real pictures) to `[B]`.
        generator: (real `[B]`, fake `[B]`) to `[B]`.
        paired: whether the generator's loss looks at real pictures too.
        threshold: verdicts above it call a picture real.
    """

    discriminator: Callable[[Tensor, Tensor, float], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]
    paired: bool = False
    threshold: float = 0.0


# Goodfellow et al. 2014 (arXiv:1406.2661), section 3, with one-sided label smoothing (Salimans et al. 2016, 3.4)
def _non_saturating_d(real: Tensor, fake: Tensor, target: float) -> Tensor:
    return target * F.softplus(-real) + (1 - target) * F.softplus(real) + F.softplus(fake)


def _non_saturating_g(real: Tensor, fake: Tensor) -> Tensor:
    return F.softplus(-fake)


# Mao et al. 2017 (arXiv:1611.04076), eq. 9
def _least_squares_d(real: Tensor, fake: Tensor, target: float) -> Tensor:
    return 0.5 * (real - target).square() + 0.5 * fake.square()


def _least_squares_g(real: Tensor, fake: Tensor) -> Tensor:
    return 0.5 * (fake - 1).square()


# Miyato et al. 2018 (arXiv:1802.05957), eq. 16 and 17
def _hinge_d(real: Tensor, fake: Tensor, target: float) -> Tensor:
    return F.relu(1 - real) + F.relu(1 + fake)


def _hinge_g(real: Tensor, fake: Tensor) -> Tensor:
    return -fake


# Jolicoeur-Martineau 2019 (arXiv:1807.00734), section 3.3; RpGAN in R3GAN (arXiv:2501.05441), eq. 2
def _relativistic_d(real: Tensor, fake: Tensor, target: float) -> Tensor:
    return F.softplus(fake - real)


def _relativistic_g(real: Tensor, fake: Tensor) -> Tensor:
    return F.softplus(real - fake)


LOSSES = {
    "non-saturating": Loss(_non_saturating_d, _non_saturating_g),
    "least-squares": Loss(_least_squares_d, _least_squares_g, threshold=0.5),
    "hinge": Loss(_hinge_d, _hinge_g),
    "relativistic": Loss(_relativistic_d, _relativistic_g, paired=True),
}


def slope_penalty(verdict: Tensor, moved_verdict: Tensor, sigma: float) -> Tensor:
    """||grad D||^2 at each picture, `[B]`, by a finite difference that needs no double backward.

    For e from N(0, I), the mean of ((D(x + sigma e) - D(x)) / sigma)^2 is ||grad D(x)||^2 to first
    order: R1 at real pictures, R2 at fakes (Mescheder et al. 2018, arXiv:1801.04406, eq. 9 and 10).
    """
    return ((moved_verdict - verdict) / sigma).square()


def accuracy(loss: Loss, real: Tensor, fake: Tensor) -> Tensor:
    """Share of pictures (or pairs) that D judges rightly, a scalar."""
    right = (real > fake) if loss.paired else torch.cat([real > loss.threshold, fake < loss.threshold])
    return right.float().mean()
