"""Reconstruction of real images by the discriminator, as a task beside its own.

FastGAN (Liu et al. 2021, arXiv:2101.04775, section 3.2): a decoder rebuilds the real images that D sees, after
augmentation, from D's last feature maps, and the distance is added to D's loss. The paper's code measures it with a
pretrained network; this is the L1 distance, which needs none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.nn import functional as F

from mapgan.training.objective.losses import RealFake


def discriminate(
    discriminator: Callable[..., Any], inputs: dict[str, tuple[Tensor, ...]], rebuild: bool
) -> tuple[RealFake, Tensor]:
    """D's logits, `[B]` each, and the distance of the rebuilt real images from what D saw, a scalar.

    Args:
        discriminator: D, with a decoder if images are to be rebuilt.
        inputs: real images, fake ones, or both, `[B, 3, H, W]`, each followed by labels if there are any.
        rebuild: whether real images are rebuilt; else, and without any, the distance is 0.
    """
    logits: RealFake = {}
    distance = next(iter(inputs.values()))[0].new_zeros(())
    for kind, (images, *labels) in inputs.items():
        if rebuild and kind == "real":
            logits[kind], rebuilt = discriminator(images, *labels, rebuild=True)
            distance = l1_distance(rebuilt, images.detach()).mean()
        else:
            logits[kind] = discriminator(images, *labels)
    return logits, distance


def l1_distance(rebuilt: Tensor, images: Tensor) -> Tensor:
    """The mean absolute difference of each rebuilt image, `[B, 3, h, w]`, and `images` reduced to its size: `[B]`."""
    reduced = F.interpolate(images, rebuilt.shape[2:], mode="area")
    return (rebuilt - reduced).abs().mean(dim=(1, 2, 3))
