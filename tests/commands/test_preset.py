"""Every preset, as a narrow copy: it starts, trains a few steps, and draws. At full size: tests/test_soak.py."""

from __future__ import annotations

from itertools import takewhile
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
    "mapmaker-750",
    "maps-1024-24gb",
    "maps-128-cpu",
    "maps-2048-24gb",
    "maps-256",
    "maps-512",
    "maps-64-cpu",
    "maps-768-24gb",
    "mnist-dcgan",
    "mnist-mlp",
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
    with Image.open(tmp_path / "samples/singles/seed-000003.png") as image:
        assert image.size == (width, height)


@pytest.mark.parametrize("name", PRESETS)
def test_its_head_says_what_it_is_for_and_what_it_needs(name: str) -> None:
    head = list(takewhile(lambda line: line.startswith("#"), preset_text(name).splitlines()))
    assert head[0].endswith(".")
    assert "GiB" in "".join(head[2:])  # of memory, measured or predicted


def test_letters_and_clothes_are_never_mirrored_or_turned() -> None:
    for name in ("mnist-mlp", "mnist-dcgan", "fashion-dcgan"):
        train = load(preset=name).train
        assert (train.mirror, train.rot90) == (False, False)


def test_the_first_map_makers_numbers() -> None:
    preset = load(preset="mapmaker-750")
    assert (preset.resize.width, preset.resize.height, preset.train.network) == (750, 750, "mapmaker")
    assert preset.train.networks.mapmaker.latent == 3 * 20 * 20
    assert (preset.train.batch_size, preset.train.loss, preset.train.penalty) == (32, "non-saturating", 0.0)
    assert (preset.train.generator_lr, preset.train.discriminator_lr) == (2e-4, 2e-4)
    assert (preset.train.beta1, preset.train.beta2) == (0.5, 0.999)
