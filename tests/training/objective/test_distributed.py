"""What the processes of a run exchange."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from mapgan.dataset import open_dataset
from mapgan.params import load
from mapgan.training.device.device import make_accelerator
from mapgan.training.objective.distributed import reduce_gradients
from mapgan.training.prepare import plan_memory, prepare
from tests.conftest import TINY


class Two:
    """An accelerator of two processes, of which the other one sends `other`."""

    num_processes = 2

    def __init__(self, other: Tensor) -> None:
        self.other = other

    def reduce(self, local: Tensor, reduction: str) -> Tensor:
        assert reduction == "mean"
        return (local + self.other) / 2


def test_gradients_and_flags_share_a_collective() -> None:
    layer = nn.Linear(2, 1)
    layer.weight.grad, layer.bias.grad = torch.tensor([[1.0, 2.0]]), None
    other = torch.tensor([3.0, 4.0, 5.0, 0.0, 1.0])
    flags = reduce_gradients(cast(Accelerator, Two(other)), layer, [False, False])
    assert flags == [False, True]
    assert layer.weight.grad.tolist() == [[2.0, 3.0]]
    assert layer.bias.grad is None


def test_a_process_without_gradients_takes_part() -> None:
    layer = nn.Linear(1, 1)
    flags = reduce_gradients(cast(Accelerator, Two(torch.tensor([1.0, 1.0, 0.0]))), layer, [True])
    assert flags == [True]
    assert layer.weight.grad is None


@pytest.mark.parametrize(
    ("settings", "collectives"),
    [
        ([], 2),
        (["train.discriminator_steps=2"], 3),
        (["train.augment=[flip]", "train.augment_target=0.6", "train.augment_p=0.1"], 3),
        (["train.network=dcgan", "train.ghost_batch=2", "train.penalty=0", "train.loss=hinge"], 4),
    ],
    ids=["default", "two steps of D", "adaptive augmentation", "batch normalization"],
)
def test_a_step_has_one_collective_for_each_update(
    squares: Path, monkeypatch: pytest.MonkeyPatch, settings: list[str], collectives: int
) -> None:
    """One carries gradients and agreement; adaptive augmentation and batch statistics add one each."""
    params, dataset = load(settings=[*TINY, *settings]), open_dataset(squares)
    accelerator = make_accelerator(params)
    step = prepare(params, dataset, accelerator, plan_memory(params, dataset, accelerator))
    calls = []

    def reduce(tensor: Tensor, reduction: str = "sum") -> Tensor:
        calls.append(reduction)
        return tensor

    def gather(tensor: Tensor) -> Tensor:
        calls.append("gather")
        return torch.cat([tensor, tensor])

    monkeypatch.setattr(type(accelerator), "num_processes", 2)
    monkeypatch.setattr(accelerator, "reduce", reduce)
    monkeypatch.setattr(accelerator, "gather", gather)
    step(0)
    assert len(calls) == collectives
