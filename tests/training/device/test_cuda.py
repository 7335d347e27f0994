"""A whole run on a CUDA device, as far as a stand-in for the driver can tell."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from accelerate import Accelerator

from mapgan import files, stages
from mapgan.commands import doctor
from mapgan.dataset import open_dataset
from mapgan.errors import MapganError
from mapgan.memory.plan import Plan, StepConfig, StepCost
from mapgan.params import load
from mapgan.training.device.device import make_accelerator, set_float32_kernels
from mapgan.training.objective import step as steps
from mapgan.training.prepare import prepare
from tests.conftest import TINY
from tests.training.device.cuda_stand_in import cuda_stand_in

ON_A_CARD = [*TINY, "machine.device=cuda"]


def run(maps: Path, out: Path, *settings: str) -> Path:
    params = load(settings=[*ON_A_CARD, *settings])
    stages.train(params, maps, out / "g.safetensors", out / "results", out / "scratch")
    return out / "g.safetensors"


@pytest.fixture(autouse=True)
def _kernels_as_they_were() -> None:
    yield  # type: ignore[misc]
    set_float32_kernels("bf16", deterministic=False)


def test_the_stand_in_refuses_what_cuda_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with cuda_stand_in(monkeypatch):
        with pytest.raises(RuntimeError, match="initialization"):
            torch._C._cuda_getDevice()
        with pytest.raises(ValueError, match="specified index"):
            torch.cuda.set_per_process_memory_fraction(0.5, torch.device("cuda"))
        with pytest.raises(TypeError, match="float"):
            torch.cuda.set_per_process_memory_fraction(1, 0)
        with pytest.raises(AssertionError, match="Invalid device id"):
            torch.cuda.get_device_properties(1)
        torch.cuda.set_per_process_memory_fraction(0.5, torch.device("cuda:0"))


def test_the_stand_in_refuses_to_mix_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    with cuda_stand_in(monkeypatch):
        here, there = torch.ones(3), torch.ones(3, device="cuda:0", requires_grad=True)
        assert (str(there.device), there.is_cuda, str(here.device)) == ("cuda:0", True, "cpu")
        for mixed in (
            lambda: here + there,
            lambda: torch.cat([here, there]),
            lambda: here[torch.tensor([0], device="cuda:0")],
        ):
            with pytest.raises(RuntimeError, match="same device"):
                mixed()
        with pytest.raises(TypeError, match="numpy"):
            there.detach().numpy()
        with pytest.raises(RuntimeError, match="pin"):
            there.pin_memory()
        found = (there * torch.tensor(2.0))[torch.tensor([0])] * here.to("cuda:0")[:1]
        found.sum().backward()
        assert there.grad is not None
        assert str(there.grad.device) == "cuda:0"
        assert str(found.cpu().device) == "cpu"
        here.copy_(there.detach())
        assert not here.is_cuda


def test_the_device_of_a_run_has_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    with cuda_stand_in(monkeypatch):
        accelerator = make_accelerator(load(settings=ON_A_CARD))
        assert str(accelerator.device) == "cuda:0"
        assert str(accelerator.state.device) == "cuda:0"


def test_a_whole_run_on_a_card(squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plan, budget, steps, log, snapshots, state; then gone on with, sampled, measured and described."""
    with cuda_stand_in(monkeypatch) as card:
        first = files.sha256_file(run(squares, tmp_path))
        [(fraction, index), *_] = card.asked["_cuda_setMemoryFraction"]
        assert index == 0
        assert fraction == pytest.approx(22.5 / 24)
        assert run(squares, tmp_path, "train.steps=8").is_file()  # goes on from the saved state
        generator = tmp_path / "g.safetensors"
        assert files.sha256_file(generator) != first
        params = load(settings=ON_A_CARD)
        stages.sample(params.sample, generator, tmp_path / "samples", "cuda")
        stages.evaluate(params.evaluate, generator, squares, tmp_path / "evaluate", 0, "cuda")
        assert "Stand-in (24 GiB" in doctor.report(tmp_path)
    assert (tmp_path / "samples/sheet-000.png").is_file()
    assert (tmp_path / "results/snapshots/step-00000006.png").is_file()
    speed = (tmp_path / "results/speed.tsv").read_text().splitlines()
    assert speed[-1].endswith("\t3")  # GiB, the allocator's peak


@pytest.mark.parametrize(
    "settings",
    [
        ["train.network=mlp", "train.networks.mlp.discriminator_dropout=0.3", "train.loss=hinge"],
        ["train.network=dcgan", "train.ghost_batch=2", "train.label_flip=0.1", "train.loss=non-saturating"],
        [
            "train.network=mapmaker",
            "train.penalty_kind=wgan-gp",
            "train.loss=wasserstein",
            "train.penalty_every=1",
        ],
        ["train.penalty_kind=autograd", "train.penalty_every=1", "machine.checkpointing=all", "machine.micro_batch=2"],
        ["train.augment=[color, flip, rot90]", "train.augment_target=0.5", "train.instance_noise=0.1"],
        [
            "train.networks.dcgan-modern.noise=0.1",
            "train.watch.policy=roll-back",
            "train.watch.collapsed=0",
            "train.precision=bf16",
        ],
        ["train.evaluate_every=2", "train.evaluate_images=4", "train.discriminator_steps=2"],
    ],
    ids=lambda settings: settings[0],
)
def test_what_a_setting_brings_stays_on_the_card(
    shades: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: list[str]
) -> None:
    """With labels, stopped half-way and resumed; the ledger of the stand-in refuses to mix devices."""
    with cuda_stand_in(monkeypatch):
        run(shades, tmp_path, *settings, "train.steps=4")
        assert run(shades, tmp_path, *settings).is_file()


def test_memory_that_runs_out_on_a_card(
    squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    backward = steps.Step._generator_backward

    def full(self: steps.Step, d_step: int, indices: range, local_batch: float) -> steps.Metrics:
        if len(indices) > 2 and isinstance(self.accelerator, Accelerator):  # not in the plan's trace
            raise torch.OutOfMemoryError("CUDA out of memory")
        return backward(self, d_step, indices, local_batch)

    monkeypatch.setattr(steps.Step, "_generator_backward", full)
    with cuda_stand_in(monkeypatch) as card:
        run(squares, tmp_path)
        assert card.asked["_cuda_emptyCache"]
    assert "machine.micro_batch 2 instead of 4" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("precision", "tf32", "search"), [("no", False, False), ("tf32", True, False), ("bf16", True, True)]
)
def test_what_a_precision_means(precision: str, tf32: bool, search: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    with cuda_stand_in(monkeypatch):
        make_accelerator(load(settings=[*ON_A_CARD, f"train.precision='{precision}'"]))
    assert torch.backends.cudnn.allow_tf32 is tf32
    assert torch.backends.cuda.matmul.allow_tf32 is tf32
    assert torch.backends.cudnn.benchmark is search


def test_tf32_needs_a_card() -> None:
    with pytest.raises(MapganError, match="tf32 needs an NVIDIA GPU"):
        make_accelerator(load(settings=[*TINY, "train.precision=tf32"]))


@pytest.mark.parametrize(
    "settings",
    [
        ["train.augment=[color, translation, cutout, flip, rot90]", "train.instance_noise=0.1"],
        [
            "train.network=mlp",
            "train.loss=hinge",
            "train.label_flip=0.2",
            "train.augment=[flip]",
            "train.augment_target=0.5",
        ],
    ],
)
@pytest.mark.parametrize("resident", [True, False])
def test_the_host_waits_for_nothing_in_a_step(
    shades: Path, monkeypatch: pytest.MonkeyPatch, settings: list[str], resident: bool
) -> None:
    """A step that is not logged queues its work and reads nothing back."""
    params, dataset = load(settings=[*ON_A_CARD, "train.penalty_every=1", *settings]), open_dataset(shades)
    with cuda_stand_in(monkeypatch) as card:
        accelerator = make_accelerator(params)
        plan = Plan(StepCost(StepConfig(4, "none"), 0, 0), 0, resident)
        step = prepare(params, dataset, accelerator, plan)
        step(0)
        card.waits.clear()
        for number in range(1, 4):
            step(number)
        assert card.waits == []
        float(next(step.generator.parameters()).detach().sum())  # this one does
        assert card.waits == ["__float__"]
