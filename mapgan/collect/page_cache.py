"""Pages as they were last, so that a site need not send them again, and a scrape can be repeated without the net."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from urllib3 import HTTPHeaderDict

from mapgan import files
from mapgan.collect.responses import Fetched


@dataclass(frozen=True)
class CachedPage:
    """A page, and what its response said."""

    fetched: Fetched
    body: bytes

    def conditions(self, url: str) -> dict[str, str]:
        """Headers that ask for the page only if it has changed; empty unless `url` is the one that gave it."""
        if url != self.fetched.url:
            return {}
        pairs = {"If-None-Match": "ETag", "If-Modified-Since": "Last-Modified"}
        return {name: self.fetched.headers[of] for name, of in pairs.items() if of in self.fetched.headers}


class PageCache:
    """Pages in `pages/<sha256 of the address>`: a line of JSON, and the body.

    Args:
        cache: the folder for `pages`.
    """

    def __init__(self, cache: Path) -> None:
        self.folder = cache / "pages"

    def get(self, url: str) -> CachedPage | None:
        """The page that `url` gave last; None if there is none, or the file is damaged."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            first, _, body = self._path(url).read_bytes().partition(b"\n")
            note = json.loads(first)
            if note["asked"] != url or note["sha256"] != files.sha256_bytes(body):
                return None
            headers = HTTPHeaderDict()
            for name, value in note["headers"]:
                if value.isprintable():
                    headers.add(name, value)
            words = frozenset(note["words"])
            return CachedPage(Fetched(note["url"], note["media_type"], note["charset"], words, headers), body)
        return None

    def put(self, url: str, page: CachedPage) -> None:
        """Remember what `url` gave, also by redirects."""
        fetched = page.fetched
        note = {
            "asked": url,
            "url": fetched.url,
            "media_type": fetched.media_type,
            "charset": fetched.charset,
            "words": sorted(fetched.words),
            "headers": [list(pair) for pair in fetched.headers.items()],
            "sha256": files.sha256_bytes(page.body),
        }
        path = self._path(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_name(f".{path.name}.part")
        scratch.write_bytes(files.canonical_json(note).encode() + b"\n" + page.body)
        scratch.replace(path)

    def _path(self, url: str) -> Path:
        return self.folder / files.sha256_bytes(url.encode())
