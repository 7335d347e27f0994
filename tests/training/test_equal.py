"""The result does not depend on how many processes or micro-batches did the work, nor on how many workers read.

In float64, because Adam divides by a tiny root at first: rounding alone moves float32 weights by percents.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from mapgan import files
from mapgan.params import load
from mapgan.training.run import train
from mapgan.training.run_paths import RunPaths
from tests.conftest import TINY

SETTINGS = [*TINY, "train.batch_size=16", "train.steps=20", "train.instance_noise=0.1", "train.penalty_every=2"]
SHORT = "train.steps=8"  # two processes or micro-batches that differ do so from the first step on
TRAINER = Path(__file__).with_name("second_trainer.py")
ON_LOOPBACK = os.environ | {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}


def in_double(maps: Path, out: Path, *settings: str) -> dict[str, torch.Tensor]:
    """Train here in float64 and give the generator's weights."""
    torch.set_default_dtype(torch.float64)
    try:
        train(load(settings=[*SETTINGS, *settings]), RunPaths(maps, out / "g.safetensors", out / "results", out / "s"))
    finally:
        torch.set_default_dtype(torch.float32)
    return load_file(out / "g.safetensors")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def by_several(
    maps: Path, out: Path, *settings: str, processes: int = 2, machines: int = 1
) -> subprocess.CompletedProcess[str]:
    """Train in several processes that Accelerate starts, on one machine or as two that meet over loopback."""
    port = free_port()
    launched = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu"),
                *("--num_processes", str(processes)),
                *("--num_machines", str(machines), "--machine_rank", str(rank), "--mixed_precision", "no"),
                *("--main_process_ip", "127.0.0.1", "--main_process_port", str(port), "--dynamo_backend", "no"),
                *(str(TRAINER), str(maps), str(out), *SETTINGS, *settings),
            ],
            env=ON_LOOPBACK,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(machines)
    ]
    return finished(launched)


def by_two(maps: Path, out: Path, *settings: str, machines: int = 1) -> subprocess.CompletedProcess[str]:
    """Train in two processes, each told its place by the environment as a launcher would, which takes half the time."""
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": "2"}
    place |= {"LOCAL_WORLD_SIZE": str(2 // machines)}
    trainers = [
        subprocess.Popen(
            [sys.executable, str(TRAINER), str(maps), str(out), *SETTINGS, *settings],
            env=ON_LOOPBACK | place | {"RANK": str(rank), "LOCAL_RANK": str(rank if machines == 1 else 0)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    return finished(trainers)


def finished(processes: list[subprocess.Popen[str]]) -> subprocess.CompletedProcess[str]:
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    return subprocess.CompletedProcess([], max(abs(p.returncode) for p in processes), "".join(outputs))


def logged(out: Path) -> list[float]:
    """Every number in the table of metrics."""
    lines = (out / "results/metrics.tsv").read_text().splitlines()[1:]
    assert len(lines) >= 4
    return [float(number) for line in lines for number in line.split("\t")]


def worst(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> float:
    assert one.keys() == other.keys()
    return max(float((one[name] - other[name]).abs().max()) for name in one)


def assert_the_same_whoever_does_the_work(maps: Path, out: Path, *tricks: str) -> None:
    """One process with the whole batch, with micro-batches, and two processes: the same weights and the same log."""
    whole = in_double(maps, out / "a", *tricks)
    assert worst(whole, in_double(maps, out / "b", *tricks, "machine.micro_batch=3")) < 1e-9
    result = by_several(maps, out / "c", *tricks, "machine.micro_batch=4")
    assert result.returncode == 0, result.stdout
    assert worst(whole, load_file(out / "c/g.safetensors")) < 1e-9
    for other in "bc":
        assert logged(out / "a") == pytest.approx(logged(out / other), abs=1e-5)


# each with what touches the gradients in a way of its own: a second derivative, several passes, flips, more steps of D,
# a loss of real images alone
REBUILDING = "train.reconstruction=0.5"
SECOND = ["train.penalty_kind=autograd", "train.label_flip=0.2", "train.discriminator_steps=2"]
TRICKS = [
    [*SECOND, REBUILDING, "machine.checkpointing=all"],
    ["train.loss=wasserstein", "train.penalty_kind=wgan-gp", "train.discriminator_passes=separate", REBUILDING],
]


@pytest.mark.soak
@pytest.mark.parametrize("tricks", TRICKS, ids=["autograd", "wgan-gp"])
def test_tricks_do_not_depend_on_who_does_the_work(squares: Path, tmp_path: Path, tricks: list[str]) -> None:
    assert_the_same_whoever_does_the_work(squares, tmp_path, *tricks)


@pytest.mark.soak
def test_labels_do_not_depend_on_who_does_the_work(shades: Path, tmp_path: Path) -> None:
    assert_the_same_whoever_does_the_work(shades, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("tricks", TRICKS, ids=["autograd", "wgan-gp"])
def test_neither_do_tricks_with_labels(shades: Path, tmp_path: Path, tricks: list[str]) -> None:
    assert_the_same_whoever_does_the_work(shades, tmp_path, *tricks)


MODERN = "train.networks.dcgan-modern"
DROPPING = ["train.network=mlp", "train.networks.mlp.generator_dropout=0.2"]
FULL = [f"{MODERN}.{one}" for one in ("latent_kind=spatial", "excitation=true", "spectral_norm=true", "noise=0.1")]
BATCH_NORM = ["train.network=dcgan", "train.ghost_batch=4", "train.loss=hinge", "train.penalty=0.0"]


@pytest.mark.parametrize(
    "chosen",
    [[], DROPPING, FULL, ["train.reconstruction=1", f"{MODERN}.blocks=inverted"]],
    ids=["default", "dropout", "full", "reconstruction"],
)
def test_micro_batches_do_not_change_the_weights(squares: Path, tmp_path: Path, chosen: list[str]) -> None:
    whole = in_double(squares, tmp_path / "a", *chosen, SHORT)
    assert worst(whole, in_double(squares, tmp_path / "b", *chosen, SHORT, "machine.micro_batch=4")) < 1e-9
    assert logged(tmp_path / "a") == pytest.approx(logged(tmp_path / "b"), abs=1e-5)


def assert_two_are_as_one(maps: Path, out: Path, *settings: str, result: subprocess.CompletedProcess[str]) -> None:
    """What two processes have left in `out / "b"` is what one does."""
    whole = in_double(maps, out / "a", *settings)
    assert result.returncode == 0, result.stdout
    assert result.stdout.count("2 processes, 8 images each") == 1  # and only the main one talks
    assert worst(whole, load_file(out / "b/g.safetensors")) < 1e-9  # running statistics are among them
    # the losses logged are those of the global batch
    assert logged(out / "a") == pytest.approx(logged(out / "b"), abs=1e-5)


@pytest.mark.parametrize(("machines", "chosen"), [(2, []), (1, BATCH_NORM)], ids=["two machines", "one machine"])
def test_two_processes_end_with_the_weights_of_one(
    squares: Path, tmp_path: Path, machines: int, chosen: list[str]
) -> None:
    result = by_two(squares, tmp_path / "b", *chosen, SHORT, machines=machines)
    assert_two_are_as_one(squares, tmp_path, *chosen, SHORT, result=result)


@pytest.mark.soak
@pytest.mark.parametrize(("machines", "chosen"), [(1, []), (2, []), (1, DROPPING), (1, FULL), (1, BATCH_NORM)])
def test_so_do_two_that_accelerate_starts(squares: Path, tmp_path: Path, machines: int, chosen: list[str]) -> None:
    result = by_several(squares, tmp_path / "b", *chosen, machines=machines)
    assert_two_are_as_one(squares, tmp_path, *chosen, result=result)


@pytest.mark.soak
def test_a_state_of_four_processes_goes_on_with_one_and_back(squares: Path, tmp_path: Path) -> None:
    whole = in_double(squares, tmp_path / "a")
    assert by_several(squares, tmp_path / "b", "train.steps=7", processes=4).returncode == 0
    in_double(squares, tmp_path / "b", "train.steps=13")
    result = by_several(squares, tmp_path / "b", processes=4)
    assert "continues after step 13 of 20" in result.stdout
    assert worst(whole, load_file(tmp_path / "b/g.safetensors")) < 1e-9


@pytest.mark.soak
def test_full_memory_in_one_of_two_processes_saves_and_says_what_to_set(
    squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = in_double(squares, tmp_path / "a")
    monkeypatch.setenv("FAILS", "1")  # not the main one, which has to hear of it
    result = by_several(squares, tmp_path / "b")
    assert result.returncode != 0
    assert "out of memory in G's update of step 10; set machine.micro_batch=4 and run again" in result.stdout
    monkeypatch.delenv("FAILS")
    again = by_several(squares, tmp_path / "b", "machine.micro_batch=4")
    assert "continues after step 9 of 20" in again.stdout
    assert worst(whole, load_file(tmp_path / "b/g.safetensors")) < 1e-9
    assert logged(tmp_path / "a") == pytest.approx(logged(tmp_path / "b"), abs=1e-5)


@pytest.mark.soak
def test_a_batch_that_does_not_divide_stops_before_the_start(squares: Path, tmp_path: Path) -> None:
    result = by_several(squares, tmp_path, "train.batch_size=15")
    assert result.returncode != 0
    assert "train.batch_size: 15 is not divisible by the number of processes, 2" in result.stdout
    assert not (tmp_path / "s/state").exists() or not list(tmp_path.glob("s/state/*/*"))


@pytest.mark.soak
def test_a_second_trainer_of_two_processes_stops_with_one_line(squares: Path, tmp_path: Path) -> None:
    with files.locked(tmp_path / "s" / "train.lock", "busy"):
        result = by_several(squares, tmp_path)
    assert result.returncode != 0
    assert result.stdout.count("another trainer is running in") == 1
    assert "closed by peer" not in result.stdout


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_the_number_of_workers_changes_no_bit(squares: Path, tmp_path: Path, workers: int) -> None:
    def digest(count: int) -> str:
        out = tmp_path / str(count)
        indices = RunPaths(squares, out / "g.safetensors", out / "results", out / "s")
        train(load(settings=[*TINY, f"machine.workers={count}"]), indices)
        return files.sha256_file(out / "g.safetensors")

    assert digest(workers) == digest(3)
