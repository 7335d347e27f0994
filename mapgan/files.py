"""Files: written beside their place and moved in, linked where that is free, named by what they hold."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import filelock

from mapgan.errors import MapganError


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a scratch path beside `path`; move it in when the block ends well, remove it when not.

    DVC may have hard-linked the old file to its cache, so the old file is never written to:
    readers see the old bytes or the new ones, and nothing between (rule 4 of the design).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    scratch = Path(name)
    try:
        yield scratch
        with scratch.open("rb+") as written:  # on Windows only a writable handle can be flushed
            os.fsync(written.fileno())
        _as_umask_allows(scratch)
        scratch.replace(path)
    except OSError as error:
        error.filename = error.filename or str(path)  # a write to an open file does not say which
        raise
    finally:
        scratch.unlink(missing_ok=True)


def _as_umask_allows(path: Path) -> None:
    """mkstemp makes files private; outputs should be as readable as any other file of the user's."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` beside `path` and move it in."""
    with atomic_write(path) as scratch:
        scratch.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write `content` as UTF-8 with plain newlines, beside `path`, and move it in."""
    write_bytes(path, content.encode())


def write_json(path: Path, value: Any) -> None:
    """Write `value` as JSON a person can read, with sorted keys: the same value gives the same bytes."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def canonical_json(value: Any) -> str:
    """JSON with one spelling for each value: sorted keys, no white space. For digests and metadata."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        MapganError: the file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MapganError(f"{path}: no such file") from None
    except (ValueError, OSError) as error:
        raise MapganError(f"{path}: cannot be read as JSON ({error})") from None


def sha256_bytes(content: bytes) -> str:
    """SHA-256 as 64 lower-case hex digits."""
    return hashlib.sha256(content).hexdigest()


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes as 64 lower-case hex digits, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_tree(roots: Iterable[Path], pattern: str = "*.py") -> str:
    """One digest over names and bytes of all files below `roots` that match, in sorted order."""
    digest = hashlib.sha256()
    for root in sorted(roots):
        for path in sorted(root.rglob(pattern)) if root.is_dir() else [root]:
            name = path.relative_to(root.parent).as_posix()
            digest.update(f"{name}\0{sha256_file(path)}\n".encode())
    return digest.hexdigest()


def link_or_copy(source: Path, target: Path) -> None:
    """Make `target` a hard link to `source`, or a copy where the file system cannot link.

    An existing `target` is replaced whole; nothing about `source` changes, its mode included.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f".{target.name}.{os.getpid()}.part")
    scratch.unlink(missing_ok=True)
    try:
        try:
            os.link(source, scratch)
        except OSError:
            shutil.copyfile(source, scratch)
        scratch.replace(target)
    finally:
        scratch.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(path: Path, busy: str) -> Iterator[None]:
    """Hold the lock file `path` for the length of the block; the system frees it when the process dies.

    Raises:
        MapganError: with the text `busy`, when a living process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(path)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise MapganError(busy) from None
    try:
        yield
    finally:
        lock.release()
