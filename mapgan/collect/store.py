"""A cache of downloaded images by digest, so that no image is downloaded twice."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mapgan import files
from mapgan.collect.partial import Partial

DIGEST = re.compile(r"[0-9a-f]{64}")
FORGOTTEN = 30 * 86400.0  # seconds after which a download that was cut off is removed


@dataclass(frozen=True)
class Stored:
    """An image in the store, and the URL that it was downloaded from."""

    url: str
    digest: str
    path: Path


class Store:
    """Images in `images/<first two digits>/<sha256>`, and in `downloads.jsonl` a line for each URL on what it gave.

    All of these images were decoded once. Downloads that were cut off are in `partial/`. (Earlier versions kept notes,
    also on damaged images, in `urls/`.) Threads may share a store.

    Args:
        cache: the folder for all of them.
        remember: False to write no lines, for URLs that may give another image next time.
        unasked: whether images are downloaded without asking what their owners say (`opt_outs: ignore`); a store that
            asks does not know these.
    """

    def __init__(self, cache: Path, remember: bool = True, unasked: bool = False) -> None:
        self.cache, self.remember, self.unasked = cache, remember, unasked
        self.journal = cache / "downloads.jsonl"
        self.known = self._read() if remember else {}
        self.open_journal: BinaryIO | None = None
        self.cut_off: set[str] = set()
        self.active: set[str] = set()
        self.lock = threading.Lock()

    def get(self, requested: str) -> Stored | None:
        """The image of an earlier download of `requested`; None if there is none or its file is damaged."""
        stored = self.known.get(requested)
        return stored if stored and self.has(stored.digest) else None

    def has(self, digest: str) -> bool:
        """Whether the image with this SHA-256 is here, and whole."""
        path = self.image(digest)
        return path.is_file() and files.sha256_file(path) == digest

    def add(self, url: str, downloaded: Partial) -> Stored:
        """Store a finished download from `url`."""
        digest = downloaded.digest()
        stored = Stored(url, digest, self.image(digest))
        downloaded.move(stored.path)
        self.note(url, stored)
        return stored

    def note(self, requested: str, stored: Stored) -> None:
        """Remember that `requested` leads to a stored image, which may come from another URL."""
        if not self.remember:
            return
        note = {"requested": requested, "url": stored.url, "sha256": stored.digest}
        line = files.canonical_json(note | ({"unasked": True} if self.unasked else {})) + "\n"
        with self.lock:
            self.known[requested] = stored
            if self.open_journal is None:
                self.open_journal = self.journal.open("ab", buffering=0)
                line = f"\n{line}"  # the line before may be cut short, by a run that was killed
            self.open_journal.write(line.encode())

    @contextlib.contextmanager
    def downloading(self) -> Iterator[None]:
        """Makes ready for downloads, and ends them.

        What killed runs of this and earlier versions have left is removed: the lock of the cache keeps out other runs.
        """
        self.cache.mkdir(parents=True, exist_ok=True)
        for left in self.cache.glob("download-*"):
            shutil.rmtree(left, ignore_errors=True)
        for pattern in ("images/*/.*.part", "pages/.*.part"):
            for left in self.cache.glob(pattern):
                left.unlink(missing_ok=True)
        for left in self.cache.glob("partial/*"):
            if left.stat().st_mtime < time.time() - FORGOTTEN:
                left.unlink(missing_ok=True)
        self.cut_off = {left.name for left in self.cache.glob("partial/*")}
        try:
            yield
        finally:
            if self.open_journal is not None:
                self.open_journal.close()
                self.open_journal = None

    @contextlib.contextmanager
    def partial(self, url: str) -> Iterator[Partial]:
        """A download of `url` that goes on where an earlier one was cut off."""
        name = files.sha256_bytes(url.encode())
        with self.lock:
            own = name not in self.active  # another thread may download the same
            self.active.add(name)
        unique = name if own else f"{name}-{threading.get_ident()}"
        partial = Partial(self.cache / "partial" / unique, url, resume=own and name in self.cut_off)
        try:
            yield partial
        finally:
            partial.close()
            with self.lock:
                if own:
                    self.active.discard(name)

    def image(self, digest: str) -> Path:
        """The place of the image with this SHA-256."""
        return self.cache / "images" / digest[:2] / digest

    def _read(self) -> dict[str, Stored]:
        """The lines of the journal, the last one of each URL; what is no such line is stepped over."""
        known: dict[str, Stored] = {}
        with contextlib.suppress(FileNotFoundError), self.journal.open(encoding="utf-8", errors="replace") as journal:
            for line in journal:
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    note = json.loads(line)
                    if DIGEST.fullmatch(note["sha256"]) and (self.unasked or "unasked" not in note):
                        known[note["requested"]] = Stored(note["url"], note["sha256"], self.image(note["sha256"]))
        return known
