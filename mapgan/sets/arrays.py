"""Readers of files that hold arrays of images: IDX, NPY, NPZ and CSV, gzipped or not.

Nothing is unpickled, and no array takes more than `MAX_BYTES` of memory.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np

from mapgan.errors import MapganError
from mapgan.sets.splits import Array

Kind = Literal["idx", "npy", "npz", "csv"]

MAX_BYTES = 1 << 34  # 16 GiB; use a folder of images for more
# http://yann.lecun.com/exdb/mnist: two zero bytes, the type of the values, the number of axes, the size of each axis
IDX_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
CHUNK_BYTES = 1 << 24
# what the readers raise on damaged files
DAMAGED = (
    EOFError, OSError, ValueError, KeyError, SyntaxError, RuntimeError, MemoryError,
    zlib.error, zipfile.BadZipFile, csv.Error,
)  # fmt: skip


def kind_of(path: Path) -> Kind | None:
    """The format of a file by its first bytes, or for CSV, which has no magic number, by its name; None for others."""
    try:
        with _opened(path) as stream:
            head = stream.read(8)
    except DAMAGED:
        return None
    if head[:2] == b"\0\0" and len(head) >= 4 and head[2] in IDX_TYPES and 1 <= head[3] <= 4:
        return "idx"
    if head[:6] == b"\x93NUMPY":
        return "npy"
    if head[:4] == b"PK\x03\x04" and path.suffix.lower() == ".npz":
        return "npz"
    return "csv" if path.name.lower().endswith((".csv", ".csv.gz")) else None


def read_arrays(path: Path) -> dict[str, Array]:
    """All arrays of a file, by name.

    Raises:
        MapganError: the file is of another format, is damaged, or needs more than `MAX_BYTES`.
    """
    kind = kind_of(path)
    if kind is None:
        raise MapganError(f"{path}: holds no set of images", "use an IDX, NPZ, NPY or CSV file, gzipped or not")
    try:
        return READERS[kind](path)
    except DAMAGED as error:
        raise MapganError(f"{path}: damaged or not a set of images ({error})", "make or download it again") from None


def _opened(path: Path) -> io.BufferedIOBase:
    with path.open("rb") as stream:
        gzipped = stream.read(2) == b"\x1f\x8b"
    return gzip.open(path) if gzipped else path.open("rb")


def _read_idx(path: Path) -> dict[str, Array]:
    with _opened(path) as stream:
        _, _, code, axes = stream.read(4)
        shape = tuple(int(length) for length in np.frombuffer(stream.read(4 * axes), ">u4", axes))
        return {path.name: _values(stream, np.dtype(IDX_TYPES[code]), shape)}


def _read_npy(path: Path) -> dict[str, Array]:
    with _opened(path) as stream:
        return {path.name: _npy(stream)}


def _npy(stream: io.BufferedIOBase) -> Array:
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(stream)
    if dtype.hasobject:
        raise ValueError("Python objects are not loaded")
    values = _values(stream, dtype, shape[::-1] if fortran else shape)
    return values.transpose() if fortran else values


def _values(stream: io.BufferedIOBase, dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> Array:
    """The array of `shape` that fills the rest of the stream exactly."""
    size = math.prod(shape) * dtype.itemsize  # bytes
    if min(shape, default=0) < 0 or size > MAX_BYTES:
        raise ValueError(f"shape {list(shape)} would take {size / 2**30:.0f} GiB")
    content = bytearray()  # grows chunk by chunk: a false header takes no memory
    while chunk := stream.read(min(CHUNK_BYTES, size + 1 - len(content))):
        content += chunk
    if len(content) != size:
        more = len(content) > size
        raise ValueError(f"{'more' if more else 'fewer'} bytes than the {size} of shape {list(shape)}")
    return np.frombuffer(content, dtype).reshape(shape)


def _read_npz(path: Path) -> dict[str, Array]:
    with zipfile.ZipFile(path) as archive:
        arrays = {}
        for name in archive.namelist():
            with archive.open(name) as stream:
                arrays[name.removesuffix(".npy")] = _npy(stream)  # type: ignore[arg-type]
        return arrays


def _read_csv(path: Path) -> dict[str, Array]:
    """One square image per line, with its label: in the first column if there is a header line, else in the last."""
    with io.TextIOWrapper(_opened(path), encoding="utf-8") as lines:  # type: ignore[type-var]
        first = next(csv.reader([lines.readline()]), [])
        has_header = not _is_number(first[0] if first else "")
        if has_header and not lines.readline().strip():
            raise ValueError("empty")
        lines.seek(0)
        table = np.loadtxt(lines, delimiter=",", skiprows=int(has_header), ndmin=2)
    side = math.isqrt(table.shape[1] - 1)
    if side < 2 or side**2 + 1 != table.shape[1]:
        raise ValueError(f"{table.shape[1]} columns, not the pixels of a square and a label")
    labels, pixels = (table[:, 0], table[:, 1:]) if has_header else (table[:, -1], table[:, :-1])
    return {"images": pixels.reshape(-1, side, side), "labels": labels.astype(np.int64)}


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


READERS: dict[Kind, Callable[[Path], dict[str, Array]]] = {
    "idx": _read_idx,
    "npy": _read_npy,
    "npz": _read_npz,
    "csv": _read_csv,
}
