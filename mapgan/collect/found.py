"""What sources find: images by their addresses, before any of them is downloaded; as a list, it can be kept."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mapgan.collect.addresses import RefusedError, UnavailableError, canonical
from mapgan.collect.manifest import ManifestRow, Status, sanitize, strip_guard
from mapgan.errors import MapganError

DIGEST = re.compile(r"[0-9a-f]{64}")
COLUMNS = ("url", "alternatives", "page", "title", "author", "licence")


@dataclass(frozen=True)
class FoundImage:
    """An image: the URLs to try, best first, and what its page says about it."""

    urls: tuple[str, ...]
    page: str = ""
    title: str = ""
    author: str = ""
    licence: str = ""
    digest: str = ""
    """SHA-256 of its bytes when the list was made; empty if it is not known"""

    def without_file(self, reason: str, status: Status = "failed") -> ManifestRow:
        """The row of the manifest if the image is left out."""
        return ManifestRow(
            url=self.urls[0],
            page=self.page,
            title=self.title,
            author=self.author,
            licence=self.licence,
            status=status,
            reason=reason,
        )

    def failed(self, error: UnavailableError) -> ManifestRow:
        """The row of the manifest if the image, or the page at its address, cannot or may not be had."""
        return self.without_file(str(error), "refused" if isinstance(error, RefusedError) else "failed")


@dataclass(frozen=True)
class Found:
    """What a source has found.

    Attributes:
        images: none of them is downloaded yet.
        left_out: rows of pages, images or lines that failed or were refused.
        cut: a limit of the settings ended the search, and no page failed: images that were found by an earlier scrape
            may now lie behind the limit.
    """

    images: list[FoundImage]
    left_out: list[ManifestRow] = field(default_factory=list)
    cut: bool = False


def to_csv(images: Iterable[FoundImage]) -> str:
    """The list of images as CSV, sorted by address; `read_list` reads it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for image in sorted(images, key=lambda image: image.urls):
        cells = (image.urls[0], " ".join(image.urls[1:]), image.page, image.title, image.author, image.licence)
        writer.writerow(map(sanitize, cells))
    return text.getvalue()


def read_list(path: Path) -> Found:
    """The images of a list; lines that are no address, and those that were refused, are left out.

    Args:
        path: a text file with an address a line, or a CSV file (by its suffix) with a column `url`; the columns of
            `to_csv`, and those of a manifest, are read if they are there; the name in `file` says which
            bytes are meant.

    Raises:
        MapganError: the file cannot be read, or has no addresses.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise MapganError(f"{path}: cannot be read ({error})", "name a text or CSV file of addresses") from None
    lines = _csv_lines(text, path) if path.suffix.lower() == ".csv" else _text_lines(text)
    images: dict[str, FoundImage] = {}
    left_out: list[ManifestRow] = []
    for line in lines:
        try:
            image = _image(line)
        except UnavailableError as error:
            left_out.append(FoundImage((line["url"],)).failed(error))
            continue
        if line.get("status") == "refused":  # by its page, which is not read again
            left_out.append(image.without_file(line.get("reason", ""), "refused"))
        else:
            images.setdefault(image.urls[0], image)
    if not images:
        raise MapganError(f"{path}: no addresses of images", f"the first line is {left_out[0].url}" if left_out else "")
    return Found(list(images.values()), left_out)


def _text_lines(text: str) -> list[dict[str, str]]:
    lines = (line.strip() for line in text.splitlines())
    return [{"url": line} for line in lines if line and not line.startswith("#")]


def _csv_lines(text: str, path: Path) -> list[dict[str, str]]:
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise MapganError(f"{path}: not CSV ({error})") from None
    if not rows or "url" not in rows[0]:
        raise MapganError(f"{path}: no column url", f"the first line names the columns: {', '.join(COLUMNS)}")
    return [dict(zip(rows[0], map(strip_guard, row), strict=False)) for row in rows[1:] if any(row)]


def _image(line: Mapping[str, str]) -> FoundImage:
    urls = [canonical(url) for url in (line.get("url", ""), *line.get("alternatives", "").split())]
    page, title, author, licence = (line.get(name, "") for name in ("page", "title", "author", "licence"))
    with_page = page.startswith(("http://", "https://"))
    digest = line.get("file", "").partition(".")[0]
    return FoundImage(
        tuple(dict.fromkeys(urls)),
        canonical(page) if with_page else "",
        title,
        author,
        licence,
        digest if DIGEST.fullmatch(digest) else "",
    )
