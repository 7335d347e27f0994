"""Downloads, stored by digest, so that no image is downloaded twice."""

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
    """An image in the store, and the address that it was downloaded from."""

    url: str
    digest: str
    path: Path


class Store:
    """Images in `images/<2>/<sha256>`, and the digest for each address in `urls/`.

    Args:
        cache: parent folder of both.
        remember: whether to store addresses; False if they may have other images next time.
    """

    def __init__(self, cache: Path, remember: bool = True) -> None:
        self.cache, self.remember = cache, remember

    def get(self, asked: str) -> Stored | None:
        """The image that was requested as `asked` before; None if there is none, or its file is damaged."""
        try:
            note = files.read_json(self._note(asked))
            stored = Stored(note["url"], note["sha256"], self._image(note["sha256"]))
        except (MapganError, KeyError, TypeError):
            return None
        intact = stored.path.is_file() and files.sha256_file(stored.path) == stored.digest
        return stored if intact else None

    def add(self, asked: str, url: str, downloaded: Path) -> Stored:
        """Add a finished download that was requested as `asked` and found at `url`."""
        digest = files.sha256_file(downloaded)
        stored = Stored(url, digest, self._image(digest))
        files.link_or_copy(downloaded, stored.path)
        if self.remember:
            files.write_json(self._note(asked), {"asked": asked, "url": url, "sha256": digest})
        return stored

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for unfinished downloads, on the same disk, so that `add` can link."""
        self.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="download-", dir=self.cache) as name:
            yield Path(name)

    def _image(self, digest: str) -> Path:
        return self.cache / "images" / digest[:2] / digest

    def _note(self, asked: str) -> Path:
        return self.cache / "urls" / f"{files.sha256_bytes(asked.encode())}.json"
