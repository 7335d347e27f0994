"""`mapgan compare`: what the table and the page say of runs, and what they must never do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mapgan import files
from mapgan.commands.compare import compare_runs
from mapgan.errors import MapganError
from mapgan.evaluation.runs import differing, find_runs
from mapgan.params import load
from mapgan.params.writing import to_yaml

KID = "KID by <b>.onnx"


def made_run(folder: Path, *settings: str, **facts: Any) -> Path:
    """What train, evaluate and sample leave of a run, without having run them."""
    files.write_text(folder / "params.yaml", to_yaml(load(settings=settings)))
    metrics = {"data": "d", "images": 40, "steps": 7, "SWD": {"samples": 90.0, "real": 20.0},
               KID: {"samples": 0.2, "low": 0.1, "high": 0.3, "real": 0.01}} | facts  # fmt: skip
    files.write_json(folder / "results/evaluate/metrics.json", metrics)
    files.write_text(folder / "results/train/speed.tsv", "step\timages_per_second\n2\t10\n4\t81\n")
    (folder / "results/samples").mkdir(parents=True)
    Image.fromarray(np.full((40, 60, 3), 99, np.uint8)).save(folder / "results/samples/sheet-000.png")
    return folder


def test_the_table_has_both_runs_and_marks_the_better(tmp_path: Path) -> None:
    runs = [made_run(tmp_path / "one"), made_run(tmp_path / "two", SWD={"samples": 70.0, "real": 20.0})]
    said = compare_runs(runs, tmp_path / "compare.html").splitlines()
    assert re.fullmatch(r"SWD +90\.0 +70\.0 \* +20\.0", said[1])
    assert re.fullmatch(re.escape(KID) + r" +0\.200 \(0\.100 to 0\.300\) +0\.200 \(0\.100 to 0\.300\) +0\.010", said[2])
    assert re.search(r"^images per second +81 +81$", "\n".join(said), re.MULTILINE)


def test_the_page_is_escaped_and_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    runs = [made_run(tmp_path / "a"), made_run(tmp_path / "<script>alert(1)</script>" / "<i>b", "train.loss=hinge")]
    compare_runs(runs, tmp_path / "compare.html")
    page = (tmp_path / "compare.html").read_text()
    assert page.count("data:image/webp;base64,") == 2
    assert "<i>" not in page
    assert "<b>" not in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "default-src 'none'" in page
    assert "<th>train.loss</th><td>relativistic</td><td>hinge</td>" in page
    compare_runs(runs, tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text() == page


def test_settings_of_machines_and_of_other_networks_are_left_out(tmp_path: Path) -> None:
    runs = [made_run(tmp_path / "a"), made_run(tmp_path / "b", "machine.threads=3", "train.networks.dcgan.latent=9",
                                               "train.networks.dcgan-modern.latent=9")]  # fmt: skip
    assert list(differing(find_runs(runs))) == ["train.networks.dcgan-modern.latent"]


WARNED = [
    ({"data": "other"}, "different training sets"),
    ({"images": 41}, "different numbers of images"),
    ({"FID by x.onnx": {"samples": 1.0, "real": 0.5}}, "FID is biased upwards with few images (here 40)"),
]


@pytest.mark.parametrize(("facts", "line"), WARNED)
def test_what_cannot_be_compared_is_said(tmp_path: Path, facts: dict[str, Any], line: str) -> None:
    said = compare_runs([made_run(tmp_path / "a"), made_run(tmp_path / "b", **facts)], tmp_path / "compare.html")
    assert line in said
    assert line in (tmp_path / "compare.html").read_text()


def test_a_run_that_was_not_evaluated_is_shown_all_the_same(tmp_path: Path) -> None:
    run = made_run(tmp_path / "b")
    (run / "results/evaluate/metrics.json").unlink()
    assert "b has not been evaluated" in compare_runs([made_run(tmp_path / "a"), run], tmp_path / "compare.html")


def test_a_folder_that_is_no_run_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(MapganError, match="not a run"):
        compare_runs([tmp_path], tmp_path / "compare.html")
