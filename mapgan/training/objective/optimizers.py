"""Adam for both networks (Kingma and Ba 2015, arXiv:1412.6980)."""

from __future__ import annotations

import torch

from mapgan.networks.pair import Pair
from mapgan.params import Params


def set_learning_rate(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Set the learning rate of all parameters."""
    for group in optimizer.param_groups:
        group["lr"] = lr


def build_optimizers(params: Params, pair: Pair, fused: bool) -> list[torch.optim.Optimizer]:
    """The optimizers of G and of D, in this order."""
    settings = params.train
    betas = [settings.beta1, settings.beta2]
    networks = [
        (pair.generator, settings.generator_lr, betas),
        (pair.discriminator, settings.discriminator_lr, settings.discriminator_betas or betas),
    ]
    return [
        torch.optim.Adam(network.parameters(), lr, (beta1, beta2), fused=fused)
        for network, lr, (beta1, beta2) in networks
    ]
