"""Which files of a folder are the set, and what `mapgan train FOLDER` takes."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mapgan.commands.training_set import source_options
from mapgan.errors import MapganError
from mapgan.params import load
from mapgan.params.collecting import DatasetSettings
from mapgan.sets import ReadySet, files_of, find_set
from tests.sets.test_arrays import IMAGES, npz


def csv(count: int, first_label: int = 0) -> bytes:
    """`count` images of 3 x 3 pixels, each of one value: its label."""
    labels = range(first_label, first_label + count)
    return "".join(",".join([str(label)] * 10) + "\n" for label in labels).encode()


def set_in(path: Path) -> ReadySet:
    return find_set(DatasetSettings(name="file", path=path.as_posix()), Path("unused"))


def test_a_folder_with_one_csv_file_is_a_set(tmp_path: Path) -> None:
    (tmp_path / "digits.csv").write_bytes(csv(4))
    (tmp_path / "README.txt").write_text("from somewhere")
    (tmp_path / "._digits.csv").write_bytes(b"\0\5\x16\7")  # macOS leaves such files on foreign disks
    found = set_in(tmp_path)
    assert np.asarray(found.train.images)[:, 0, 0].tolist() == [0, 1, 2, 3]
    assert list(found.train.labels) == ["0", "1", "2", "3"]
    assert source_options(tmp_path, load())["dataset"] == {"name": "file", "path": tmp_path.as_posix()}


@pytest.mark.parametrize("name", ["digits.csv.gz", "DIGITS.CSV.GZ"])
def test_a_gzipped_csv_file_is_a_set_alone_or_in_a_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(gzip.compress(csv(4)))
    for path in (tmp_path, tmp_path / name):
        assert len(set_in(path).train.images) == 4
        assert source_options(path, load())["dataset"] == {"name": "file", "path": path.as_posix()}


def test_images_win_over_a_csv_file_beside_them(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_bytes(csv(4))
    (tmp_path / "caves").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "caves/a.png")
    assert source_options(tmp_path, load())["dataset"] == {"name": "folder"}


def test_arrays_win_over_a_csv_file_beside_them(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_bytes(csv(4))
    (tmp_path / "x.npz").write_bytes(npz(x=IMAGES))
    assert files_of(tmp_path) == [tmp_path / "x.npz"]


@pytest.mark.parametrize("test_name", ["mnist_test.csv", "t10k.csv.gz"])
def test_csv_files_named_train_and_test_are_the_two_parts(tmp_path: Path, test_name: str) -> None:
    (tmp_path / "mnist_train.csv").write_bytes(csv(4))
    (tmp_path / test_name).write_bytes(csv(2, first_label=7))
    found = set_in(tmp_path)
    assert list(found.train.labels) == ["0", "1", "2", "3"]
    assert found.test is not None
    assert list(found.test.labels) == ["7", "8"]


@pytest.mark.parametrize("second", ["letters.csv", "test.csv"])
def test_several_other_csv_files_are_one_line_that_names_them(tmp_path: Path, second: str) -> None:
    for name in ("digits.csv", second):
        (tmp_path / name).write_bytes(csv(2))
    with pytest.raises(MapganError, match=rf"several CSV files, digits\.csv and {second}; name one of them"):
        source_options(tmp_path, load())


def test_npz_files_named_train_and_test_are_the_two_parts(tmp_path: Path) -> None:
    (tmp_path / "train.npz").write_bytes(npz(x=IMAGES))
    (tmp_path / "test.npz").write_bytes(npz(x=IMAGES[:2]))
    found = set_in(tmp_path)
    assert found.test is not None
    assert (len(found.train.images), len(found.test.images)) == (5, 2)
