"""This computer: asked what it can do, and told what to keep apart from the result."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mapgan import files
from mapgan.dataset import open_dataset
from mapgan.errors import MapganError, is_lost_peer
from mapgan.networks.generator_file import load_network
from mapgan.params import load
from mapgan.training.device.device import make_accelerator
from mapgan.training.prepare import plan_memory, prepare
from mapgan.training.run import train
from mapgan.training.run_paths import RunPaths
from tests.conftest import TINY


def run(maps: Path, out: Path, *settings: str) -> str:
    train(load(settings=[*TINY, *settings]), RunPaths(maps, out / "g.safetensors", out / "results", out / "scratch"))
    return files.sha256_file(out / "g.safetensors")


def test_tensorboard_gets_the_metrics_and_changes_nothing(squares: Path, tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    plain = run(squares, tmp_path / "a")
    assert run(squares, tmp_path / "b", 'machine.trackers=["tensorboard"]') == plain
    events = accumulator.EventAccumulator(str(tmp_path / "b/scratch/logs/mapgan"))
    events.Reload()
    assert {"loss_G", "grad_norm_G.blocks.0", "saturated_fake", "lr_D"} <= set(events.Tags()["scalars"])
    assert [event.step for event in events.Scalars("loss_D")] == [2, 4, 6]


def test_a_tracker_that_is_not_there_is_one_line(squares: Path, tmp_path: Path) -> None:
    with pytest.raises(MapganError, match="mlflow is not installed; pip install mlflow"):
        run(squares, tmp_path, 'machine.trackers=["mlflow"]')


def test_params_win_over_accelerate_and_a_line_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "bf16")
    assert make_accelerator(load(settings=TINY)).mixed_precision == "no"
    assert "precision no, as train.precision says; Accelerate was set to bf16" in capsys.readouterr().out
    monkeypatch.delenv("ACCELERATE_MIXED_PRECISION")
    make_accelerator(load(settings=TINY))
    assert capsys.readouterr().out == ""


def test_a_lost_process_is_told_from_other_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = RuntimeError("[pair.cc:561] Connection closed by peer [127.0.0.1]:44736")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert is_lost_peer(gone)
    assert not is_lost_peer(RuntimeError("shapes cannot be multiplied"))
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert not is_lost_peer(gone)


def test_what_is_logged_says_how_both_players_do(squares: Path, tmp_path: Path) -> None:
    run(squares, tmp_path)
    head = (tmp_path / "results/metrics.tsv").read_text().splitlines()[0].split("\t")
    assert {"loss_D", "loss_G", "logits_real", "logits_fake", "accuracy", "penalty"} <= set(head)
    assert {"grad_norm_D", "grad_norm_G", "saturated_real", "saturated_fake", "lr_D", "lr_G"} <= set(head)
    assert {"grad_norm_D.blocks.0", "grad_norm_G.project"} <= set(head)
    assert (tmp_path / "results/speed.tsv").read_text().startswith("step\timages_per_second\tmemory_gib\n")
    assert (tmp_path / "results/diversity.tsv").read_text().startswith("step\tdiversity\n3\t")


@pytest.mark.parametrize(("kind", "compiled"), [("autograd", False), ("finite-difference", True)])
def test_a_network_whose_gradients_are_differentiated_is_not_compiled(
    squares: Path, capsys: pytest.CaptureFixture[str], kind: str, compiled: bool
) -> None:
    params = load(settings=[*TINY, "machine.compile=true", f"train.penalty_kind={kind}"])
    dataset, accelerator = open_dataset(squares), make_accelerator(params)
    step = prepare(params, dataset, accelerator, plan_memory(params, dataset, accelerator))
    assert (step.discriminator._compiled_call_impl is not None) is compiled
    assert step.generator._compiled_call_impl is not None
    assert ("D is not compiled" in capsys.readouterr().out) is not compiled


@pytest.mark.soak
@pytest.mark.parametrize("checkpointing", ["none", "all"])
def test_compiled_networks_learn_the_same(squares: Path, tmp_path: Path, checkpointing: str) -> None:
    if not torch._inductor.cpp_builder.get_cpp_compiler():
        pytest.skip("needs a C++ compiler")
    run(squares, tmp_path / "a", "train.steps=2", "train.beta1=0.5")
    compiled = ["machine.compile=true", f"machine.checkpointing={checkpointing}"]
    run(squares, tmp_path / "b", "train.steps=2", "train.beta1=0.5", *compiled)
    one, other = (load_network(tmp_path / name / "g.safetensors")[0].state_dict() for name in "ab")
    assert all(torch.allclose(one[name], other[name], atol=1e-3) for name in one)
