"""What came from the net, kept by digest, so that no image is downloaded twice."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mapgan import files
from mapgan.errors import MapganError


@dataclass(frozen=True)
class Stored:
    """An image in the store, and the address that gave it."""

    url: str
    digest: str
    path: Path


class Store:
    """Images in `images/<2>/<sha256>`, and in `urls/` which address gave which image.

    Args:
        cache: the folder for both.
        remember: False to keep the images but forget the addresses (they may give others next time).
    """

    def __init__(self, cache: Path, remember: bool = True) -> None:
        self.cache, self.remember = cache, remember

    def get(self, asked: str) -> Stored | None:
        """What the address `asked` gave before; None if nothing did or its file is no longer whole."""
        try:
            note = files.read_json(self._note(asked))
            stored = Stored(note["url"], note["sha256"], self._image(note["sha256"]))
        except (MapganError, KeyError, TypeError):
            return None
        whole = stored.path.is_file() and files.sha256_file(stored.path) == stored.digest
        return stored if whole else None

    def add(self, asked: str, url: str, downloaded: Path) -> Stored:
        """Take in a finished download that was looked for at `asked` and found at `url`."""
        digest = files.sha256_file(downloaded)
        stored = Stored(url, digest, self._image(digest))
        files.link_or_copy(downloaded, stored.path)
        if self.remember:
            files.write_json(self._note(asked), {"asked": asked, "url": url, "sha256": digest})
        return stored

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for unfinished downloads, on the store's own disk, so that `add` can link."""
        self.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="download-", dir=self.cache) as name:
            yield Path(name)

    def _image(self, digest: str) -> Path:
        return self.cache / "images" / digest[:2] / digest

    def _note(self, asked: str) -> Path:
        return self.cache / "urls" / f"{files.sha256_bytes(asked.encode())}.json"
