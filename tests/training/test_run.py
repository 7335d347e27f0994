"""Whole runs on tiny networks: the same every time, whatever cuts them short."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from mapgan import files, networks
from mapgan.cli import app
from mapgan.dataset import open_dataset
from mapgan.errors import MapganError
from mapgan.memory.plan import Plan, StepConfig, StepCost
from mapgan.networks.generator_file import load_generator
from mapgan.params import Params, load
from mapgan.training.device.device import make_accelerator
from mapgan.training.prepare import plan_memory, prepare
from mapgan.training.run import train
from mapgan.training.run_paths import RunPaths
from tests.conftest import TINY, write_squares


def indices(maps: Path, out: Path) -> RunPaths:
    return RunPaths(maps, out / "generator.safetensors", out / "results", out / "scratch")


def run(maps: Path, out: Path, *settings: str) -> str:
    """Train and give the generator's digest."""
    train(load(settings=[*TINY, *settings]), indices(maps, out))
    return files.sha256_file(out / "generator.safetensors")


@pytest.mark.parametrize("network", networks.BUILDERS)
def test_same_settings_same_weights(squares: Path, tmp_path: Path, network: str) -> None:
    one = run(squares, tmp_path / "a", f"train.network={network}")
    assert one == run(squares, tmp_path / "b", f"train.network={network}")
    assert one != run(squares, tmp_path / "c", f"train.network={network}", "seed=1")


def test_training_writes_metrics_snapshots_and_a_generator(squares: Path, tmp_path: Path) -> None:
    run(squares, tmp_path, "train.steps=7")
    rows = [line.split("\t") for line in (tmp_path / "results/metrics.tsv").read_text().splitlines()]
    assert rows[0][:2] == ["step", "loss_D"]
    assert "loss_G" in rows[0]
    assert [row[0] for row in rows[1:]] == ["2", "4", "6", "7"]
    assert json.loads((tmp_path / "results/metrics.json").read_text())["step"] == 7
    snapshots = sorted((tmp_path / "results/snapshots").iterdir())
    assert [path.name for path in snapshots] == [f"step-{step:08d}.png" for step in (3, 6, 7)]
    with Image.open(snapshots[0]) as first, Image.open(snapshots[-1]) as last:
        assert first.size == last.size
        assert not np.array_equal(np.asarray(first), np.asarray(last))
    _, about = load_generator(tmp_path / "generator.safetensors")
    assert (about.width, about.height, about.steps, about.network) == (32, 32, 7, "dcgan-modern")


def test_the_networks_learn(squares: Path, tmp_path: Path) -> None:
    run(squares, tmp_path, "train.steps=40", "train.discriminator_lr=0.002", "train.log_every=40")
    metrics = json.loads((tmp_path / "results/metrics.json").read_text())
    assert metrics["logits_real"] > metrics["logits_fake"]


def test_learning_rates_warm_up(squares: Path, tmp_path: Path) -> None:
    run(squares, tmp_path, "train.lr_warmup=4", "train.log_every=1", "train.generator_lr=0.002")
    rows = [line.split("\t") for line in (tmp_path / "results/metrics.tsv").read_text().splitlines()]
    d, g = (rows[0].index(name) for name in ("lr_D", "lr_G"))
    assert [float(row[d]) for row in rows[1:]] == pytest.approx([0.00025, 0.0005, 0.00075, 0.001, 0.001, 0.001])
    assert [float(row[g]) for row in rows[1:]] == pytest.approx([2 * float(row[d]) for row in rows[1:]])


DROPPED = ["train.networks.mlp.generator_dropout=0.2", "train.networks.dcgan.discriminator_dropout=0.3"]


MODERN = "train.networks.dcgan-modern"
FULL = [f"{MODERN}.{setting}" for setting in ("excitation=true", "spectral_norm=true", "noise=0.1")]
IN_TWO = [*([f"train.network={name}"] for name in networks.BUILDERS), [f"{MODERN}.latent_kind=spatial", *FULL]]


@pytest.mark.parametrize("chosen", IN_TWO, ids=str)
def test_a_run_in_two_parts_ends_like_one_in_one(squares: Path, tmp_path: Path, chosen: list[str]) -> None:
    settings = [*chosen, "train.instance_noise=0.1", *DROPPED]
    whole = run(squares, tmp_path / "a", *settings)
    run(squares, tmp_path / "b", *settings, "train.steps=3")
    assert run(squares, tmp_path / "b", *settings) == whole
    sheets = ("snapshots/step-00000003.png", "snapshots/step-00000006.png", "progress.gif")
    for name in ("metrics.tsv", "metrics.json", *sheets):
        assert (tmp_path / "b/results" / name).read_bytes() == (tmp_path / "a/results" / name).read_bytes()


def test_results_that_dvc_emptied_come_back(squares: Path, tmp_path: Path) -> None:
    import shutil

    whole = run(squares, tmp_path)
    before = {path.name: path.read_bytes() for path in (tmp_path / "results").rglob("*.*")}
    shutil.rmtree(tmp_path / "results")
    (tmp_path / "generator.safetensors").unlink()
    assert run(squares, tmp_path) == whole
    assert {path.name: path.read_bytes() for path in (tmp_path / "results").rglob("*.*")} == before


@pytest.mark.parametrize(
    "machine", ["machine.micro_batch=2", "machine.checkpointing=all", "machine.save_minutes=0", "machine.workers=1"]
)
def test_the_machine_section_does_not_start_another_run(squares: Path, tmp_path: Path, machine: str) -> None:
    run(squares, tmp_path, "train.steps=3")
    run(squares, tmp_path, machine)
    checkpoints = [path for path in (tmp_path / "scratch/state").iterdir() if path.is_dir()]
    assert len(checkpoints) == 1


def test_never_starts_from_nothing(squares: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    once = run(squares, tmp_path)
    train(load(settings=TINY), indices(squares, tmp_path), resume="never")
    assert "goes on" not in capsys.readouterr().out
    assert files.sha256_file(tmp_path / "generator.safetensors") == once


@pytest.mark.parametrize("content", ["", "{", "[]", '{"seed": 5}'])
def test_a_damaged_note_on_the_last_run_stops_nothing(squares: Path, tmp_path: Path, content: str) -> None:
    once = run(squares, tmp_path)
    (tmp_path / "scratch/state/last.json").write_text(content)
    assert run(squares, tmp_path) == once


def test_the_environment_does_not_change_the_weights(
    squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = run(squares, tmp_path / "a")
    monkeypatch.setenv("ACCELERATE_GRADIENT_ACCUMULATION_STEPS", "4")
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "bf16")
    assert run(squares, tmp_path / "b") == once


def held_to(params: Params) -> Plan:
    """The step that `machine` asks for, without the seconds that its prediction takes."""
    machine = params.machine
    checkpointing = "none" if machine.checkpointing == "auto" else machine.checkpointing
    config = StepConfig(machine.micro_batch or params.train.batch_size, checkpointing)
    return Plan(StepCost(config, 0, 0), 0, resident=False)


def gradients(maps: Path, *settings: str) -> dict[str, torch.Tensor]:
    """The gradients of one step, by parameter; the rates are so small that G sees an unchanged D."""
    still = ["train.generator_lr=1e-12", "train.discriminator_lr=1e-12", "train.penalty_every=1"]
    params = load(settings=[*TINY, *still, *settings])
    dataset, accelerator = open_dataset(maps), make_accelerator(params)
    step = prepare(params, dataset, accelerator, held_to(params))
    step(0)
    players = {"generator": step.generator, "discriminator": step.discriminator}
    return {
        f"{name}.{key}": parameter.grad.clone()
        for name, network in players.items()
        for key, parameter in network.named_parameters()
        if parameter.grad is not None
    }


def assert_close(whole: dict[str, torch.Tensor], parts: dict[str, torch.Tensor]) -> None:
    assert whole.keys() == parts.keys()
    largest = max(float(gradient.abs().max()) for gradient in whole.values())
    for name, gradient in whole.items():
        assert torch.allclose(gradient, parts[name], rtol=0, atol=1e-5 * largest), name


WAYS = [
    ["train.loss=relativistic"],
    ["train.loss=non-saturating", "train.label_flip=0.3", "train.discriminator_passes=separate"],
    ["train.loss=wasserstein", "train.penalty_kind=wgan-gp", "train.penalty=10.0"],
    ["train.loss=relativistic", "train.penalty_kind=autograd", "train.label_flip=0.3", "train.discriminator_steps=2"],
    ["train.loss=hinge", "train.penalty_kind=autograd", "train.penalty_at=real", "train.discriminator_passes=separate"],
]


@pytest.mark.parametrize("settings", WAYS, ids=lambda settings: settings[0])
@pytest.mark.parametrize(
    "machine", ["machine.micro_batch=1", "machine.micro_batch=3", "machine.checkpointing=all", "machine.workers=1"]
)
def test_the_machine_section_does_not_change_the_gradients(squares: Path, machine: str, settings: list[str]) -> None:
    whole = gradients(squares, *settings)
    parts = gradients(squares, *settings, machine)
    assert_close(whole, parts)


@pytest.mark.parametrize("kind", ["constant", "spatial"])
def test_neither_does_it_with_all_that_a_modern_net_can_have(squares: Path, kind: str) -> None:
    settings = [f"{MODERN}.latent_kind={kind}", *FULL]
    whole = gradients(squares, *settings)
    assert_close(whole, gradients(squares, *settings, "machine.micro_batch=1", "machine.checkpointing=all"))


NO_STATISTICS = ["train.networks.dcgan.generator_norm=group", "train.networks.dcgan.discriminator_norm=instance"]


@pytest.mark.parametrize("machine", ["machine.micro_batch=1", "machine.micro_batch=3", "machine.checkpointing=all"])
@pytest.mark.parametrize("network", ["mlp", "dcgan"])
def test_dropout_does_not_know_how_the_batch_is_cut(squares: Path, network: str, machine: str) -> None:
    settings = [f"train.network={network}", *NO_STATISTICS, *DROPPED]
    whole, parts = gradients(squares, *settings), gradients(squares, *settings, machine)
    assert_close(whole, parts)
    without = gradients(
        squares, f"train.network={network}", *NO_STATISTICS, "train.networks.mlp.discriminator_dropout=0.0"
    )
    assert any(not torch.allclose(gradient, without[name], rtol=0.01) for name, gradient in whole.items())


def test_labels_are_flipped_for_the_share_that_is_asked_for(squares: Path) -> None:
    params = load(settings=[*TINY, "train.label_flip=0.15"])
    dataset, accelerator = open_dataset(squares), make_accelerator(params)
    step = prepare(params, dataset, accelerator, plan_memory(params, dataset, accelerator))
    flipped = [step._flipped_labels(d_step, range(4)) for d_step in range(1000)]
    for side in ("real", "fake"):
        assert torch.cat([one[side] for one in flipped]).float().mean().item() == pytest.approx(0.15, abs=0.02)
    assert not all(torch.equal(one["real"], one["fake"]) for one in flipped)


def test_another_setting_says_what_changed_and_starts_afresh(
    squares: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(squares, tmp_path)
    run(squares, tmp_path, "train.beta1=0.5")
    assert "train.beta1 0.0 -> 0.5" in capsys.readouterr().out


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The digest of the generator that the settings as they are make of `squares`."""
    folder = tmp_path_factory.mktemp("usual")
    return run(write_squares(folder / "maps", 32, 32), folder)


CLASSIC = ["train.loss=non-saturating", "train.real_label=0.9", "train.penalty=0.0", "train.beta1=0.5"]


@pytest.mark.parametrize(
    "settings",
    [
        CLASSIC,
        ["train.loss=least-squares", "train.instance_noise=0.2"],
        ["train.loss=hinge", "train.generator_lr=0.0003"],
        ["train.precision=bf16", "machine.checkpointing=all"],
        ["train.network=dcgan", "train.ghost_batch=2", "machine.checkpointing=high"],
        [f"{MODERN}.latent_kind=constant", *FULL],
        ["train.loss=wasserstein", "train.penalty_kind=wgan-gp", "train.discriminator_steps=3"],
        ["train.precision=bf16", "machine.checkpointing=all", "train.penalty_kind=autograd", "train.penalty_at=real"],
        ["train.loss=saturating", "train.label_flip=0.25", "train.discriminator_passes=separate"],
        ["train.discriminator_betas=[0.5, 0.9]"],
        ["train.augment=[rot90, translation, cutout]", "train.precision=bf16", "train.loss=hinge"],
        ["train.ema=0.0", "train.mirror=false", "train.rot90=false"],
    ],
)
def test_settings_work_and_matter(squares: Path, tmp_path: Path, usual: str, settings: list[str]) -> None:
    assert run(squares, tmp_path, *settings) != usual


@pytest.mark.parametrize("loss", ["saturating", "non-saturating", "least-squares", "hinge", "wasserstein"])
@pytest.mark.parametrize("penalty", ["finite-difference", "autograd", "wgan-gp"])
def test_two_passes_apart_have_the_gradients_of_one(squares: Path, loss: str, penalty: str) -> None:
    settings = [f"train.loss={loss}", f"train.penalty_kind={penalty}", "train.label_flip=0.2"]
    one, two = (gradients(squares, *settings, f"train.discriminator_passes={how}") for how in ("joint", "separate"))
    for name, gradient in one.items():
        assert torch.allclose(gradient, two[name], rtol=1e-4, atol=1e-6), name


@pytest.mark.parametrize(("width", "height"), [(28, 28), (48, 30)])
def test_any_size_trains(tmp_path: Path, width: int, height: int) -> None:
    maps = write_squares(tmp_path / "maps", width, height)
    run(maps, tmp_path, "train.steps=2")
    _, about = load_generator(tmp_path / "generator.safetensors")
    assert (about.width, about.height) == (width, height)


BAD = [
    (["train.precision=fp16"], "fp16 needs a GPU"),
    (["machine.device=mps"], "mps was not found on this machine"),
    (["train.penalty=1.0e+38", "train.penalty_every=1"], "diverged at step 2: .*lower train.generator_lr"),
]


@pytest.mark.parametrize(("settings", "line"), BAD)
def test_what_cannot_be_done_is_one_line(squares: Path, tmp_path: Path, settings: list[str], line: str) -> None:
    with pytest.raises(MapganError, match=line):
        run(squares, tmp_path, *settings)
    assert not (tmp_path / "generator.safetensors").exists()


POSIX = pytest.mark.skipif(os.name != "posix", reason="kills with signals that only POSIX has")


def command(maps: Path, out: Path, *settings: str) -> list[str]:
    options = [option for setting in [*TINY, *settings] for option in ("--set", setting)]
    return ["train", str(maps), "--out", str(out), *options]


def start(maps: Path, out: Path, *settings: str) -> subprocess.Popen[str]:
    """`mapgan train` in a process of its own, to be killed."""
    arguments = [sys.executable, "-m", "mapgan", *command(maps, out, *settings)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def train_here(maps: Path, out: Path, *settings: str) -> Result:
    """`mapgan train` in this process, which has imported torch already."""
    return CliRunner().invoke(app, command(maps, out, *settings))


def newest_state(out: Path) -> str:
    return max((path.name for path in out.glob(".mapgan/state/*/*.sha256")), default="")


def wait_for_state(out: Path, process: subprocess.Popen[str], after: str = "") -> None:
    for _ in range(1200):
        if newest_state(out) > after or process.poll() is not None:
            return
        time.sleep(0.05)
    raise AssertionError("no state was saved in a minute")


LONG = ["train.steps=100000", "machine.save_minutes=0", "train.log_every=50", "train.snapshot_every=100"]


def kill_at_random(maps: Path, out: Path, times: int) -> None:
    """`kill -9` the run of 200 steps so many times, each at a random moment of its work."""
    moments = random.Random(0)
    for _ in range(times):
        before = newest_state(out)
        process = start(maps, out, *LONG, "train.steps=200")
        wait_for_state(out, process, before)
        time.sleep(0.1 * moments.random())
        assert process.poll() is None, "the run ended before it could be killed"
        process.kill()
        process.communicate()


@POSIX
@pytest.mark.parametrize(
    ("kills", "signals"),
    [
        (1, [(signal.SIGTERM, 143)]),
        pytest.param(3, [(signal.SIGTERM, 143), (signal.SIGINT, 130)], marks=pytest.mark.soak),
    ],
)
def test_killed_and_stopped_runs_end_with_the_same_weights(
    squares: Path, tmp_path: Path, kills: int, signals: list[tuple[int, int]]
) -> None:
    whole = train_here(squares, tmp_path / "a", *LONG, "train.steps=200")
    assert whole.exit_code == 0, whole.output
    kill_at_random(squares, tmp_path / "b", times=kills)
    for number, code in signals:
        before = newest_state(tmp_path / "b")
        process = start(squares, tmp_path / "b", *LONG)
        wait_for_state(tmp_path / "b", process, before)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == code, errors
        assert "Traceback" not in errors
    last = train_here(squares, tmp_path / "b", *LONG, "train.steps=200")
    assert last.exit_code == 0, last.output
    assert "continues after step" in last.stderr
    digests = {files.sha256_file(tmp_path / name / "generator.safetensors") for name in "ab"}
    assert len(digests) == 1


def test_a_second_trainer_stops_with_one_line(squares: Path, tmp_path: Path) -> None:
    first = start(squares, tmp_path, "train.steps=100000", "machine.save_minutes=0")
    try:
        wait_for_state(tmp_path, first)
        second = train_here(squares, tmp_path, "train.steps=100000", "machine.save_minutes=0")
        assert second.exit_code == 2
        assert "another trainer is running in" in second.stderr.splitlines()[-1]
        assert first.poll() is None
    finally:
        first.kill()
        first.wait()
