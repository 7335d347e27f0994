"""Files: atomic writes, digests, hard links and locks."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import filelock

from mapgan.errors import MapganError

MIB = 2**20
SCRATCH = ".scratch-"
WRITE_ERRORS = (errno.EFBIG, errno.EIO, errno.EROFS)


@contextlib.contextmanager
def atomic_write(path: Path, size: int = 0) -> Iterator[Path]:
    """Give a temporary path beside `path`, which replaces it when the block ends, and is removed on an error.

    Readers see either the old content or the new one. The old file itself is never written to, as it may be a hard link
    into DVC's cache.

    Args:
        path: the file to write.
        size: bytes that will be written, if known; the free space is checked before.

    Raises:
        OSError: the file cannot be written; on a full disk, the text says how much is needed and how much is free.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if size > shutil.disk_usage(path.parent).free:
        raise _disk_full(path, size)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb+") as written:  # on Windows only a writable handle can be flushed
            os.fsync(written.fileno())
        _apply_umask(temporary)
        temporary.replace(path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _disk_full(path, size) from None
        if error.filename is None or error.errno in WRITE_ERRORS:
            error.filename = str(path)  # a write to an open file does not name it, and a copy names its source
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _disk_full(path: Path, size: int) -> OSError:
    folder = path.absolute().parent
    needed = f"{size / MIB:.0f} MiB needed, " if size else ""
    free = shutil.disk_usage(folder).free / MIB
    return OSError(errno.ENOSPC, f"No space left on device ({needed}{free:.0f} MiB free in {folder})", str(path))


def _apply_umask(path: Path) -> None:
    """Make a file of mkstemp, which is private, as readable as any other file of the user."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` atomically."""
    with atomic_write(path, len(content)) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write `content` atomically, as UTF-8 with `\\n` newlines."""
    write_bytes(path, content.encode())


def write_json(path: Path, value: Any) -> None:
    """Write `value` atomically as indented JSON with sorted keys: equal values give equal bytes."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no white space, for digests and metadata: equal values give equal text."""
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
    """SHA-256 of a file as 64 lower-case hex digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_tree(roots: Iterable[Path], pattern: str = "*.py") -> str:
    """SHA-256 over the names and contents of all files below `roots` that match `pattern`, in sorted order."""
    digest = hashlib.sha256()
    for root in sorted(roots):
        for path in sorted(root.rglob(pattern)) if root.is_dir() else [root]:
            name = path.relative_to(root.parent).as_posix()
            digest.update(f"{name}\0{sha256_file(path)}\n".encode())
    return digest.hexdigest()


def link_or_copy(source: Path, target: Path) -> None:
    """Make `target` a hard link to `source`, or a copy where the file system cannot link.

    An existing `target` is replaced atomically; `source` does not change, and neither does its mode.
    """
    with contextlib.suppress(OSError):  # a free place needs no detour
        os.link(source, target)
        return
    if target.exists() and target.samefile(source):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f".{target.name}.{os.getpid()}-{threading.get_ident()}.part")
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
def scratch_folder(parent: Path) -> Iterator[Path]:
    """Give an empty folder in `parent` that is removed at the end, as is what killed processes left in `parent`."""
    parent.mkdir(parents=True, exist_ok=True)
    for folder in parent.glob(f"{SCRATCH}*"):
        shutil.rmtree(folder, ignore_errors=True)
    for part in parent.glob(".*.part"):
        part.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=parent.absolute(), ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextlib.contextmanager
def locked(path: Path, busy: str) -> Iterator[None]:
    """Hold the lock file `path` within the block; the operating system releases it when the process dies.

    Raises:
        MapganError: with the text `busy`, if another process holds it.
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
