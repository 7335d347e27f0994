"""A cache of downloaded images by digest, so that no image is downloaded twice."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mapgan import files

DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Stored:
    """An image in the store, and the URL that it was downloaded from."""

    url: str
    digest: str
    path: Path


class Store:
    """Images in `images/<first two digits>/<sha256>`, and in `downloads.jsonl` a line for each URL on what it gave.

    All of these images were decoded once. (Earlier versions kept notes, also on damaged images, in `urls/`.)

    Args:
        cache: the folder for both.
        remember: False to write no lines, for URLs that may give another image next time.
    """

    def __init__(self, cache: Path, remember: bool = True) -> None:
        self.cache, self.remember = cache, remember
        self.journal = cache / "downloads.jsonl"
        self.known = self._read() if remember else {}

    def get(self, requested: str) -> Stored | None:
        """The image of an earlier download of `requested`; None if there is none or its file is damaged."""
        stored = self.known.get(requested)
        intact = stored and stored.path.is_file() and files.sha256_file(stored.path) == stored.digest
        return stored if intact else None

    def add(self, url: str, downloaded: Path) -> Stored:
        """Store a finished download from `url`."""
        digest = files.sha256_file(downloaded)
        stored = Stored(url, digest, self.image(digest))
        files.link_or_copy(downloaded, stored.path)
        self.note(url, stored)
        return stored

    def note(self, requested: str, stored: Stored) -> None:
        """Remember that `requested` leads to a stored image, which may come from another URL."""
        if self.remember:
            self.known[requested] = stored
            line = files.canonical_json({"requested": requested, "url": stored.url, "sha256": stored.digest})
            with self.journal.open("a", encoding="utf-8", newline="\n") as journal:
                journal.write(f"\n{line}\n")  # the line before may be cut short, by a run that was killed

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A temporary folder for downloads, on the disk of the store, so that `add` can make hard links.

        Those that killed runs have left are removed: the lock of the cache keeps out other runs.
        """
        self.cache.mkdir(parents=True, exist_ok=True)
        for left in self.cache.glob("download-*"):
            shutil.rmtree(left, ignore_errors=True)
        for left in self.cache.glob("images/*/.*.part"):
            left.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(prefix="download-", dir=self.cache) as name:
            yield Path(name)

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
                    if DIGEST.fullmatch(note["sha256"]):
                        known[note["requested"]] = Stored(note["url"], note["sha256"], self.image(note["sha256"]))
        return known
