"""Every preset, as a narrow copy: it starts, trains a few steps, and draws. At full size: tests/test_soak.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from mapgan import stages
from mapgan.params import load
from mapgan.params.reading import preset_names, preset_text
from tests.conftest import TINY, write_squares

PRESETS = [
    "faces-dcgan",
    "fashion-dcgan",
    "maps-1024-24gb",
    "maps-128-cpu",
    "maps-2048-24gb",
    "maps-256",
    "maps-512",
    "maps-64-cpu",
    "maps-768-24gb",
    "mnist-dcgan",
]
WIDEST = 64  # pixels of a narrow copy


def test_the_presets_are_these() -> None:
    assert preset_names() == PRESETS


@pytest.mark.parametrize("name", PRESETS)
def test_it_starts_trains_and_draws(name: str, tmp_path: Path) -> None:
    preset = load(preset=name)
    width, height = min(preset.resize.width, WIDEST), min(preset.resize.height, WIDEST)
    maps = write_squares(tmp_path / "maps", width, height)
    params = load(preset=name, settings=[*TINY, "train.steps=3", "sample.seeds='0-3'"])
    generator = tmp_path / "generator.safetensors"
    stages.train(params, maps, generator, tmp_path / "results", tmp_path / "scratch")
    stages.sample(params.sample, generator, tmp_path / "samples")
    with Image.open(tmp_path / "samples/singles/seed-000003.png") as picture:
        assert picture.size == (width, height)


@pytest.mark.parametrize("name", PRESETS)
def test_its_head_is_a_sentence(name: str) -> None:
    head = preset_text(name).splitlines()[0]
    assert head.startswith("# ")
    assert head.endswith(".")


def test_letters_and_clothes_are_never_mirrored_or_turned() -> None:
    for name in ("mnist-dcgan", "fashion-dcgan"):
        train = load(preset=name).train
        assert (train.mirror, train.turn) == (False, False)
