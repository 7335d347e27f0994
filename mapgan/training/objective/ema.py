"""The moving average of the generator's weights, which draws the images that people see."""

from __future__ import annotations

import copy

import torch
from torch import nn


class EMA:
    """Exponential moving average with a ramp: young averages forget fast.

    Args:
        network: the network to follow; its own weights are the start.
        decay: share of the old average that each step keeps.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).requires_grad_(False).eval()
        self.decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Take in the weights of `network` after step `step` (counted from 0); buffers are copied."""
        decay = min(self.decay, (1 + step) / (10 + step))
        # all parameters in a few kernels
        torch._foreach_lerp_(list(self.network.parameters()), list(network.parameters()), 1 - decay)
        for kept, copied in zip(self.network.buffers(), network.buffers(), strict=True):
            kept.copy_(copied)
