"""Spectral normalisation: weights divided by their largest singular value.

Miyato et al. 2018 (arXiv:1802.05957), section 2. The vectors of the power iteration move once per optimizer step and
not at each forward pass, which would give another result for each way to cut the batch and for each block that is
computed again. They are buffers, so a state and a file carry them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize

AT_THE_START = 15  # iterations; the weights are random then, and change little from step to step afterwards


class SpectralNorm(nn.Module):
    """A weight, as a matrix `[outputs, the rest]`, divided by an estimate of its largest singular value."""

    u: Tensor
    v: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        matrix = weight.detach().flatten(1)
        self.register_buffer("u", F.normalize(torch.randn(len(matrix)), dim=0))
        self.register_buffer("v", F.normalize(torch.randn(matrix.shape[1]), dim=0))
        for _ in range(AT_THE_START):
            self.power_iteration(matrix)

    def forward(self, weight: Tensor) -> Tensor:
        """`weight` in its own precision: the division is exact enough only there."""
        with torch.autocast(weight.device.type, enabled=False):
            u, v = self.u.clone(), self.v.clone()  # the next iteration is done in place, maybe before a backward pass
            return weight / torch.dot(u, torch.mv(weight.flatten(1), v))

    @torch.no_grad()
    def power_iteration(self, matrix: Tensor) -> None:
        """One power iteration towards the singular vectors of `matrix`."""
        self.v.copy_(F.normalize(torch.mv(matrix.T, self.u), dim=0))
        self.u.copy_(F.normalize(torch.mv(matrix, self.v), dim=0))


def add_spectral_norm(network: nn.Module) -> None:
    """Divide the weights of all linear layers and convolutions in `network`."""
    for module in list(network.modules()):
        if isinstance(module, nn.Linear | nn.Conv2d):
            norm = SpectralNorm(module.weight)
            parametrize.register_parametrization(module, "weight", norm, unsafe=True)  # no trial: it may be hollow


@torch.no_grad()
def power_iteration(network: nn.Module) -> None:
    """Follow the weights of `network`, where they are normalised, after an optimizer step."""
    for module in network.modules():
        if isinstance(module, parametrize.ParametrizationList) and isinstance(norm := module[0], SpectralNorm):
            norm.power_iteration(module.original.flatten(1))
