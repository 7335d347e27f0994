"""`mapgan prune` and `mapgan resize` on a folder of images."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from mapgan.cli import app
from mapgan.curate.prune_record import read_list
from mapgan.dataset import open_dataset
from tests.curate.conftest import map_image


def mapgan(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five maps, one of them twice."""
    folder = tmp_path / "heap"
    (folder / "caves").mkdir(parents=True)
    for seed in range(5):
        map_image(seed, (200, 150)).save(folder / f"caves/map{seed}.png")
    map_image(0, (100, 75)).save(folder / "small copy.png")
    return folder


def contents(folder: Path) -> dict[Path, tuple[int, bytes]]:
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def test_prune_sorts_out_a_folder_and_changes_nothing_in_it(folder: Path, tmp_path: Path) -> None:
    before = contents(folder)
    result = mapgan("prune", folder, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "5 images kept, rejected: 1 near duplicate" in result.output
    assert contents(folder) == before
    written = {path.name for path in (tmp_path / "out/pruned").iterdir()}
    assert written == {"kept.csv", "rejected.csv", "measures.csv", "report.html"}


def test_prune_takes_lists(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("caves/map3.png\n")
    (tmp_path / "wanted.txt").write_text("small copy.png\n")
    out = tmp_path / "out"
    result = mapgan("prune", folder, "--out", out, "--drop", tmp_path / "mine.txt", "--keep", tmp_path / "wanted.txt")
    assert result.exit_code == 0, result.output
    rejected = {row.url: row.kind for row in read_list(out / "pruned/rejected.csv")}
    assert rejected == {"folder:caves/map3.png": "dropped", "folder:caves/map0.png": "near duplicate"}


def test_resize_makes_a_training_set(folder: Path, tmp_path: Path) -> None:
    before = contents(folder)
    result = mapgan("resize", folder, "--size", "64x48", "--mode", "crop", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    dataset = open_dataset(tmp_path / "out/maps")
    assert (dataset.width, dataset.height, len(dataset.train) + len(dataset.holdout)) == (64, 48, 5)
    assert contents(folder) == before
    again = mapgan("resize", folder, "--size", "32x32", "--mode", "crop", "--out", tmp_path / "out")
    assert again.exit_code == 0, again.output
    assert open_dataset(tmp_path / "out/maps").width == 32


WRONG = {
    "no folder": (["prune", "nowhere"], "nowhere: no such folder"),
    "out inside": (["prune", "{folder}", "--out", "{folder}/out"], "is inside the folder of images"),
    "size": (["resize", "{folder}", "--size", "64"], "--size 64: not a size"),
    "size out of range": (["resize", "{folder}", "--size", "8x8", "--out", "{folder}2"], "resize.width"),
    "mode": (["resize", "{folder}", "--mode", "squash", "--out", "{folder}2"], "resize.mode"),
    "list": (["prune", "{folder}", "--keep", "none.txt", "--out", "{folder}2"], "prune.keep: no file none.txt"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_is_said_in_a_line(kind: str, folder: Path) -> None:
    arguments, message = WRONG[kind]
    result = mapgan(*(argument.format(folder=folder) for argument in arguments))
    assert result.exit_code == 2
    assert message in result.output.splitlines()[-1]


def test_a_run_is_not_overwritten(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/generator.safetensors").touch()
    result = mapgan("prune", folder, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "holds a run" in result.output
