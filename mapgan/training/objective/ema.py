"""Exponential moving average (EMA) of the generator's weights; images are generated with it."""

from __future__ import annotations

import copy

import torch
from torch import nn


class EMA:
    """Exponential moving average of weights, with a warm-up: the decay of step t is at most (1 + t) / (10 + t).

    Args:
        network: the network to follow; the average starts from its weights.
        decay: fraction of the average that is kept in each step.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).requires_grad_(False).eval()
        self.decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Update with the weights of `network` after step `step`, counted from 0; buffers are copied."""
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(list(self.network.parameters()), list(network.parameters()), 1 - decay)
        for average, buffer in zip(self.network.buffers(), network.buffers(), strict=True):
            average.copy_(buffer)
