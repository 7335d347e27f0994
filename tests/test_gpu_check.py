"""`make gpu-check`: its logic, on the CPU and on a stand-in for a card."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator
from rich.console import Console

from mapgan.params.reading import preset_names
from mapgan.training.objective import step as steps
from tests.conftest import TINY
from tests.training.device.cuda_stand_in import cuda_stand_in
from tools import gpu_check
from tools.gpu_whole_run import Case, Result

SMALL = tuple(setting for setting in TINY if not setting.startswith(("train.steps", "machine.device")))
SMALL += ("resize.width=32", "resize.height=32")


def test_without_a_gpu_there_is_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu_check.main() == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_every_preset_is_trained_in_every_precision() -> None:
    cases = gpu_check.preset_cases()
    assert {(case.preset, case.precision) for case in cases} == {
        (preset, precision) for preset in preset_names() for precision in ("no", "tf32", "bf16", "fp16")
    }
    assert cases[-1].preset == "maps-2048-24gb"


def test_a_case_on_a_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with cuda_stand_in(monkeypatch) as card:
        result = gpu_check.train_case(Case(None, "no", SMALL), "cuda", tmp_path, 60)
        assert card.asked["_cuda_resetPeakMemoryStats"] == [(0,)]
    assert (result.failed, result.steps, result.measured) == (False, 30, 3.0)
    assert result.note.startswith("ok; memory ")  # the stand-in's peak is always 3 GiB
    assert result.note.endswith("% over the prediction")
    assert 0 < result.predicted < 0.1
    assert result.images_per_second > 0


def test_a_case_without_time_says_how_many_steps_it_did(tmp_path: Path) -> None:
    result = gpu_check.train_case(Case(None, "bf16", SMALL), "cpu", tmp_path, 0)
    assert (result.note, result.failed) == ("ok, cut short after 3 of 30 steps", False)


def test_losses_that_are_not_finite_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {"loss_G": torch.tensor(float("nan"))}
    monkeypatch.setattr(gpu_check, "run_step", lambda step, number, collect_stats=False: broken)
    result = gpu_check.train_case(Case(None, "no", SMALL), "cpu", tmp_path, 0)
    assert (result.failed, result.note) == (True, "failed: losses or weights are not finite")


def test_memory_that_runs_out_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def backward(self: steps.Step, turn: int, indices: range, fraction: float) -> steps.Metrics:
        if len(indices) > 2 and isinstance(self.accelerator, Accelerator):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(self, turn, indices, fraction)

    real = steps.Step._generator_backward
    monkeypatch.setattr(steps.Step, "_generator_backward", backward)
    result = gpu_check.train_case(Case(None, "no", SMALL), "cpu", tmp_path, 0)
    assert (result.failed, result.note) == (True, "failed: memory ran out, and micro-batch 4 became 2")


def test_what_is_raised_is_a_row_of_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    def job() -> Result:
        raise ValueError("Expected a torch.device with a specified index\nmore")

    result = gpu_check.attempt("maps-256", "bf16", job)
    assert result.failed
    assert "maps-256 bf16: failed: ValueError: Expected a torch.device" in capsys.readouterr().err
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(gpu_check.table([result, Result("sample", note="ok: 4 images")], "A card"))
    text = console.export_text()
    assert "specified index" in text
    assert "ok: 4 images" in text


@pytest.mark.soak
def test_float64_is_the_same_on_both(tmp_path: Path) -> None:
    result = gpu_check.compare_in_double("cpu", tmp_path)
    torch.set_default_dtype(torch.float32)
    assert result.note == "ok: weights differ by 0.0e+00 at most"


@pytest.mark.soak
def test_the_whole_check_on_the_cpu(tmp_path: Path) -> None:
    """Also a run that is killed and resumed, its samples and its numbers."""
    results = gpu_check.check([Case(None, "no", SMALL)], "cpu", tmp_path, 60, whole=Case(None, "no", SMALL))
    assert [result.name for result in results if result.failed] == []
    assert [result.name for result in results] == [
        "float64 against the CPU",
        "killed and resumed",
        "sample",
        "evaluate",
        "defaults",
    ]
    assert results[1].note == "ok: the same weights, bit for bit"
