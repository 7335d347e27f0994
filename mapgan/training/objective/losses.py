"""GAN losses. Each takes logits of D, `[B]`, and returns one loss per image, `[B]`.

D has a loss for images that are labelled real and one for images that are labelled fake; G has one for its own
images. In the relativistic loss, the logit of an image is replaced by its difference from that of its partner. Real
and fake images are paired by their index in the batch, so every loss is a mean over indices and can be computed in
micro-batches.

To add a loss: its formulas in `LOSSES`, its name in `params/training.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

RealFake = dict[str, Tensor]
"""Tensors under the keys `real` and `fake`."""

OPPOSITE = {"real": "fake", "fake": "real"}


@dataclass(frozen=True)
class Loss:
    """The losses of both networks, each from logits `[B]` to `[B]`.

    Args:
        real: of D for images labelled real; its second argument is the target, 1 or below (label smoothing).
        fake: of D for images labelled fake.
        generator: of G for its images.
        relativistic: whether a logit is the difference between an image's logit and its partner's.
        threshold: logits above it classify an image as real; None where only differences of logits have a meaning.
    """

    real: Callable[[Tensor, float], Tensor]
    fake: Callable[[Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]
    relativistic: bool = False
    threshold: float | None = 0.0

    def discriminator(self, kind: str, logits: Tensor, target: float) -> Tensor:
        """D's loss for images labelled `kind`, real or fake."""
        return self.real(logits, target) if kind == "real" else self.fake(logits)


def _cross_entropy(logits: Tensor, target: float) -> Tensor:
    """-t log(sigmoid(x)) - (1 - t) log(1 - sigmoid(x)), without overflow."""
    return target * F.softplus(-logits) + (1 - target) * F.softplus(logits)


LOSSES = {
    # Goodfellow et al. 2014 (arXiv:1406.2661), eq. 1: G minimizes log(1 - D(G(z))); one-sided label smoothing is from
    # Salimans et al. 2016 (arXiv:1606.03498), section 3.4
    "saturating": Loss(
        real=_cross_entropy,
        fake=F.softplus,
        generator=lambda fake: -F.softplus(fake),
    ),
    # the same, section 3: G maximizes log D(G(z)), whose gradient does not vanish where D is confident
    "non-saturating": Loss(
        real=_cross_entropy,
        fake=F.softplus,
        generator=lambda fake: F.softplus(-fake),
    ),
    # Mao et al. 2017 (arXiv:1611.04076), eq. 9
    "least-squares": Loss(
        real=lambda real, target: 0.5 * (real - target).square(),
        fake=lambda fake: 0.5 * fake.square(),
        generator=lambda fake: 0.5 * (fake - 1).square(),
        threshold=0.5,
    ),
    # Miyato et al. 2018 (arXiv:1802.05957), eq. 16 and 17
    "hinge": Loss(
        real=lambda real, target: F.relu(1 - real),
        fake=lambda fake: F.relu(1 + fake),
        generator=lambda fake: -fake,
    ),
    # Arjovsky et al. 2017 (arXiv:1701.07875), eq. 3; D must be 1-Lipschitz, for instance by the penalty of WGAN-GP
    "wasserstein": Loss(
        real=lambda real, target: -real,
        fake=lambda fake: fake,
        generator=lambda fake: -fake,
        threshold=None,
    ),
    # Jolicoeur-Martineau 2019 (arXiv:1807.00734), section 3.3; RpGAN in R3GAN (arXiv:2501.05441), eq. 2
    "relativistic": Loss(
        real=lambda difference, target: F.softplus(-difference),
        fake=F.softplus,
        generator=lambda difference: F.softplus(-difference),
        relativistic=True,
        threshold=None,
    ),
}


def discriminator_loss(loss: Loss, logits: RealFake, target: float, flipped: RealFake) -> Tensor:
    """D's loss at each index of the batch, `[B]`.

    Args:
        loss: which loss.
        logits: of real images, of fake images, or of both, whose losses are added.
        target: for real images, 1 or below.
        flipped: which images get the opposite label, `[B]` bool each; empty for none. With the relativistic loss a pair
            is flipped as a whole, by the entry of its real image.
    """
    if loss.relativistic:
        logits = {"real": logits["real"] - logits["fake"]}
    losses = []
    for kind, values in logits.items():
        d_loss = loss.discriminator(kind, values, target)
        if flipped:
            d_loss = torch.where(flipped[kind], loss.discriminator(OPPOSITE[kind], values, target), d_loss)
        losses.append(d_loss)
    return torch.stack(losses).sum(0)


def accuracy(loss: Loss, real: Tensor, fake: Tensor) -> Tensor:
    """The fraction of images (or pairs) that D classifies correctly, a scalar."""
    if loss.threshold is None:
        return (real > fake).float().mean()
    return torch.cat([real > loss.threshold, fake < loss.threshold]).float().mean()


def overfitting(loss: Loss, real: Tensor, fake: Tensor) -> Tensor:
    """The mean sign of D's logits for real images (Karras et al. 2020, arXiv:2006.06676, r_t in eq. 1), a scalar.

    Where only differences of logits have a meaning, the sign of the difference from the partner's logit.
    """
    return (real - (fake if loss.threshold is None else loss.threshold)).sign().mean()
