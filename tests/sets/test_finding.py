"""Which files of a folder are the set."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from mapgan.errors import MapganError
from mapgan.params import ReadyMade
from mapgan.sets import files_of, find_set

ROWS = "\n".join(",".join(map(str, [*range(index, index + 36), index % 3])) for index in range(5)) + "\n"


def names(folder: Path) -> list[str]:
    return [path.name for path in files_of(folder)]


def write(folder: Path, *files: str) -> None:
    for name in files:
        content = ROWS.encode()
        (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)


@pytest.mark.parametrize("name", ["digits.csv", "digits.csv.gz"])
def test_a_folder_with_one_table_is_a_set(tmp_path: Path, name: str) -> None:
    write(tmp_path, name)
    (tmp_path / "README.txt").write_text("six by six")
    assert names(tmp_path) == [name]
    found = find_set(ReadyMade(name="file", path=str(tmp_path)), tmp_path / "cache")
    assert (len(found.train.images), found.side, found.test) == (5, 6, None)
    assert list(found.train.labels) == ["0", "1", "2", "0", "1"]


def test_a_table_named_test_is_the_test_part(tmp_path: Path) -> None:
    write(tmp_path, "digits_train.csv", "digits_test.csv")
    found = find_set(ReadyMade(name="file", path=str(tmp_path)), tmp_path / "cache")
    assert found.test is not None
    assert (len(found.train.images), len(found.test.images)) == (5, 5)


def test_of_several_tables_one_has_to_be_named(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "b.csv")
    with pytest.raises(MapganError, match=r"holds several CSV files \(a.csv, b.csv\); name the one"):
        files_of(tmp_path)


def test_arrays_win_over_tables(tmp_path: Path) -> None:
    write(tmp_path, "notes.csv", "more.csv")
    np.save(tmp_path / "digits.npy", np.zeros((3, 6, 6), np.uint8))
    assert names(tmp_path) == ["digits.npy"]
