"""The benchmark of a training step."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import measuring
import tables
from cases import Case, cases, prediction_cases
from device_limits import Limits, Traffic, slug
from measuring import measure

CPU = torch.device("cpu")
LIMITS = Limits({"no": 1e11, "bf16": 1e11}, 1e10)


def row_of(case: Case, folder: Path) -> measuring.Row:
    return measure(case, "maps-64-cpu", CPU, LIMITS, folder, seconds=0.0)


def test_a_row_has_speed_memory_and_fraction_of_the_limit(tmp_path: Path) -> None:
    row = row_of(Case("grid", 32, 4, "no"), tmp_path)
    assert "note" not in row
    assert row["images_per_second"] == pytest.approx(4 / row["seconds"])
    assert row["predicted"] == pytest.approx(row["peak"], rel=0.1)
    assert 0 < row["fraction_of_limit"] < 3
    checkpointed = row_of(Case("grid", 32, 4, "no", "all"), tmp_path)
    assert checkpointed["flops"] > row["flops"]
    assert checkpointed["peak"] < row["peak"]


def test_the_configuration_of_the_plan_is_measured(tmp_path: Path) -> None:
    row = row_of(Case("plan", 32, 4, "no", "auto", memory=2.0), tmp_path)
    assert (row["micro_batch"], row["checkpointing"]) == (4, "none")
    assert "note" not in row


def test_a_case_that_does_not_fit_is_a_row_with_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "does not fit" in row_of(Case("plan", 32, 1, "no", "auto", memory=0.01), tmp_path)["note"]

    def run_out_of_memory(*_: object) -> None:
        raise torch.OutOfMemoryError("full")

    monkeypatch.setattr(measuring, "cycles", run_out_of_memory)
    row = row_of(Case("grid", 32, 4, "no"), tmp_path)
    assert row["note"] == "out of memory"
    assert "out of memory" in tables.table([row], tables.STEP)


@pytest.mark.soak
def test_real_batches_are_compared_with_a_fixed_batch(tmp_path: Path) -> None:
    row = row_of(Case("data", 16, 2, "no"), tmp_path)
    assert row["rounds"] >= 3
    assert row["disk_overhead"] > -1  # how much it is, nobody knows on a busy machine
    assert row["fixed_seconds"] > 0


def test_traffic_counts_flops_and_bytes_but_not_views() -> None:
    left, right = torch.ones(8, 4), torch.ones(4, 2)
    with Traffic() as traffic:
        product = left @ right
        product.t()[1:]
        torch.empty(1000)
    assert (traffic.flops, traffic.bytes) == (2 * 8 * 4 * 2, 4 * (32 + 8 + 16))
    with Traffic() as traffic:
        product.add_(1)
    assert traffic.bytes == 4 * (16 + 16)


def test_results_are_written_as_tables_and_json(tmp_path: Path) -> None:
    row = row_of(Case("prediction", 32, 2, "no", settings=("train.loss=hinge", "train.penalty=0")), tmp_path)
    assert row["loss"] == "hinge, no penalty"
    about = {"title": "Memory", "device": "A CPU, 2 threads", "kind": "cpu", "torch": "2", "accelerate": "1"}
    about |= {"preset": "maps-64-cpu", "flops": LIMITS.flops, "bytes": LIMITS.bytes, "command": "this", "skipped": 0}
    path = tmp_path / slug("A CPU, 2 threads")
    for kind, title in (("prediction", "Predicted and measured peak"), ("grid", "Size x precision")):
        tables.write(path, about | {"others": 0.25}, {kind: [row]})
        text = (tmp_path / "a-cpu-2-threads.md").read_text()
        assert f"## {title}" in text
        assert ("used 25% of the CPU time" in text) == (kind == "grid")
    assert json.loads((tmp_path / "a-cpu-2-threads.json").read_text())["rows"]["grid"] == [row]


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("quick", [True, False])
def test_all_cases_are_valid_settings(device: str, quick: bool) -> None:
    todo = cases(device, quick, memory=24.0)
    assert {case.kind for case in todo if not quick} in ({"plan", "grid", "data"}, set())
    assert len(prediction_cases(device, quick)) >= 12
    for case in [*todo, *prediction_cases(device, quick)]:
        assert case.params("maps-768-24gb", "auto").train.batch_size == case.batch
