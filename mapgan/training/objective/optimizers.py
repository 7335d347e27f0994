"""The two players' optimizers (Kingma and Ba 2015, 'Adam')."""

from __future__ import annotations

import torch

from mapgan.networks.pair import Pair
from mapgan.params import Params


def build_optimizers(params: Params, pair: Pair, fused: bool) -> list[torch.optim.Optimizer]:
    """The optimizers of G and D, in this order."""
    settings = params.train
    both = [settings.beta1, settings.beta2]
    players = [
        (pair.generator, settings.generator_lr, both),
        (pair.discriminator, settings.discriminator_lr, settings.discriminator_betas or both),
    ]
    return [
        torch.optim.Adam(network.parameters(), rate, (beta1, beta2), fused=fused)
        for network, rate, (beta1, beta2) in players
    ]
