"""`mapgan plan` and `mapgan summary`: tables, and one line where something is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from mapgan.cli import app
from mapgan.params import Params, load
from mapgan.params.writing import to_yaml
from tests.conftest import TINY

OPTIONS = [option for setting in [*TINY, "resize.width=32", "resize.height=32"] for option in ("--set", setting)]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def mapgan(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def chosen(output: str) -> list[str]:
    """Checkpointing and micro-batch of the row that is marked."""
    (row,) = [line for line in output.splitlines() if line.endswith("<- choice")]
    return row.split()[:2]


def test_fit_says_what_each_way_needs() -> None:
    result = mapgan("plan", *OPTIONS, "--size", "64x48", "--memory", "24", "--set", "machine.device=auto")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].startswith("64 x 48 pixels, batch of 4 in one process, dcgan-modern, precision no, relativistic")
    assert lines[1] == ("a card with 24.00 GiB, of which the allocator gets 22.50 GiB and tensors may take 20.25 GiB")
    assert lines[2].split() == ["checkpointing", "micro-batch", "predicted", "GiB", "arithmetic"]
    rows = [line.split() for line in lines[3:12]]
    assert [row[:2] for row in rows] == [[mode, size] for mode in ("none", "high", "all") for size in "421"]
    assert [float(row[3]) for row in rows[:3]] == [1.0, 1.0, 1.0]
    assert chosen(result.stdout) == ["none", "4"]
    assert lines[12].startswith("predicted in ")
    assert len(lines) == 13


def test_fit_supposes_labels_where_there_will_be_some() -> None:
    result = mapgan("plan", *OPTIONS, "--set", "dataset.condition=folder", "--set", "train.batch_size=1")
    assert result.stdout.splitlines()[0].endswith(", 10 labels assumed")
    assert "embedding" in mapgan("summary", *OPTIONS, "--set", "dataset.condition=folder").stdout


def test_fit_finds_anew_what_the_settings_hold_and_says_so() -> None:
    result = mapgan("plan", *OPTIONS, "--set", "machine.micro_batch=2", "--set", "train.batch_size=2")
    assert chosen(result.stdout) == ["none", "2"]
    assert "the settings restrict training to machine.micro_batch 2, machine.checkpointing auto" in result.stdout


def test_fit_writes_its_choice_and_keeps_the_comments(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text("# mine\n" + to_yaml(Params()) + "# the end\n")
    result = mapgan("plan", *OPTIONS, "--memory", "2.5", "--set", "machine.device=cuda", "--write")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[-1] == (
        "params.yaml now holds machine.micro_batch 4, machine.checkpointing none, machine.memory_gib 2.5"
    )
    written = load(file).machine
    assert (written.micro_batch, written.checkpointing, written.memory_gib) == (4, "none", 2.5)
    text = file.read_text()
    assert text.startswith("# mine\n")
    assert text.endswith("# the end\n")
    assert load(file).train == load().train  # what was only asked about is not written


def test_fit_takes_the_settings_that_lie_here(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("train:\n  batch_size: 1\nresize:\n  width: 48\n  height: 32\n")
    result = mapgan("plan", "--set", "train.networks.dcgan-modern.max_channels=8")
    assert result.stdout.startswith("48 x 32 pixels, batch of 1 ")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--memory", "1.5001", "--set", "machine.device=cuda"], "a training step does not fit: it needs 0.00 GiB"),
        (["--size", "large"], "--size large: not a size; allowed: width x height in pixels, such as 3000x1800"),
        (["--size", "8x32"], "resize.width: 8 is not allowed; allowed: an integer from 16 to 2048"),
        (["--memory", "-1"], "machine.memory_gib: -1.0 is not allowed; allowed: a number from 0 to 4096"),
        (["--write"], "params.yaml: no such file; name the file to write to with --params"),
        (["--preset", "nothing"], "no such preset"),
    ],
)
def test_what_is_wrong_is_one_line(arguments: list[str], line: str) -> None:
    result = mapgan("plan", *OPTIONS, "--set", "train.batch_size=1", *arguments)
    assert result.exit_code == 2
    assert line in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""


def test_summary_shows_both_networks() -> None:
    result = mapgan("summary", *OPTIONS)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("dcgan-modern, 32 x 32 pixels, precision no, one image\n")
    assert result.stdout.count("\ntotal ") == 2


@pytest.mark.soak
def test_the_largest_maps_have_an_answer() -> None:
    result = mapgan("plan", "--preset", "maps-768-24gb", "--size", "2048x2048", "--memory", "24")
    assert result.exit_code == 0, result.stderr
    assert chosen(result.stdout)
