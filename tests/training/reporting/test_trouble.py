"""Trouble has names: each is found in the numbers, and provoked in a real run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator

from mapgan import files
from mapgan.dataset import Entry, write_dataset
from mapgan.errors import MapganError
from mapgan.params import load
from mapgan.params.training import Watch
from mapgan.sampling.diversity import mean_pairwise_difference
from mapgan.training.reporting.trouble import find_trouble
from mapgan.training.run import train
from mapgan.training.run_paths import RunPaths
from tests.conftest import TINY

FINE = {"accuracy": 0.8, "saturated_real": 0.3, "saturated_fake": 0.4, "loss_G": 1.0}

TABLE = [
    ([FINE] * 12, None),
    ([], None),
    ([FINE] * 3 + [FINE | {"loss_G": float("nan")}], "diverged"),
    ([FINE] * 3 + [FINE | {"penalty": float("inf")}], "diverged"),
    ([FINE] * 3 + [FINE | {"grad_norm_D": float("inf")}], None),  # fp16's scaler leaves such a step out
    ([FINE | {"grad_norm_D": 3.0}] * 11 + [FINE | {"grad_norm_D": 301.0}], "unstable"),
    ([FINE | {"grad_norm_D": 3.0}] * 11 + [FINE | {"grad_norm_D": 299.0}], None),
    ([FINE | {"grad_norm_D": 3.0}] * 9 + [FINE | {"grad_norm_D": 301.0}], None),  # a median of too few rows
    ([FINE | {"grad_norm_D": 3.0}] * 11 + [FINE | {"grad_norm_D": float("inf")}], None),
    ([FINE | {"accuracy": 1.0}] * 10, "discriminator won"),
    ([FINE | {"accuracy": 1.0}] * 9, None),  # not for long enough
    ([FINE | {"accuracy": 1.0}] * 9 + [FINE], None),
    ([FINE | {"saturated_fake": 0.9}] * 10, "generator saturated"),
    ([FINE | {"saturated_fake": 0.9, "saturated_real": 0.8}] * 10, None),  # white paper is no trouble
    ([FINE] * 10 + [{"step": 10.0, "diversity": 0.01}], "collapsed"),
    ([FINE] * 10 + [{"step": 10.0, "diversity": 0.9}], None),
    ([FINE | {"accuracy": 1.0}] * 10 + [{"step": 10.0, "diversity": 0.9}], None),  # told when it was logged
]


@pytest.mark.parametrize(("rows", "name"), TABLE)
def test_trouble_is_found_in_the_numbers(rows: list[dict[str, float]], name: str | None) -> None:
    found = find_trouble(Watch(), rows)
    assert (found.name if found else None) == name


def test_spread_is_the_mean_difference() -> None:
    black, white = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)
    assert mean_pairwise_difference([black, white]) == 1.0
    assert mean_pairwise_difference([black, black, white, white]) == pytest.approx(4 / 6)
    assert mean_pairwise_difference([black, black]) == 0.0
    assert mean_pairwise_difference([black]) == 0.0


def run(maps: Path, out: Path, *settings: str) -> str:
    train(load(settings=[*TINY, *settings]), RunPaths(maps, out / "g.safetensors", out / "results", out / "scratch"))
    return files.sha256_file(out / "g.safetensors")


@pytest.fixture
def varied(tmp_path: Path) -> Path:
    """Black images and white ones: a generator that draws grey ones is far from as varied."""
    images = [np.full((32, 32, 3), 255 * (number % 2), np.uint8) for number in range(16)]
    entries = [Entry(str(number), str(number)) for number in range(16)]
    write_dataset(tmp_path / "varied", (32, 32), entries[:12], entries[12:], images)
    return tmp_path / "varied"


FROZEN = ["train.generator_lr=1e-12", "train.log_every=1", "train.steps=60", "train.penalty=0.0"]
PROVOKED = {
    # D alone learns, and nothing holds it back; what the frozen G draws is not asked
    "discriminator won": [
        *FROZEN,
        "train.discriminator_lr=0.01",
        "train.watch.discriminator_won=0.99",
        "train.watch.collapsed=0",
    ],
    # G starts as good as grey and does not learn
    "collapsed": ["train.generator_lr=1e-12", "train.snapshot_every=2", "train.watch.collapsed=0.2"],
    # steps so large that tanh is at its ends after a few of them
    "generator saturated": ["train.generator_lr=1.0", "train.log_every=1", "train.steps=40", "train.watch.window=3"],
}


@pytest.mark.parametrize("name", PROVOKED)
def test_trouble_is_provoked_and_stops_the_run(varied: Path, squares: Path, tmp_path: Path, name: str) -> None:
    maps = squares if name == "generator saturated" else varied  # black and white is saturated itself
    with pytest.raises(MapganError, match=f"^train: {name} at step \\d+: .*(train\\.[a-z_]+)"):
        run(maps, tmp_path, *PROVOKED[name], "train.watch.policy=stop")
    assert not (tmp_path / "g.safetensors").exists()


def test_a_warning_is_said_once_and_changes_nothing(
    varied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quiet = run(varied, tmp_path / "a", *PROVOKED["collapsed"], "train.watch.collapsed=0.0")
    capsys.readouterr()
    assert run(varied, tmp_path / "b", *PROVOKED["collapsed"]) == quiet
    assert capsys.readouterr().err.count("train: collapsed at step") == 1
    assert [entry["trouble"] for entry in logged(tmp_path / "b")] == ["collapsed"]
    assert not (tmp_path / "a/results/troubles.json").exists()


def test_a_run_that_was_never_diverse_is_not_rolled_back(
    varied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(varied, tmp_path, *PROVOKED["collapsed"], "train.watch.policy=roll-back")
    said = capsys.readouterr().err
    assert said.count("train: collapsed at step") == 1
    assert "back to step" not in said


def logged(folder: Path) -> list[dict[str, object]]:
    """The troubles that a run leaves for the report."""
    return json.loads((folder / "results/troubles.json").read_text())  # type: ignore[no-any-return]


DIVERGES = ["train.log_every=1", "train.snapshot_every=4", "train.steps=12", "train.watch.policy=roll-back"]


def poison(monkeypatch: pytest.MonkeyPatch, at_step: int, above_rate: float) -> None:
    """Have D's gradients be no numbers at one step, as long as the learning rate is above `above_rate`."""
    from mapgan.training.objective.step import Step

    real = Step._accumulate_gradients

    def poisoned(self: Step, name: str, *rest: object) -> object:
        metrics = real(self, name, *rest)  # type: ignore[arg-type]
        if not isinstance(self.accelerator, Accelerator):
            return metrics  # the plan tries the step out before
        rate = self.discriminator_optimizer.optimizer.param_groups[0]["lr"]
        if name == "D" and rest[-1] == at_step and rate > above_rate:
            for weight in self.discriminator.parameters():
                weight.grad = torch.full_like(weight, torch.nan)
        return metrics

    monkeypatch.setattr(Step, "_accumulate_gradients", poisoned)


def test_a_run_that_diverges_goes_back_and_on_with_a_lower_rate(
    squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    poison(monkeypatch, at_step=6, above_rate=0.0006)
    once = run(squares, tmp_path / "a", *DIVERGES)
    said = capsys.readouterr().err
    assert "diverged at step 7" in said
    assert "back to step 4, learning rates times 0.5" in said
    rows = [line.split("\t") for line in (tmp_path / "a/results/metrics.tsv").read_text().splitlines()]
    rate = rows[0].index("lr_D")
    assert [float(row[rate]) for row in rows[1:]] == [0.001] * 4 + [0.0005] * 8
    assert logged(tmp_path / "a") == [{"step": 7, "trouble": "diverged", "back_to": 4}]
    # the clock that saves states has no say in where the run goes back to
    assert run(squares, tmp_path / "b", *DIVERGES, "machine.save_minutes=0") == once


def test_a_run_rolled_back_and_then_killed_ends_the_same(
    squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(monkeypatch, at_step=6, above_rate=0.0006)
    once = run(squares, tmp_path / "a", *DIVERGES)
    for steps in (5, 9):
        run(squares, tmp_path / "b", *DIVERGES, f"train.steps={steps}")
    assert run(squares, tmp_path / "b", *DIVERGES) == once
    assert logged(tmp_path / "b") == logged(tmp_path / "a")


def test_rows_of_before_a_roll_back_do_not_count(
    varied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ["train.snapshot_every=4", "train.watch.policy=roll-back", "train.watch.roll_backs=2"]
    with pytest.raises(MapganError, match="discriminator won at step"):
        run(varied, tmp_path, *PROVOKED["discriminator won"], *settings)
    said = [line for line in capsys.readouterr().err.splitlines() if "back to step" in line]
    steps = [[int(word.strip(":;,")) for word in line.split() if word.strip(":;,").isdigit()] for line in said]
    assert len(steps) == 2
    assert all(found - good >= 10 for found, good in zip([steps[1][0]], [steps[0][1]], strict=True))  # a whole window


def test_after_so_many_roll_backs_the_run_stops(
    squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    poison(monkeypatch, at_step=6, above_rate=0.0)
    with pytest.raises(MapganError, match="diverged at step 7"):
        run(squares, tmp_path, *DIVERGES, "train.watch.roll_backs=2")
    assert capsys.readouterr().err.count("back to step 4") == 2
    assert [entry.get("back_to") for entry in logged(tmp_path)] == [4, 4, None]
    assert json.loads((tmp_path / "results/metrics.json").read_text())["step"] == 7
