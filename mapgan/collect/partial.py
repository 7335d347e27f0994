"""A download of an image: in memory while it is small, else in a file that a later request can go on with."""

from __future__ import annotations

import contextlib
import json
import threading
from email.utils import parsedate_to_datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from urllib3 import HTTPHeaderDict

from mapgan import files

IN_MEMORY = 1 << 16  # bytes


class Partial:
    """The bytes of one address that have arrived so far.

    Args:
        path: where they go if they are many; beside it, `<name>.json` says which version of the file they are of.
        url: the address.
        resume: whether an earlier run may have left bytes there.
    """

    def __init__(self, path: Path, url: str, resume: bool) -> None:
        self.path, self.note, self.url = path, path.with_name(f"{path.name}.json"), url
        self.memory = bytearray()
        self.file: BinaryIO | None = None
        self.on_disk = False
        self.validator, self.size = "", 0
        if resume:
            self._resume()

    def _resume(self) -> None:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            note = json.loads(self.note.read_text(encoding="utf-8"))
            if note["url"] == self.url and note["validator"].isprintable():
                self.size = self.path.stat().st_size
                self.validator, self.on_disk = note["validator"], True

    @property
    def continuation(self) -> dict[str, str]:
        """Headers that ask for the rest of the bytes, or for all if the file has changed; empty if there are none."""
        if not self.size or not self.validator:
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self.validator}

    def restart(self, validator: str = "") -> None:
        """Begin anew with a version that has this validator; without one, it cannot be continued."""
        self.close()
        self.memory.clear()
        if self.on_disk:
            self.path.unlink(missing_ok=True)
            self.note.unlink(missing_ok=True)
        self.validator, self.size, self.on_disk = validator, 0, False

    def write(self, chunk: bytes) -> None:
        """Append bytes; those on disk survive the end of the process."""
        self.size += len(chunk)
        if not self.on_disk and self.size <= IN_MEMORY:
            self.memory += chunk
            return
        if self.file is None:
            self.file = self.path.open("ab") if self.on_disk else self._new_file()
        self.file.write(chunk)
        self.file.flush()

    def _new_file(self) -> BinaryIO:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)  # bytes never lie beside the note of another version
        self.note.write_text(files.canonical_json({"url": self.url, "validator": self.validator}), encoding="utf-8")
        self.on_disk = True
        file = self.path.open("wb")
        file.write(self.memory)
        self.memory.clear()
        return file

    def open(self) -> BinaryIO:
        """The bytes as a file to read."""
        return self.path.open("rb") if self.on_disk else BytesIO(self.memory)

    def digest(self) -> str:
        """SHA-256 of the bytes."""
        return files.sha256_file(self.path) if self.on_disk else files.sha256_bytes(bytes(self.memory))

    def move(self, target: Path) -> None:
        """Give the finished download its place, atomically."""
        self.close()
        target.parent.mkdir(exist_ok=True, parents=True)
        if self.on_disk:
            self.path.replace(target)
            self.note.unlink(missing_ok=True)
        else:
            scratch = target.with_name(f".{target.name}.{threading.get_ident()}.part")
            scratch.write_bytes(self.memory)
            scratch.replace(target)
        self.size, self.on_disk = 0, False

    def close(self) -> None:
        """Close the file; it stays on disk."""
        if self.file is not None:
            self.file.close()
            self.file = None


def validator_of(headers: HTTPHeaderDict) -> str:
    """What `If-Range` takes: a strong ETag, or a date so old that the file cannot have changed within its second.

    RFC 9110, 8.8.2.2 and 13.1.5. Empty if there is neither, or if the body is encoded: ranges count encoded bytes.
    """
    if headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        return ""
    tag = headers.get("ETag", "").strip()
    if tag.startswith('"') and tag.isascii() and tag.isprintable():
        return tag
    changed = headers.get("Last-Modified", "")
    with contextlib.suppress(TypeError, ValueError, OverflowError):
        if parsedate_to_datetime(headers.get("Date", "")) > parsedate_to_datetime(changed):
            return changed.strip()
    return ""
