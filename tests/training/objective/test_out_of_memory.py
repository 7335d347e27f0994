"""When memory runs out in a step, no step is lost and none is done twice."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from accelerate import Accelerator

from mapgan.dataset import open_dataset
from mapgan.errors import MapganError
from mapgan.networks.generator_file import load_network
from mapgan.params import load
from mapgan.training.device.device import make_accelerator
from mapgan.training.objective.step import Step
from mapgan.training.prepare import plan_memory, prepare
from mapgan.training.run import train
from mapgan.training.run_paths import RunPaths
from tests.conftest import TINY

KINDS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried to allocate"),
]


def fail(monkeypatch: pytest.MonkeyPatch, half: str, at_step: int, above: int, error: RuntimeError) -> list[int]:
    """Have one half of a step run out of memory at its second micro-batch or later, above a micro-batch size."""
    method = {"D": "_discriminator_backward", "G": "_generator_backward"}[half]
    real = getattr(Step, method)
    sizes: list[int] = []

    def backward(self: Step, step: int, indices: range, local_batch: float) -> object:
        metrics = real(self, step, indices, local_batch)
        if not isinstance(self.accelerator, Accelerator):
            return metrics  # the plan tries the step out before
        sizes.append(len(indices))
        if step == at_step and len(indices) > above:
            raise error
        return metrics

    monkeypatch.setattr(Step, method, backward)
    return sizes


def weights(maps: Path, out: Path, *settings: str) -> dict[str, torch.Tensor]:
    indices = RunPaths(maps, out / "generator.safetensors", out / "results", out / "scratch")
    train(load(settings=[*TINY, "train.beta1=0.5", *settings]), indices)
    return load_network(out / "generator.safetensors")[0].state_dict()


@pytest.mark.parametrize("half", ["D", "G"])
@pytest.mark.parametrize("error", KINDS)
def test_the_failed_half_is_done_again_with_smaller_micro_batches(
    squares: Path,
    tmp_path: Path,
    half: str,
    error: RuntimeError,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    torch.set_default_dtype(torch.float64)
    try:
        whole = weights(squares, tmp_path / "a")
        sizes = fail(monkeypatch, half, at_step=2, above=1, error=error)
        again = weights(squares, tmp_path / "b")
    finally:
        torch.set_default_dtype(torch.float32)
    assert sizes == [4, 4, 4, 2, *[1] * 16]  # the failed tries at 4 and 2, then images one by one
    said = capsys.readouterr().err
    assert f"out of memory in {half}'s update of step 3" in said
    assert "machine.micro_batch 2 instead of 4" in said
    assert all(torch.allclose(whole[name], again[name], rtol=0, atol=1e-9) for name in whole)


def test_when_one_image_is_too_much_the_line_says_what_to_set(
    squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(monkeypatch, "G", at_step=2, above=0, error=KINDS[0])
    with pytest.raises(MapganError, match=r"out of memory in G's update of step 3; set machine.checkpointing=all"):
        weights(squares, tmp_path)


ADAPTING = ["train.augment=[flip]", "train.augment_p=0.5", "train.augment_target=0.1", "train.augment_images=50"]


@pytest.mark.parametrize(
    ("settings", "half", "at_turn", "left"),
    [
        ([], "G", 2, 3),  # D's update of step 3 had been done, and is not done again
        (["train.discriminator_steps=2", *ADAPTING], "G", 5, 6),
        (["train.discriminator_steps=2", *ADAPTING], "D", 5, 7),  # and here half of that
    ],
)
def test_what_was_done_before_memory_ran_out_is_saved(
    squares: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: list[str],
    half: str,
    at_turn: int,
    left: int,
) -> None:
    settings = [*settings, "machine.save_minutes=100"]
    whole = weights(squares, tmp_path / "a", *settings)
    with monkeypatch.context() as broken:
        fail(broken, half, at_turn, above=0, error=KINDS[0])
        with pytest.raises(MapganError, match=f"out of memory in {half}'s update of step 3"):
            weights(squares, tmp_path / "b", *settings)
    sizes = fail(monkeypatch, "D", at_step=-1, above=0, error=KINDS[0])  # only counts
    again = weights(squares, tmp_path / "b", *settings)
    assert len(sizes) == left
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_batch_statistics_are_never_cut(squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(monkeypatch, "D", at_step=1, above=1, error=KINDS[0])
    with pytest.raises(MapganError, match="out of memory in D's update of step 2"):
        weights(squares, tmp_path, "train.network=dcgan")


def test_batch_statistics_are_those_of_before_the_failed_half(
    squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = weights(squares, tmp_path / "a", "train.network=dcgan")
    for half in ("D", "G"):
        with monkeypatch.context() as broken:
            fail(broken, half, at_step=3, above=0, error=KINDS[0])
            with pytest.raises(MapganError, match=r"set machine.checkpointing=all, or a smaller train.ghost_batch"):
                weights(squares, tmp_path / half, "train.network=dcgan")
        again = weights(squares, tmp_path / half, "train.network=dcgan")
        assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_other_errors_are_not_taken_for_full_memory(
    squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(monkeypatch, "D", at_step=1, above=0, error=RuntimeError("shapes cannot be multiplied"))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        weights(squares, tmp_path)


def test_a_failed_try_leaves_no_gradients(squares: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    params = load(settings=TINY)
    dataset, accelerator = open_dataset(squares), make_accelerator(params)
    step = prepare(params, dataset, accelerator, plan_memory(params, dataset, accelerator))
    fail(monkeypatch, "D", at_step=0, above=0, error=KINDS[0])
    with pytest.raises(MapganError):
        step(0)
    assert all(weight.grad is None or not weight.grad.any() for weight in step.discriminator.parameters())
