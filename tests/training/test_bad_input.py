"""What can be wrong with a training set or a disk is one line or a recovery, and nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mapgan import files
from mapgan.dataset import open_dataset
from mapgan.errors import MapganError
from mapgan.params import load
from mapgan.training import run as running
from mapgan.training.checkpoints import checkpoint as checkpoints
from mapgan.training.device.stopping import StopRequest
from mapgan.training.run import train
from mapgan.training.run_data import Run
from mapgan.training.run_paths import RunPaths
from tests.conftest import TINY, write_squares


def run(maps: Path, out: Path, *settings: str) -> str:
    train(load(settings=[*TINY, *settings]), RunPaths(maps, out / "g.safetensors", out / "results", out / "scratch"))
    return files.sha256_file(out / "g.safetensors")


def empty(maps: Path) -> None:
    for path in maps.iterdir():
        path.unlink()


def cut(maps: Path) -> None:
    pack = maps / "pack.npy"
    pack.write_bytes(pack.read_bytes()[:-100])


def one_pixel_changed(maps: Path) -> None:
    content = bytearray((maps / "pack.npy").read_bytes())
    content[-5_000] ^= 1
    (maps / "pack.npy").write_bytes(bytes(content))


def objects_in_the_pack(maps: Path) -> None:
    np.save(maps / "pack.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)


def says_too_much(maps: Path) -> None:
    said = json.loads((maps / "dataset.json").read_text())
    (maps / "dataset.json").write_text(json.dumps(said | {"train": 10**6}))


def of_another_tool(maps: Path) -> None:
    (maps / "dataset.json").write_text('{"labels": [["img0.png", 3]]}')


DAMAGED = {
    empty: "no training set",
    cut: "damaged",
    one_pixel_changed: "its pixels are not those",
    objects_in_the_pack: "damaged",
    says_too_much: "where dataset.json says",
    of_another_tool: "format None",
}


@pytest.mark.parametrize("damage", DAMAGED, ids=lambda damage: damage.__name__)
def test_a_damaged_training_set_is_one_line(squares: Path, tmp_path: Path, damage: object) -> None:
    damage(squares)  # type: ignore[operator]
    with pytest.raises(MapganError, match=DAMAGED[damage]) as told:  # type: ignore[index]
        run(squares, tmp_path)
    assert "\n" not in str(told.value)


def test_one_image_is_too_few(tmp_path: Path) -> None:
    with pytest.raises(MapganError, match="holds one image to train on; add images"):
        run(write_squares(tmp_path / "maps", 32, 32, train=1, holdout=0), tmp_path)


def test_two_images_will_do(tmp_path: Path) -> None:
    run(write_squares(tmp_path / "maps", 32, 32, train=2, holdout=0), tmp_path)


def test_a_set_that_changes_while_training_stops_the_run_and_spoils_no_state(
    squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    after_two = running._next_step

    def change(run: Run, stop: StopRequest) -> object:
        if run.done == 2:
            with (squares / "pack.npy").open("r+b") as pack:  # in place, as no tool of ours would
                pack.seek(-1, os.SEEK_END)
                pack.write(b"\x07")
        return after_two(run, stop)

    monkeypatch.setattr(running, "_next_step", change)
    with pytest.raises(MapganError, match="changed while training; run again"):
        run(squares, tmp_path, "machine.save_minutes=0")
    kept = sorted(checkpoints.step_of(path) for path in tmp_path.glob("scratch/state/*/*.safetensors"))
    assert kept == [1, 2]


def test_a_set_that_is_cut_short_while_training_is_one_line(
    squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    following = running._next_step

    def cut_it(run: Run, stop: StopRequest) -> object:
        if run.done == 2:
            os.truncate(squares / "pack.npy", 5_000)
        return following(run, stop)

    monkeypatch.setattr(running, "_next_step", cut_it)
    with pytest.raises(MapganError, match=r"was truncated while training|changed while training"):
        run(squares, tmp_path)


SAVING = """
import resource, sys
from pathlib import Path
from mapgan.errors import exit_on_error
from mapgan.params import load
from mapgan.training.checkpoints import saving
from mapgan.training.run_paths import RunPaths
from mapgan.training.run import train
out, maps, *settings = sys.argv[1:]
out = Path(out)
real, calls = saving.capture, []
def full_after_two(step):  # files may from now on not grow beyond 20 kB, and a state is larger
    calls.append(step)
    if len(calls) == 3:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    return real(step)
saving.capture = full_after_two
with exit_on_error():
    train(load(settings=settings), RunPaths(Path(maps), out / "g.safetensors", out / "results", out / "scratch"))
"""


@pytest.mark.skipif(os.name != "posix", reason="needs a limit on the size of files")
def test_a_full_disk_ends_in_one_line_and_leaves_the_old_state_good(squares: Path, tmp_path: Path) -> None:
    whole = run(squares, tmp_path / "a", "machine.save_minutes=0")
    settings = [*TINY, "machine.save_minutes=0"]
    command = [sys.executable, "-c", SAVING, str(tmp_path / "b"), str(squares), *settings]
    full = subprocess.run(command, capture_output=True, text=True, check=False)
    assert full.returncode == 2, full.stderr
    assert "Traceback" not in full.stderr
    assert full.stderr.count("could not be written") == 2  # once while training goes on, once at its end
    kept = sorted(checkpoints.step_of(path) for path in tmp_path.glob("b/scratch/state/*/*.safetensors"))
    assert kept == [1, 2]
    assert not list(tmp_path.glob("b/scratch/state/*/.*.part"))
    assert run(squares, tmp_path / "b", "machine.save_minutes=0") == whole


def test_a_state_of_another_version_is_named_and_the_run_starts_afresh(
    squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = run(squares, tmp_path / "a")
    with monkeypatch.context() as older:
        older.setattr(checkpoints, "FORMAT", 1)
        run(squares, tmp_path / "b", "train.steps=3")
    capsys.readouterr()
    assert run(squares, tmp_path / "b") == whole
    assert "step-00000003.safetensors: a checkpoint of another version of mapgan" in capsys.readouterr().err


def test_the_pixels_are_read_as_they_were_when_the_run_began(squares: Path, tmp_path: Path) -> None:
    """A set that is made anew beside a living run is moved in; the run keeps the file that it has open."""
    dataset = open_dataset(squares)
    before = torch.from_numpy(np.array(dataset.train))
    write_squares(squares, 32, 32, train=3, holdout=1)
    assert torch.equal(torch.from_numpy(np.array(dataset.train)), before)
