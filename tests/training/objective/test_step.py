"""The training step as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mapgan.dataset import open_dataset
from mapgan.params import load
from mapgan.training.device.device import make_accelerator
from mapgan.training.objective.batches import Batches
from mapgan.training.prepare import plan_memory, prepare
from tests.conftest import TINY


@pytest.mark.parametrize(("settings", "reads"), [([], 2), (["machine.micro_batch=2"], 8), (["train.loss=hinge"], 2)])
def test_real_images_are_read_once_per_step_unless_it_is_divided(
    squares: Path, monkeypatch: pytest.MonkeyPatch, settings: list[str], reads: int
) -> None:
    """Two steps; the relativistic loss of G needs the real images again."""
    counted: list[int] = []
    real = Batches.real

    def count(self: Batches, step: int, indices: range) -> torch.Tensor:
        counted.append(step)
        return real(self, step, indices)

    monkeypatch.setattr(Batches, "real", count)
    params = load(settings=[*TINY, "train.batch_size=4", "train.discriminator_steps=1", *settings])
    dataset, accelerator = open_dataset(squares), make_accelerator(params)
    step = prepare(params, dataset, accelerator, plan_memory(params, dataset, accelerator))
    for number in range(2):
        step(number)
    assert len(counted) == reads
    assert not step.real_inputs
