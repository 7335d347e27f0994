"""The best generator by the chosen number is kept beside the last, also of a run that is killed or made longer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from mapgan import files
from mapgan.errors import MapganError
from mapgan.evaluation import evaluator
from mapgan.networks.generator_file import load_network
from mapgan.training.objective.step import Step
from tests.conftest import write_squares
from tests.evaluation.tiny_onnx import write_onnx
from tests.training.checkpoints.test_resume import run

EVERY = ["train.evaluate_every=2", "train.evaluate_images=4", "train.steps=7", "machine.save_minutes=0"]
FILES = ("best.safetensors", "generator.safetensors", "results/scores.tsv")


def scores(out: Path) -> dict[int, float]:
    rows = [line.split("\t") for line in (out / "results/scores.tsv").read_text().splitlines()[1:]]
    return {int(step): float(score) for step, score in rows}


def digests(out: Path) -> list[str]:
    return [files.sha256_file(out / name) for name in FILES]


def scripted(monkeypatch: pytest.MonkeyPatch, *numbers: float) -> None:
    """Let the sliced Wasserstein distance be these, in turn."""
    waiting = list(numbers)
    monkeypatch.setattr(evaluator, "sliced_wasserstein", lambda *_: {"mean": waiting.pop(0)})


def test_the_best_and_the_last_are_kept(squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, 5.0, 3.0, 4.0, 9.0)
    run(squares, tmp_path / "whole", *EVERY)
    assert scores(tmp_path / "whole") == {2: 5.0, 4: 3.0, 6: 4.0, 7: 9.0}
    assert load_network(tmp_path / "whole/best.safetensors")[1].steps == 4
    assert load_network(tmp_path / "whole/generator.safetensors")[1].steps == 7
    # what was best at step 4 is what a run of 4 steps ends with
    run(squares, tmp_path / "short", "train.steps=4")
    best, four = (load_file(tmp_path / name) for name in ("whole/best.safetensors", "short/generator.safetensors"))
    assert all(torch.equal(best[name], four[name]) for name in four)


def test_a_run_without_looks_has_its_last_as_best(squares: Path, tmp_path: Path) -> None:
    last = run(squares, tmp_path)
    assert files.sha256_file(tmp_path / "best.safetensors") == last
    assert not (tmp_path / "results/scores.tsv").exists()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The digests of what a run of `squares` leaves that nothing has cut short."""
    folder = tmp_path_factory.mktemp("whole")
    run(write_squares(folder / "maps", 32, 32), folder, *EVERY)
    return digests(folder)


@pytest.mark.parametrize("stop", [1, 4, 5, 6])
def test_a_run_made_longer_ends_as_one_that_was_long_at_once(
    squares: Path, tmp_path: Path, whole: list[str], stop: int
) -> None:
    run(squares, tmp_path / "cut", *EVERY, f"train.steps={stop}")
    run(squares, tmp_path / "cut", *EVERY)
    assert digests(tmp_path / "cut") == whole


@pytest.mark.parametrize("fail", [3, 5, 6])
def test_a_killed_run_ends_as_one_that_was_not(
    squares: Path, tmp_path: Path, whole: list[str], fail: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        real = Step.__call__

        def killed(self: Step, number: int, *rest: Any) -> Any:
            if number == fail:
                raise KeyboardInterrupt
            return real(self, number, *rest)

        patch.setattr(Step, "__call__", killed)
        with pytest.raises(KeyboardInterrupt):
            run(squares, tmp_path / "cut", *EVERY)
    run(squares, tmp_path / "cut", *EVERY)
    assert digests(tmp_path / "cut") == whole


def test_looking_changes_nothing_of_the_training(squares: Path, tmp_path: Path) -> None:
    assert run(squares, tmp_path / "a", *EVERY) == run(squares, tmp_path / "b", "train.steps=7")


def test_kid_by_an_extractor_can_be_the_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("torch_fidelity")
    maps = write_squares(tmp_path / "maps", 32, 32, holdout=12)
    onnx = write_onnx(tmp_path / "means.onnx", ["N", 3, 32, 32], 8)
    settings = ["train.evaluate_by=kid", "train.evaluate_images=8", f"train.evaluate_extractor={str(onnx)!r}"]
    run(maps, tmp_path / "a", *EVERY, *settings)
    assert "train: KID by means.onnx" in capsys.readouterr().err
    assert list(scores(tmp_path / "a")) == [2, 4, 6, 7]


WRONG = [
    ("train.evaluate_by=kid", "4 images are held out or asked for, fewer than 8"),
    ("train.evaluate_extractor=none.onnx", "none.onnx: no such file"),
]


@pytest.mark.parametrize(("setting", "line"), WRONG)
def test_what_cannot_be_measured_is_said_before_any_step(tmp_path: Path, setting: str, line: str) -> None:
    maps = write_squares(tmp_path / "maps", 32, 32, holdout=4 if "by" in setting else 12)
    images = [] if "by" in setting else ["train.evaluate_by=kid", "train.evaluate_images=8"]
    with pytest.raises(MapganError, match=line):
        run(maps, tmp_path / "a", *EVERY, *images, setting)
