"""Held-out maps as a whole, beside the training set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from mapgan.collect.demo import __file__ as demo
from mapgan.curate.prune import prune
from mapgan.curate.resize import resize
from mapgan.params.collecting import Prune, Resize

from .conftest import THREAD, map_image

TILES = Resize(width=32, height=16, tile_zoom=1.0, tile_contrast=0.02, holdout=0.3)


@pytest.fixture
def pruned(raw, tmp_path):
    for seed in range(3):
        raw.put(map_image(seed, (96, 64)), group=f"map {seed}")
    prune(Prune(), raw.folder, tmp_path / "pruned", THREAD)
    return tmp_path / "pruned"


def whole(folder: Path) -> list[Image.Image]:
    return [Image.open(path) for path in sorted((folder / "whole").glob("*"))]


def test_a_held_out_map_is_there_and_no_other(raw, pruned, tmp_path):
    resize(TILES, raw.folder, pruned, tmp_path / "maps", THREAD)
    (held_out,) = {path.name.split("-")[0] for path in (tmp_path / "maps" / "holdout").iterdir()}
    (source,) = raw.folder.glob(f"{held_out}*")
    (image,) = whole(tmp_path / "maps")
    assert np.array_equal(np.asarray(image), np.asarray(Image.open(source).convert("RGB")))


def test_its_scale_is_that_of_the_tiles(raw, pruned, tmp_path):
    resize(TILES.model_copy(update={"tile_zoom": 2.0}), raw.folder, pruned, tmp_path / "maps", THREAD)
    assert [image.size for image in whole(tmp_path / "maps")] == [(48, 32)]


@pytest.mark.parametrize("option", ["trim", "linear"])
def test_it_is_trimmed_and_scaled_as_the_tiles_are(option, raw, tmp_path):
    """A held-out map of a single tile is that tile."""
    for seed in range(2):
        image = map_image(seed, (64, 32))
        raw.put(ImageOps.expand(image, 10, "white") if option == "trim" else image)
    prune(Prune(min_side=16), raw.folder, tmp_path / "pruned", THREAD)
    settings = TILES.model_copy(update={"tile_zoom": 2.0, option: True})
    resize(settings, raw.folder, tmp_path / "pruned", tmp_path / "maps", THREAD)
    (tile,) = (tmp_path / "maps" / "holdout").iterdir()
    (image,) = whole(tmp_path / "maps")
    assert np.array_equal(np.asarray(image), np.asarray(Image.open(tile)))


def test_without_tiles_there_is_none(raw, pruned, tmp_path):
    resize(TILES, raw.folder, pruned, tmp_path / "maps", THREAD)
    resize(TILES.model_copy(update={"mode": "crop"}), raw.folder, pruned, tmp_path / "maps", THREAD)
    assert not (tmp_path / "maps" / "whole").exists()


def test_a_map_with_a_grid_starts_at_a_square(raw, tmp_path):
    paths = sorted((Path(demo).parent / "maps").glob("rock-*.webp"))[:2]
    for path in paths:
        raw.put(Image.open(path).convert("RGB"), group=path.stem)
    prune(Prune(), raw.folder, tmp_path / "pruned", THREAD)
    resize(Resize(tile_zoom=5.0, holdout=0.5), raw.folder, tmp_path / "pruned", tmp_path / "maps", THREAD)
    (image,) = whole(tmp_path / "maps")
    squares = [tuple(side // 16 for side in Image.open(path).size) for path in paths]
    assert (round(image.width / 4), round(image.height / 4)) in squares  # 4 pixels per square
