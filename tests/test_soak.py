"""The long ones, for `make soak`: many kills, full sizes."""

from __future__ import annotations

from pathlib import Path

import pytest

from mapgan import files
from mapgan.params import load
from mapgan.training.run import train
from tests.commands.test_preset import PRESETS
from tests.conftest import write_squares
from tests.training.test_run import LONG, indices, kill_at_random, start

pytestmark = pytest.mark.soak


def test_twenty_kills_at_random_moments(squares: Path, tmp_path: Path) -> None:
    assert start(squares, tmp_path / "a", *LONG, "train.steps=200").wait() == 0
    kill_at_random(squares, tmp_path / "b", times=20)
    last = start(squares, tmp_path / "b", *LONG, "train.steps=200")
    _, errors = last.communicate(timeout=300)
    assert last.returncode == 0, errors
    digests = {files.sha256_file(tmp_path / name / "generator.safetensors") for name in "ab"}
    assert len(digests) == 1


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_steps_at_full_size(name: str, tmp_path: Path) -> None:
    """One step of the real networks at the preset's own size, two images at a time."""
    settings = ["train.steps=1", "train.batch_size=2", "machine.micro_batch=2", "machine.device=cpu"]
    params = load(preset=name, settings=[*settings, "train.snapshot_images=1"])
    maps = write_squares(tmp_path / "maps", params.resize.width, params.resize.height, train=2, holdout=0)
    train(params, indices(maps, tmp_path))
    assert (tmp_path / "generator.safetensors").is_file()


@pytest.mark.parametrize(("width", "height"), [(750, 1000), (2048, 2048)])
def test_the_24_gb_preset_steps_at_full_width(tmp_path: Path, width: int, height: int) -> None:
    """One step of the real networks, an image at a time; 2048 x 2048 takes minutes on a CPU."""
    maps = write_squares(tmp_path / "maps", width, height, train=2, holdout=0)
    settings = ["train.steps=1", "train.batch_size=1", "machine.micro_batch=1", "machine.device=cpu"]
    params = load(preset="maps-768-24gb", settings=[*settings, "train.snapshot_images=1"])
    train(params, indices(maps, tmp_path))
    assert (tmp_path / "generator.safetensors").is_file()
