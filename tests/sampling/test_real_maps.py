"""The sheet of real maps beside that of generated ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mapgan.dataset import Entry, write_dataset
from mapgan.sampling.real_maps import middle, write_real_maps
from mapgan.sampling.sheet import GAP, PAPER

RED, BLUE = (200, 0, 0), (0, 0, 200)


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    """A training set whose held-out image is red."""
    images = [np.full((16, 16, 3), color, np.uint8) for color in ((0, 0, 0), RED)]
    write_dataset(tmp_path / "maps", (16, 16), [Entry("a.png", "a")], [Entry("b.png", "b")], images)
    return tmp_path / "maps"


def test_it_shows_whole_maps(maps: Path, tmp_path: Path) -> None:
    (maps / "whole").mkdir()
    Image.new("RGB", (60, 40), BLUE).save(maps / "whole" / "000.png")
    write_real_maps(maps, (24, 16), (2, 3), 2, tmp_path / "real.png")
    page = Image.open(tmp_path / "real.png")
    assert page.getpixel((GAP, GAP)) == page.getpixel((GAP + 47, GAP + 31)) == BLUE
    assert page.getpixel((GAP + 48, GAP)) == PAPER


def test_or_the_images_held_out(maps: Path, tmp_path: Path) -> None:
    write_real_maps(maps, (16, 16), (2, 3), 1, tmp_path / "real.png")
    assert Image.open(tmp_path / "real.png").getpixel((GAP, GAP)) == RED


def test_without_a_training_set_there_is_none(tmp_path: Path) -> None:
    assert write_real_maps(tmp_path, (16, 16), (2, 3), 1, tmp_path / "real.png") is None
    assert not (tmp_path / "real.png").exists()


def test_paper_is_around_a_smaller_map() -> None:
    shown = middle(Image.new("RGB", (2, 2), BLUE), (6, 4))
    assert (shown[1:3, 2:4] == BLUE).all()
    assert (shown == BLUE).all(axis=2).sum() == 4
