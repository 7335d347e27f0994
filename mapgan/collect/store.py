"""A cache of downloaded images by digest, so that no image is downloaded twice."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mapgan import files
from mapgan.errors import MapganError


@dataclass(frozen=True)
class Stored:
    """An image in the store, and the URL that it was downloaded from."""

    url: str
    digest: str
    path: Path


class Store:
    """Images in `images/<first two digits>/<sha256>`, and in `whole/` a note for each URL on which image it gave.

    All of these images were decoded once. (Earlier versions kept notes, also on damaged images, in `urls/`.)

    Args:
        cache: the folder for both.
        remember: False to write no notes, for URLs that may give another image next time.
    """

    def __init__(self, cache: Path, remember: bool = True) -> None:
        self.cache, self.remember = cache, remember

    def get(self, requested: str) -> Stored | None:
        """The image of an earlier download of `requested`; None if there is none or its file is damaged."""
        try:
            note = files.read_json(self._note(requested))
            stored = Stored(note["url"], note["sha256"], self.image(note["sha256"]))
        except (MapganError, KeyError, TypeError):
            return None
        intact = stored.path.is_file() and files.sha256_file(stored.path) == stored.digest
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
            note = {"requested": requested, "url": stored.url, "sha256": stored.digest}
            files.write_json(self._note(requested), note)

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A temporary folder for downloads, on the disk of the store, so that `add` can make hard links.

        Those that killed runs have left are removed: the lock of the cache keeps out other runs.
        """
        self.cache.mkdir(parents=True, exist_ok=True)
        for left in self.cache.glob("download-*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix="download-", dir=self.cache) as name:
            yield Path(name)

    def image(self, digest: str) -> Path:
        """The place of the image with this SHA-256."""
        return self.cache / "images" / digest[:2] / digest

    def _note(self, requested: str) -> Path:
        return self.cache / "whole" / f"{files.sha256_bytes(requested.encode())}.json"
