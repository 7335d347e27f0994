"""Running statistics of batch normalization do not depend on the number of processes."""

from __future__ import annotations

import copy
from typing import cast

import pytest
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from mapgan.training.objective.batch_statistics import BatchStatistics

BATCHES = torch.randn(6, 4, 3, 5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) + 2


class Gathered:
    """An accelerator of several processes, whose `gather` gives what they would have sent."""

    def __init__(self, locals_: list[Tensor]) -> None:
        self.locals, self.num_processes, self.collectives = locals_, len(locals_), 0

    def gather(self, local: Tensor) -> Tensor:
        self.collectives += 1
        return torch.cat(self.locals)


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 2, 3), nn.BatchNorm2d(2)
    ).double()


def floats(net: nn.Module) -> Tensor:
    return torch.cat([buffer.flatten() for buffer in net.buffers() if buffer.is_floating_point()])


@pytest.mark.parametrize("processes", [1, 2, 3, 6])
def test_they_are_those_of_one_process(processes: int) -> None:
    one = network()
    one(BATCHES[0])  # they start from other values than 0 and 1
    start = copy.deepcopy(one)
    for batch in BATCHES:
        one(batch)
    parts = BATCHES.chunk(processes)
    nets = [copy.deepcopy(start) for _ in parts]
    statistics = [BatchStatistics(net) for net in nets]
    for net, part in zip(nets, parts, strict=True):
        for batch in part:
            net(batch)
    gathered = Gathered([floats(net)[None] for net in nets])
    for before in statistics:
        before.merge(cast(Accelerator, gathered))
    for net in nets:
        assert torch.allclose(floats(net), floats(one), rtol=0, atol=1e-12)
        assert net[1].num_batches_tracked == 7
    assert gathered.collectives == (0 if processes == 1 else processes)


def test_they_are_restored() -> None:
    net = network()
    before = floats(net).clone()
    statistics = BatchStatistics(net)
    net(BATCHES[0])
    assert not torch.equal(floats(net), before)
    statistics.restore()
    assert torch.equal(floats(net), before)
    assert net[1].num_batches_tracked == 0
