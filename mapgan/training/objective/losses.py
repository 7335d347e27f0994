"""What the two players want. D's logits go in, `[B]`; one loss an image comes out.

D has a loss for images that are called real and one for those that are called fake; G wants its images taken for
real ones. The relativistic loss takes the difference to the partner's logit in place of the logit: images are
paired by their place in the batch, so that every loss is a mean over places and can be taken in micro-batches.

To add a loss: its formulas in `LOSSES`, its name in `params/training.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

RealFake = dict[str, Tensor]  # by `real` and `fake`
OTHER = {"real": "fake", "fake": "real"}


@dataclass(frozen=True)
class Loss:
    """The two players' losses, each from `[B]` to `[B]`.

    Args:
        real: D's, for images that are called real; also gets the target for them (label smoothing).
        fake: D's, for images that are called fake.
        generator: G's, for its images.
        paired: whether a logit is the difference between an image's and its partner's of the other kind.
        threshold: logits above it call an image real; None where only the order of logits means something.
    """

    real: Callable[[Tensor, float], Tensor]
    fake: Callable[[Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]
    paired: bool = False
    threshold: float | None = 0.0

    def called(self, side: str, logit: Tensor, target: float) -> Tensor:
        """D's loss for images that are called `side`, real or fake."""
        return self.real(logit, target) if side == "real" else self.fake(logit)


def _cross_entropy(logit: Tensor, target: float) -> Tensor:
    """-t log(sigmoid(x)) - (1 - t) log(1 - sigmoid(x)), without overflow."""
    return target * F.softplus(-logit) + (1 - target) * F.softplus(logit)


LOSSES = {
    # Goodfellow et al. 2014 (arXiv:1406.2661), eq. 1: log D(x) + log(1 - D(G(z))), which G wants small; smoothed on
    # one side (Salimans et al. 2016, arXiv:1606.03498, 3.4)
    "saturating": Loss(
        real=_cross_entropy,
        fake=F.softplus,
        generator=lambda fake: -F.softplus(fake),
    ),
    # the same, section 3: G rather wants log D(G(z)) large, which does not go flat where D is sure
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
    # Arjovsky et al. 2017 (arXiv:1701.07875), eq. 3; D must be held to a slope of 1, as by `wgan_gp_penalty` (WGAN-GP)
    "wasserstein": Loss(
        real=lambda real, target: -real,
        fake=lambda fake: fake,
        generator=lambda fake: -fake,
        threshold=None,
    ),
    # Jolicoeur-Martineau 2019 (arXiv:1807.00734), section 3.3; RpGAN in R3GAN (arXiv:2501.05441), eq. 2
    "relativistic": Loss(
        real=lambda lead, target: F.softplus(-lead),
        fake=F.softplus,
        generator=lambda lead: F.softplus(-lead),
        paired=True,
        threshold=None,
    ),
}


def discriminator_loss(loss: Loss, logits: RealFake, target: float, flipped: RealFake) -> Tensor:
    """D's loss at each place, `[B]`: for real and fake images, or for one of them if D sees them apart.

    Args:
        loss: which.
        logits: D's logits.
        target: what D should say of real images instead of 1.
        flipped: which images are called the other kind (empty: none). A pair flips as a whole, as its real one does.
    """
    if loss.paired:
        logits = {"real": logits["real"] - logits["fake"]}
    losses = []
    for side, logit in logits.items():
        called = loss.called(side, logit, target)
        if flipped:
            called = torch.where(flipped[side], loss.called(OTHER[side], logit, target), called)
        losses.append(called)
    return torch.stack(losses).sum(0)


def accuracy(loss: Loss, real: Tensor, fake: Tensor) -> Tensor:
    """Share of images (or pairs) that D judges rightly, a scalar."""
    if loss.threshold is None:
        return (real > fake).float().mean()
    return torch.cat([real > loss.threshold, fake < loss.threshold]).float().mean()


def overfitting(loss: Loss, real: Tensor, fake: Tensor) -> Tensor:
    """Mean sign of D's logits on real images (Karras et al. 2020, arXiv:2006.06676, r_t of eq. 1), a scalar.

    Where only the order of logits means something, it is that of the lead over the partner's.
    """
    return (real - (fake if loss.threshold is None else loss.threshold)).sign().mean()
