"""The two players' optimizers (Kingma and Ba 2015, 'Adam')."""

from __future__ import annotations

import torch

from mapgan.networks.pair import Pair
from mapgan.params import Params


def adams(params: Params, pair: Pair, fused: bool) -> list[torch.optim.Optimizer]:
    """The optimizers of G and D, in this order."""
    settings = params.train
    rates = [(pair.generator, settings.generator_lr), (pair.discriminator, settings.discriminator_lr)]
    betas = (settings.beta1, settings.beta2)
    return [torch.optim.Adam(network.parameters(), rate, betas, fused=fused) for network, rate in rates]
