"""Dropout (Srivastava et al. 2014) with masks that depend on keys, not on the state of a random number generator.

Each image has a key, which training derives from the step and the index in the global batch. So a mask is the same for
any micro-batch, after a restart, when a block is recomputed, and in all passes of a step: a finite-difference penalty
compares two passes with the same mask.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Dropout(nn.Module):
    """Dropout of units, `[B, C]`, or of whole channels, `[B, C, H, W]`, whose pixels are correlated.

    After Tompson et al. 2015 (arXiv:1411.4280), section 3.2.

    Args:
        p: probability of dropping, from 0 to less than 1.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self.keys: Tensor | None = None
        """32 random bits per image, `[B]` int64; None for its index in the batch."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        keys = torch.arange(len(x), device=x.device) if self.keys is None else self.keys
        keys = keys.repeat(len(x) // len(keys))
        bits = hash32(keys[:, None] ^ hash32(torch.arange(x.shape[1], device=x.device)))
        factors = (bits >= self.p * 2**32).to(x.dtype) / (1 - self.p)
        return x * factors.view(*factors.shape, *[1] * (x.ndim - 2))


def dropout(p: float) -> list[nn.Module]:
    """A list of one dropout layer, or of none if `p` is 0."""
    return [Dropout(p)] if p else []


def dropouts(*networks: nn.Module) -> list[Dropout]:
    """All dropout layers of `networks`, in order."""
    return [module for network in networks for module in network.modules() if isinstance(module, Dropout)]


def hash32(bits: Tensor) -> Tensor:
    """A hash of integers below 2^32 (int64), the same on any device.

    The hash of Thomas Mueller; its factor is small enough for products not to overflow.
    """
    for _ in range(2):
        bits = ((bits >> 16) ^ bits) * 0x45D9F3B & 0xFFFFFFFF
    return (bits >> 16) ^ bits
