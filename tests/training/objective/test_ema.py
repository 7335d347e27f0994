"""The moving average."""

import torch
from torch import nn

from mapgan.training.objective.ema import EMA


def test_young_averages_forget_fast_and_old_ones_slowly() -> None:
    network = nn.Linear(1, 1, bias=False)
    network.weight.data.fill_(0.0)
    ema = EMA(network, decay=0.9)
    network.weight.data.fill_(1.0)
    ema.update(network, step=0)
    assert ema.network.weight.item() == torch.tensor(0.9).item()  # decay (1 + 0) / (10 + 0)
    network.weight.data.fill_(0.0)
    ema.update(network, step=10**6)
    assert abs(ema.network.weight.item() - 0.81) < 1e-6


def test_buffers_are_copied() -> None:
    network = nn.BatchNorm1d(2)
    ema = EMA(network, decay=0.9)
    network(torch.randn(8, 2))
    ema.update(network, 0)
    assert torch.equal(ema.network.running_mean, network.running_mean)
