"""All presets at a small size: they train for a few steps and generate images. At full size: tests/test_soak.py."""

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
MAX_SIDE = 64  # pixels


def test_names_of_the_presets() -> None:
    assert preset_names() == PRESETS


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_trains_and_generates_images(name: str, tmp_path: Path) -> None:
    preset = load(preset=name)
    width, height = min(preset.resize.width, MAX_SIDE), min(preset.resize.height, MAX_SIDE)
    maps = write_squares(tmp_path / "maps", width, height)
    params = load(preset=name, settings=[*TINY, "train.steps=3", "sample.seeds='0-3'", "sample.size=''"])
    generator = tmp_path / "generator.safetensors"
    stages.train(params, maps, generator, tmp_path / "results", tmp_path / "scratch")
    stages.sample(params.sample, generator, tmp_path / "samples")
    with Image.open(tmp_path / "samples/singles/seed-000003.png") as image:
        assert image.size == (width, height)


@pytest.mark.parametrize("name", PRESETS)
def test_the_head_has_a_summary_and_the_memory_needed(name: str) -> None:
    head = list(takewhile(lambda line: line.startswith("#"), preset_text(name).splitlines()))
    assert head[0].endswith(".")
    assert "GiB" in "".join(head[2:])  # measured or predicted


def test_digits_and_clothes_are_not_mirrored_or_rotated() -> None:
    for name in ("mnist-mlp", "mnist-dcgan", "fashion-dcgan"):
        train = load(preset=name).train
        assert (train.mirror, train.rot90) == (False, False)


def test_mapmaker_has_the_settings_of_the_first_map_maker() -> None:
    preset = load(preset="mapmaker-750")
    assert (preset.resize.width, preset.resize.height, preset.train.network) == (750, 750, "mapmaker")
    assert preset.train.networks.mapmaker.latent == 3 * 20 * 20
    assert (preset.train.batch_size, preset.train.loss, preset.train.penalty) == (32, "non-saturating", 0.0)
    assert (preset.train.generator_lr, preset.train.discriminator_lr) == (2e-4, 2e-4)
    assert (preset.train.beta1, preset.train.beta2) == (0.5, 0.999)
