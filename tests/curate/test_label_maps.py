"""Label images: cut as their maps are, named by a legend, and refused where they do not fit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mapgan.collect import collect
from mapgan.curate import decode
from mapgan.curate.label_maps import read_label_tiles
from mapgan.curate.prune import prune
from mapgan.curate.resize import resize
from mapgan.dataset import Dataset, count_labels, open_dataset
from mapgan.errors import MapganError
from mapgan.params.collecting import Folder, Prune, Resize, Scrape

from .conftest import THREAD

COLORS = np.array([[40, 60, 200], [90, 190, 90], [120, 120, 120]], np.uint8)
NAMES = ["sea", "grass", "rock"]
SETTINGS = Resize(width=32, height=32, tile_zoom=2.0, tile_overlap=0.5, tile_contrast=0.0, holdout=0.3)


def write_maps(folder: Path, full_size: bool = False, legend: bool = True) -> Path:
    """Six maps of 12 x 8 squares of 16 pixels in the very colours of their labels."""
    folder.mkdir()
    for number in range(6):
        labels = np.random.default_rng(number).integers(0, 3, (8, 12))
        image = COLORS[labels].repeat(16, axis=0).repeat(16, axis=1)
        Image.fromarray(image).save(folder / f"{number}.png")
        Image.fromarray(image if full_size else COLORS[labels]).save(folder / f"{number}.labels.png")
    if legend:
        lines = [
            f"#{red:02x}{green:02x}{blue:02x} {name}" for (red, green, blue), name in zip(COLORS, NAMES, strict=True)
        ]
        (folder / "labels.legend").write_text("\n".join(lines))
    return folder


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Dataset]:
    def from_folder(folder: Path, settings: Resize = SETTINGS, of_labels: bool = False) -> Dataset:
        raw, pruned, maps = (tmp_path / name for name in ("raw", "pruned", "maps"))
        collect(Scrape(source="folder", folder=Folder(path=str(folder))), raw, tmp_path / "cache")
        prune(Prune(min_side=16), raw, pruned, THREAD)
        resize(settings, raw, pruned, maps, THREAD, "none" if of_labels else "map", of_labels)
        return open_dataset(maps)

    return from_folder


def test_each_square_has_the_label_of_its_colour(make: Callable[..., Dataset], tmp_path: Path) -> None:
    data = make(write_maps(tmp_path / "in"))
    assert (data.labels, data.label_square, data.pixels_per_square) == (("grass", "rock", "sea"), 8, 8.0)
    assert data.train_labels.shape == (len(data.train), 4, 4)
    assert len(data.holdout_labels) == len(data.holdout) > 0
    colors = COLORS[[NAMES.index(name) for name in data.labels]].astype(int)
    for images, labels in ((data.train, data.train_labels), (data.holdout, data.holdout_labels)):
        means = images.reshape(len(images), 4, 8, 4, 8, 3).mean(axis=(2, 4))
        assert np.abs(means - colors[labels]).max() < 40
    assert count_labels(data).startswith("grass ")


def test_a_label_image_as_large_as_the_map_says_the_same(make: Callable[..., Dataset], tmp_path: Path) -> None:
    data = make(write_maps(tmp_path / "in", full_size=True), SETTINGS.model_copy(update={"grid": "off"}))
    assert (data.label_square, data.pixels_per_square) == (8, 0.0)
    colors = COLORS[[NAMES.index(name) for name in data.labels]].astype(int)
    center = data.train.reshape(-1, 4, 8, 4, 8, 3)[:, :, 4, :, 4]
    assert (np.abs(center - colors[data.train_labels]).max(axis=3) < 60).mean() > 0.9


def test_without_a_legend_colours_are_the_names(make: Callable[..., Dataset], tmp_path: Path) -> None:
    assert make(write_maps(tmp_path / "in", legend=False)).labels == ("#283cc8", "#5abe5a", "#787878")


def test_a_set_of_label_images_is_plain_squares(make: Callable[..., Dataset], tmp_path: Path) -> None:
    data = make(write_maps(tmp_path / "in"), of_labels=True)
    assert (data.labels, data.plan_colors["sea"], data.pixels_per_square) == ((), (40, 60, 200), 8.0)
    squares = data.train.reshape(-1, 4, 8, 4, 8, 3)
    assert (squares == squares[:, :, :1, :, :1]).all()


def test_a_label_image_is_no_map_and_its_map_is_left_out_without_it(
    make: Callable[..., Dataset], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_maps(tmp_path / "in")
    (folder / "0.labels.png").unlink()
    Image.new("RGB", (5, 8)).save(folder / "1.labels.png")
    data = make(folder)
    assert "resize: 1.png left out: its label image has other proportions: 5 x 8" in capsys.readouterr().err
    assert len(data.train) + len(data.holdout) == 4 * 15  # windows of 4 x 4 squares, each overlapping by half


def test_a_map_and_its_label_image_need_not_be_in_memory_together(
    make: Callable[..., Dataset], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decode, "BUDGET", decode.MemoryBudget(192 * 128 * 10))  # of a map, 9 bytes per pixel
    folder = write_maps(tmp_path / "in", full_size=True)
    settings = SETTINGS.model_copy(update={"grid": "off"})
    made: list[Dataset] = []
    run = threading.Thread(target=lambda: made.append(make(folder, settings)), daemon=True)
    run.start()
    run.join(20)
    assert made


def test_bad_label_images_are_one_line(make: Callable[..., Dataset], tmp_path: Path) -> None:
    folder = write_maps(tmp_path / "in")
    with pytest.raises(MapganError, match="pad has no labels for the border"):
        make(folder, SETTINGS.model_copy(update={"mode": "pad"}))
    with pytest.raises(MapganError, match="30 x 32 pixels are no whole number of squares of 8 pixels"):
        make(folder, SETTINGS.model_copy(update={"width": 30}))
    (folder / "labels.legend").write_text("#283cc8 sea\n#5abe5a grass\n")
    with pytest.raises(MapganError, match=r"no line for the colour #787878, which \d\.labels\.png has"):
        make(folder)
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (12, 12, 3), np.uint8)).save(tmp_path / "smooth.png")
    with pytest.raises(MapganError, match=r"144 colours, where 100 are allowed; most of them in keep\.labels\.png"):
        read_label_tiles([tmp_path / "smooth.png"], ["keep.labels.png"], 8, tmp_path / "no legend")
