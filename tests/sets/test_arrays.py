"""Files of arrays: round trips, and one line for each kind of damage."""

from __future__ import annotations

import gzip
import io
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mapgan.errors import MapganError
from mapgan.sets.arrays import kind_of, read_arrays

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 8, 6), dtype=np.uint8)
LABELS = np.array([3, 1, 4, 1, 5], np.uint8)


def idx(array: NDArray[np.uint8]) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def npy(array: NDArray[np.uint8], **options: bool) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def npz(**arrays: NDArray[np.uint8]) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzipped"])
@pytest.mark.parametrize("write", [idx, npy])
@pytest.mark.parametrize("array", [IMAGES, LABELS, np.asfortranarray(IMAGES)])
def test_round_trip(tmp_path: Path, pack, write, array) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "images"
    path.write_bytes(pack(write(array)))
    (read,) = read_arrays(path).values()
    assert np.array_equal(read, array)


def test_idx_values_of_several_bytes_are_big_endian(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(struct.pack(">BBBBI2h", 0, 0, 0x0B, 1, 2, 258, -1))
    (read,) = read_arrays(tmp_path / "x").values()
    assert read.tolist() == [258, -1]


def test_npz_arrays_have_names(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(npz(x_train=IMAGES, y_train=LABELS))
    read = read_arrays(tmp_path / "x.npz")
    assert np.array_equal(read["x_train"], IMAGES)
    assert np.array_equal(read["y_train"], LABELS)


@pytest.mark.parametrize("header", [False, True], ids=["label last", "header, label first"])
def test_csv_lines_are_square_images_with_a_label(tmp_path: Path, header: bool) -> None:
    pixels = IMAGES[:, :6].reshape(5, -1)
    rows = np.insert(pixels, 0 if header else 36, LABELS, axis=1)
    text = "\n".join(",".join(map(str, row)) for row in rows)
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress((f"label,{'p,' * 35}p\n" * header + text).encode()))
    read = read_arrays(tmp_path / "x.csv.gz")
    assert np.array_equal(read["images"], IMAGES[:, :6])
    assert read["labels"].tolist() == LABELS.tolist()


class Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (pytest.fail, ("a file ran code",))


TRAP = np.array([Trap()], dtype=object)

DAMAGED = {
    "cut.idx": idx(IMAGES)[:-1],
    "cut.gz": gzip.compress(idx(IMAGES))[:-20],
    "more.idx": idx(IMAGES) + b"x",
    "no header.idx": b"\0\0\x08\x03\0\0",
    "too large.idx": struct.pack(">BBBB3I", 0, 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1),
    "claims 15 GiB.idx": struct.pack(">BBBB3I", 0, 0, 8, 3, 15, 1 << 15, 1 << 15),
    "pickled.npy": npy(TRAP, allow_pickle=True),
    "pickled.npz": npz(x=TRAP),
    "cut.npy": npy(IMAGES)[:-1],
    "no header.npy": b"\x93NUMPY\x01\0\xff\xff{",
    "negative.npy": npy(IMAGES).replace(b"(5, 8, 6)", b"(-5,8, 6)"),
    "cut.npz": npz(x=IMAGES)[:-40],
    "no zip.npz": b"PK\x03\x04zzz",
    "text.csv": b"label,a,b,c,d\n1,x,y,z,w\n",
    "no square.csv": b"1,2,3,4\n",
    "no text.csv": b"\xff\xfe\xfd,1\n",
    "empty.csv": b"",
    "nothing but a head.csv": b"label,a,b,c,d\n",
}


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.filterwarnings("ignore:loadtxt")
def test_damaged_files_give_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(DAMAGED[name])
    with pytest.raises(MapganError, match="damaged") as error:
        read_arrays(tmp_path / name)
    assert str(error.value).startswith(str(tmp_path / name))


@pytest.mark.parametrize("content", [b"", b"\0\0\x08\x00", b"\0\0\x07\x03", b"\x89PNG", b"PK\x03\x04", b"\x1f\x8bx"])
def test_other_files_are_not_sets(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    assert kind_of(tmp_path / "x") is None
    with pytest.raises(MapganError, match="holds no set of images"):
        read_arrays(tmp_path / "x")
