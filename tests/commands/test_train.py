"""`mapgan train` into the folder of an earlier run: nothing of it is written over unasked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from mapgan import files, rng
from mapgan.cli import app
from mapgan.networks.generator_file import load_generator
from tests.conftest import TINY, write_squares

SETTINGS = [
    *TINY,
    "resize.width=32",
    "resize.height=32",
    "resize.tile_zoom=1.0",
    "prune.min_side=32",
    "sample.seeds=0-1",
]


def add_image(folder: Path, number: int) -> None:
    folder.mkdir(exist_ok=True)
    noise = rng.uniform(number, "image", 0, 0, 48 * 48 * 3).reshape(48, 48, 3)
    Image.fromarray((noise * 255).astype(np.uint8)).save(folder / f"map-{number}.png")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    for number in range(4):
        add_image(tmp_path / "maps", number)
    return tmp_path / "maps"


def train(source: Path, out: Path, *settings: str, options: tuple[str, ...] = ()) -> str:
    chosen = [word for setting in [*SETTINGS, *settings] for word in ("--set", setting)]
    result = CliRunner().invoke(app, ["train", str(source), "--out", str(out), *chosen, *options])
    return result.stderr if result.exit_code == 0 else f"exit {result.exit_code}: {result.stderr.splitlines()[-1]}"


def content(out: Path) -> dict[str, str]:
    """The digests of everything that a finished run leaves but its copy of the raw images."""
    kept = [path for path in out.rglob("*") if path.is_file() and "raw" not in path.parts and path.suffix != ".lock"]
    return {str(path.relative_to(out)): files.sha256_file(path) for path in kept}


def steps_of(out: Path) -> int:
    return load_generator(out / "generator.safetensors")[1].steps


def test_a_new_image_stops_it_and_continue_goes_on(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    train(images, out)
    before = content(out)
    add_image(images, 4)
    refused = train(images, out)
    assert refused.startswith("exit 2:")
    assert "holds a run of 6 steps, and this one differs in images; continue it with --continue, or" in refused
    assert content(out) == before
    finished = train(images, out, options=("--continue",))
    assert "exit 2" in finished
    assert "has 6 steps already" in finished
    continued = train(images, out, "train.steps=8", options=("--continue",))
    assert "continues after step 6 of 8" in continued
    assert "changed since: data" in continued
    assert steps_of(out) == 8
    assert [entry["step"] for entry in json.loads((out / "results/train/history.json").read_text())] == [6]


def test_another_setting_stops_it_and_continue_goes_on(tmp_path: Path, squares: Path) -> None:
    out = tmp_path / "run"
    train(squares, out)
    before = content(out)
    refused = train(squares, out, "train.batch_size=2", "train.steps=9")
    assert "this one differs in train.batch_size 4 -> 2; continue it with --continue, or" in refused
    assert content(out) == before
    continued = train(squares, out, "train.batch_size=2", "train.steps=9", options=("--continue",))
    assert "changed since: train.batch_size 4 -> 2" in continued
    assert steps_of(out) == 9
    again = train(squares, out, "train.batch_size=2", "train.steps=10")  # the run is that one now
    assert "continues after step 9 of 10\n" in again


def test_another_setting_of_the_stages_before_stops_it(images: Path, tmp_path: Path) -> None:
    train(images, tmp_path / "run")
    before = content(tmp_path / "run")
    assert "differs in resize.holdout 0.1 -> 0.3" in train(images, tmp_path / "run", "resize.holdout=0.3")
    assert content(tmp_path / "run") == before


def test_a_longer_run_is_not_written_over(squares: Path, tmp_path: Path) -> None:
    train(squares, tmp_path / "run")
    before = content(tmp_path / "run")
    for options in ((), ("--continue",)):
        refused = train(squares, tmp_path / "run", "train.steps=4", options=options)
        assert "holds a run of 6 steps, and train.steps is 4; raise train.steps, which counts the whole" in refused
    assert content(tmp_path / "run") == before


def test_a_generator_without_checkpoints_is_not_written_over(squares: Path, tmp_path: Path) -> None:
    train(squares, tmp_path / "run")
    for path in tmp_path.glob("run/.mapgan/state/*/*"):
        if path.is_file():
            path.unlink()
    refused = train(squares, tmp_path / "run")
    assert "holds a trained generator and no checkpoint; train into another --out, with --init-from" in refused


def test_continue_where_nothing_changed_just_resumes(squares: Path, tmp_path: Path) -> None:
    train(squares, tmp_path / "run")
    assert "continues after step 6 of 8\n" in train(squares, tmp_path / "run", "train.steps=8", options=("--continue",))
    assert not (tmp_path / "run/results/train/history.json").exists()


def test_continue_with_other_networks_is_one_line(squares: Path, tmp_path: Path) -> None:
    train(squares, tmp_path / "run")
    before = content(tmp_path / "run")
    wider = "train.networks.dcgan-modern.generator_channels=8"
    refused = train(squares, tmp_path / "run", wider, "train.steps=8", options=("--continue",))
    assert "was trained with other networks, or another size" in refused
    generator = {name: digest for name, digest in content(tmp_path / "run").items() if "generator" in name}
    assert generator.items() <= before.items()


def test_a_larger_training_set_is_continued_with(squares: Path, tmp_path: Path) -> None:
    train(squares, tmp_path / "run")
    more = write_squares(tmp_path / "more", 32, 32, train=20)
    assert "this one differs in data; continue" in train(more, tmp_path / "run", "train.steps=8")
    assert "changed since: data" in train(more, tmp_path / "run", "train.steps=8", options=("--continue",))


def test_resume_never_starts_from_scratch_as_asked(squares: Path, tmp_path: Path) -> None:
    train(squares, tmp_path / "run", "train.steps=8")
    train(squares, tmp_path / "run", options=("--resume", "never"))
    assert steps_of(tmp_path / "run") == 6


def test_continue_does_not_go_with_resume(squares: Path, tmp_path: Path) -> None:
    refused = train(squares, tmp_path / "run", options=("--continue", "--resume", "never"))
    assert "--continue does not go with --resume" in refused


def test_the_run_continued_last_is_the_one_that_counts(squares: Path, tmp_path: Path) -> None:
    run, other = tmp_path / "run", "train.batch_size=2"
    train(squares, run)
    train(squares, run, other, "train.steps=9", options=("--continue",))
    before = content(run)
    assert "holds a run of 9 steps, and train.steps is 8" in train(squares, run, "train.steps=8")
    assert "differs in train.batch_size 2 -> 4; continue it with" in train(squares, run, "train.steps=11")
    assert content(run) == before
    assert "continues after step 9 of 11" in train(squares, run, "train.steps=11", options=("--continue",))
    assert [entry["step"] for entry in json.loads((run / "results/train/history.json").read_text())] == [6, 9]


def test_what_cannot_be_continued_changes_nothing(images: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(images, run)
    before = content(run)
    size = ("resize.width=16", "resize.height=16", "train.steps=8")
    assert "other networks, or another size" in train(images, run, *size, options=("--continue",))
    add_image(images, 4)
    assert "has 6 steps already" in train(images, run, options=("--continue",))
    for number, name in enumerate(("caves", "caves", "towns", "towns"), start=5):
        add_image(images / name, number)
    labels = ("dataset.condition=folder", "train.steps=8")
    refused = train(images, run, *labels, options=("--continue",))
    assert "was trained with no labels, and the training set has the labels caves, towns" in refused
    after = content(run)
    assert {name.split("/")[0] for name in before if after.get(name) != before[name]} <= {"pruned"}


def test_an_older_checkpoint_does_not_replace_a_longer_run(squares: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(squares, run, "train.steps=4")
    [early] = run.glob(".mapgan/state/*/step-00000004.safetensors")
    train(squares, run)
    assert "holds a run of 6 steps" in train(squares, run, "train.steps=5", options=("--resume", str(early)))


def test_the_history_of_an_earlier_run_goes_with_it(squares: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(squares, run)
    train(squares, run, "train.batch_size=2", "train.steps=9", options=("--continue",))
    assert (run / "results/train/history.json").exists()
    train(squares, run, options=("--resume", "never"))
    assert not (run / "results/train/history.json").exists()
