"""A run that goes on although its data or settings changed (`train.continue_from`)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from mapgan import files, stages
from mapgan.errors import MapganError
from mapgan.params import load
from mapgan.training.checkpoints.checkpoint import Checkpoint, read_checkpoint
from tests.conftest import TINY, write_squares

OFTEN = ["machine.save_every=1", "machine.keep_checkpoints=99"]


def run(maps: Path, out: Path, *settings: str) -> str:
    """Train through the stage that `dvc repro` calls; the digest of the generator."""
    generator = out / "generator.safetensors"
    stages.train(load(settings=[*TINY, *settings]), maps, generator, out / "results", out / ".mapgan")
    return files.sha256_file(generator)


def continued_from(path: Path) -> str:
    return f"train.continue_from={str(path)!r}"


def newest(out: Path) -> Checkpoint:
    return read_checkpoint(
        max(out.glob(".mapgan/state/*/step-*.safetensors"), key=lambda path: path.stat().st_mtime_ns)
    )


def saved(out: Path, step: int) -> Checkpoint:
    return read_checkpoint(next(out.glob(f".mapgan/state/*/step-{step:08d}.safetensors")))


def test_everything_goes_along_and_the_history_says_what_changed(
    squares: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adaptive = ["train.augment=[color]", "train.augment_target=0.6", "train.augment_images=100"]
    run(squares, tmp_path / "a", *adaptive)
    run(
        squares,
        tmp_path / "b",
        *OFTEN,
        *adaptive,
        "train.batch_size=2",
        "train.steps=9",
        continued_from(tmp_path / "a"),
    )
    before, first, last = newest(tmp_path / "a"), saved(tmp_path / "b", 6), saved(tmp_path / "b", 9)
    assert before.tensors.keys() == first.tensors.keys()
    assert all(torch.equal(value, first.tensors[name]) for name, value in before.tensors.items())
    assert float(first.tensors["optimizer_g/state/0/exp_avg"].abs().max()) > 0
    assert float(first.tensors["augment_probability/p"]) > 0
    assert float(last.tensors["optimizer_d/state/0/step"]) == 9
    assert last.history == [{"step": 6, "changed": {"train.batch_size": [4, 2]}}]
    assert json.loads((tmp_path / "b/results/history.json").read_text()) == last.history
    assert [row["step"] for row in last.rows if "loss_G" in row] == [2, 4, 6, 8, 9]
    line = next(line for line in capsys.readouterr().err.splitlines() if "continues after" in line)
    assert "continues after step 6 of 9, from " in line
    assert line.endswith("changed since: train.batch_size 4 -> 2")


CHANGED = [
    ["train.generator_lr=0.0005"],
    ["train.loss=hinge", "train.penalty_kind=autograd"],
    ["train.augment=[translation]", "train.discriminator_steps=2"],
    ["train.ema=0.9", "train.precision=bf16"],
]


@pytest.mark.parametrize("settings", CHANGED, ids=str)
def test_killed_and_started_again_it_ends_the_same(squares: Path, tmp_path: Path, settings: list[str]) -> None:
    run(squares, tmp_path / "a")
    wanted = [*settings, "train.steps=12", continued_from(tmp_path / "a")]
    whole = run(squares, tmp_path / "b", *wanted)
    for steps in (8, 9):
        run(squares, tmp_path / "c", *wanted, f"train.steps={steps}")
    assert run(squares, tmp_path / "c", *wanted) == whole
    assert len([path for path in tmp_path.glob("c/.mapgan/state/*") if path.is_dir()]) == 1


def test_other_images_are_learned(tmp_path: Path, squares: Path) -> None:
    run(squares, tmp_path / "a")
    more = write_squares(tmp_path / "more", 32, 32, train=13)
    same = run(squares, tmp_path / "b", "train.steps=9", continued_from(tmp_path / "a"))
    assert run(more, tmp_path / "c", "train.steps=9", continued_from(tmp_path / "a")) != same
    assert list(newest(tmp_path / "c").history[0]["changed"]) == ["data"]


def test_the_run_before_in_the_same_place_is_continued_and_then_its_own_states(
    squares: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`train.continue_from: .mapgan`, as with DVC, names the own states too, once there are any."""
    run(squares, tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    wanted = ["train.batch_size=2", "train.steps=12"]
    whole = run(squares, tmp_path / "a", *wanted, continued_from(tmp_path / "a/.mapgan"))
    run(squares, tmp_path / "b", *wanted, continued_from(tmp_path / "b/.mapgan"), "train.steps=8")
    capsys.readouterr()
    assert run(squares, tmp_path / "b", *wanted, continued_from(tmp_path / "b/.mapgan")) == whole
    assert "continues after step 8 of 12\n" in capsys.readouterr().err
    third = [*wanted, "train.batch_size=3", "train.steps=13", continued_from(tmp_path / "b/.mapgan")]
    run(squares, tmp_path / "b", *third)
    assert [entry["step"] for entry in newest(tmp_path / "b").history] == [6, 12]


def test_snapshots_and_scores_of_before_are_kept(squares: Path, tmp_path: Path) -> None:
    log_score = ["train.evaluate_every=3", "train.evaluate_images=4"]
    run(squares, tmp_path / "a", *log_score)
    run(squares, tmp_path / "b", *log_score, "train.batch_size=2", "train.steps=9", continued_from(tmp_path / "a"))
    shown = sorted(path.name for path in (tmp_path / "b/results/snapshots").iterdir())
    assert shown == [f"step-{step:08d}.png" for step in (3, 6, 9)]
    assert (tmp_path / "b/results/scores.tsv").read_text().count("\n") == 4
    more = write_squares(tmp_path / "more", 32, 32, train=13)
    run(more, tmp_path / "c", *log_score, "train.steps=9", continued_from(tmp_path / "a"))
    best = files.sha256_file(tmp_path / "c/best.safetensors")  # other images: scores of before cannot be compared
    assert best == files.sha256_file(tmp_path / "c/generator.safetensors")


UNFIT = [
    (
        ["train.networks.dcgan-modern.generator_channels=8"],
        r"other networks, or another size: ema/.* there, .* here\)",
    ),
    (["train.networks.dcgan-modern.discriminator_channels=8"], r"other networks, or another size: discriminator/"),
    (["train.network=mlp"], "and [0-9]+ more tensors; train from scratch"),
    (["train.steps=6"], "has 6 steps already, and train.steps is 6; raise train.steps"),
]


@pytest.mark.parametrize(("settings", "line"), UNFIT, ids=str)
def test_what_cannot_go_along_is_one_line(squares: Path, tmp_path: Path, settings: list[str], line: str) -> None:
    run(squares, tmp_path / "a")
    with pytest.raises(MapganError, match=line):
        run(squares, tmp_path / "b", "train.steps=9", *settings, continued_from(tmp_path / "a"))
    assert not list(tmp_path.glob("b/.mapgan/state/*/step-*"))


def test_another_size_and_other_labels_do_not_go_along(squares: Path, shades: Path, tmp_path: Path) -> None:
    run(squares, tmp_path / "a")
    wide = write_squares(tmp_path / "wide", 48, 32)
    for maps, reason in [(wide, "other networks, or another size"), (shades, "was trained with no labels, and")]:
        with pytest.raises(MapganError, match=reason):
            run(maps, tmp_path / "b", "train.steps=9", continued_from(tmp_path / "a"))
