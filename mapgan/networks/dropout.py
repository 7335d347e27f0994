"""Dropout (Srivastava et al. 2014) whose masks follow from keys and not from any generator's state.

Each image has a key, which training draws by step and place in the global batch. So a mask is the same however the
batch is cut, after a restart, when a block is computed again, and in all passes of a step: a penalty that compares
the logits on an image and on one beside it sees the slope and not two masks.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Dropout(nn.Module):
    """`[B, C, ...]` with a share of its C units or channels at zero and the others scaled up, while training.

    Whole channels, because their neighbouring pixels say the same (Tompson et al. 2015, arXiv:1411.4280, 3.2).

    Args:
        share: how many are dropped, 0 up to 1.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self.keys: Tensor | None = None
        """32 random bits for each image, `[B]` int64, on its device (its number in the batch until they are set);
        two passes in one batch have one set"""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        keys = torch.arange(len(x), device=x.device) if self.keys is None else self.keys
        keys = keys.repeat(len(x) // len(keys))
        bits = hash32(keys[:, None] ^ hash32(torch.arange(x.shape[1], device=x.device)))
        factors = (bits >= self.p * 2**32).to(x.dtype) / (1 - self.p)
        return x * factors.view(*factors.shape, *[1] * (x.ndim - 2))


def dropout(p: float) -> list[nn.Module]:
    """A layer that drops this share, or none at all."""
    return [Dropout(p)] if p else []


def dropouts(*networks: nn.Module) -> list[Dropout]:
    """All dropout layers of some networks, in order."""
    return [module for network in networks for module in network.modules() if isinstance(module, Dropout)]


def hash32(bits: Tensor) -> Tensor:
    """Numbers below 2^32 (int64), each turned into another that looks random: the same on any device.

    Thomas Mueller's hash; its factor is small enough for no product to overflow.
    """
    for _ in range(2):
        bits = ((bits >> 16) ^ bits) * 0x45D9F3B & 0xFFFFFFFF
    return (bits >> 16) ^ bits
