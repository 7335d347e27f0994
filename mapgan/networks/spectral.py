"""Spectral normalization: weights divided by their largest singular value.

Miyato et al. 2018 (arXiv:1802.05957), section 2. The power iteration runs once per optimizer step and not in each
forward pass, where the result would depend on the number of micro-batches and recomputed blocks. Its vectors are
buffers, and so are saved with the weights.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize

INITIAL_ITERATIONS = 15  # for random weights; from step to step they change little


class SpectralNorm(nn.Module):
    """A weight divided by an estimate of its largest singular value, as a matrix `[outputs, inputs]`."""

    u: Tensor
    v: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        matrix = weight.detach().flatten(1)
        self.register_buffer("u", F.normalize(torch.randn(len(matrix)), dim=0))
        self.register_buffer("v", F.normalize(torch.randn(matrix.shape[1]), dim=0))
        for _ in range(INITIAL_ITERATIONS):
            self.power_iteration(matrix)

    def forward(self, weight: Tensor) -> Tensor:
        """The normalized weight, in the precision of `weight`: lower precision is too inexact."""
        with torch.autocast(weight.device.type, enabled=False):
            u, v = self.u.clone(), self.v.clone()  # the next iteration is in place, perhaps before a backward pass
            return weight / torch.dot(u, torch.mv(weight.flatten(1), v))

    @torch.no_grad()
    def power_iteration(self, matrix: Tensor) -> None:
        """One power iteration."""
        self.v.copy_(F.normalize(torch.mv(matrix.T, self.u), dim=0))
        self.u.copy_(F.normalize(torch.mv(matrix, self.v), dim=0))


def add_spectral_norm(network: nn.Module) -> None:
    """Add spectral normalization to all linear layers and convolutions of `network`."""
    for module in list(network.modules()):
        if isinstance(module, nn.Linear | nn.Conv2d):
            norm = SpectralNorm(module.weight)
            parametrize.register_parametrization(module, "weight", norm, unsafe=True)  # it may be on the device `meta`


@torch.no_grad()
def power_iteration(network: nn.Module) -> None:
    """Run one power iteration for each weight of `network` with spectral normalization."""
    for module in network.modules():
        if isinstance(module, parametrize.ParametrizationList) and isinstance(norm := module[0], SpectralNorm):
            norm.power_iteration(module.original.flatten(1))
