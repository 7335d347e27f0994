"""Credits for images, as their licences ask for them: title, author, source, licence, and a link to its text.

https://wiki.creativecommons.org/wiki/Recommended_practices_for_attribution
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from mapgan.collect.licences import name_of, text_of_licence
from mapgan.collect.manifest import sanitize, strip_guard
from mapgan.errors import MapganError

COLUMNS = ("title", "author", "licence", "page", "url")
# what Markdown takes for markup, and what GitHub takes for an address
MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~&!:@]|(?<=www)\.)", re.IGNORECASE)
INTRODUCTION = """\
# Credits

These images were collected with mapgan. For training, they are cropped and scaled.
"""


@dataclass(frozen=True, order=True)
class Credit:
    """What is known of an image; fields are empty where its page says nothing. `page` shows it at `url`."""

    author: str
    title: str
    licence: str
    page: str
    url: str


def read_credits(manifest: Path) -> list[Credit]:
    """The credits for the images of a manifest, or of another CSV file with its columns, sorted by author and title.

    Raises:
        MapganError: it cannot be read, or has no images.
    """
    try:
        text = manifest.read_text(encoding="utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise MapganError(f"{manifest}: cannot be read ({error})", "name the manifest.csv of a scrape") from None
    if rows and not set(COLUMNS) <= rows[0].keys():
        raise MapganError(f"{manifest}: not a manifest", f"its first line should have {', '.join(COLUMNS)}")
    taken = [row for row in rows if row.get("status", "ok") == "ok"]
    if not taken:
        raise MapganError(f"{manifest}: no images")
    return sorted({Credit(**{name: _cleaned(row[name] or "") for name in COLUMNS}) for row in taken})


def to_markdown(entries: Iterable[Credit]) -> str:
    """The credits as a Markdown page. Texts from the net are escaped: none of them is a link or HTML."""
    lines = [INTRODUCTION]
    for entry in entries:
        title = _escape(entry.title) or "Untitled"
        author = _escape(entry.author) or "an author that its page does not name"
        lines.append(f"- “{title}” by {author}, {_licence(entry.licence)}, from {_source(entry)}")
    return "\n".join(lines) + "\n"


def to_csv(entries: Iterable[Credit]) -> str:
    """The credits as CSV, guarded against spreadsheets that would take a title for a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("title", "author", "licence", "licence_text", "page", "url"))
    for entry in entries:
        cells = (entry.title, entry.author, entry.licence, text_of_licence(entry.licence), entry.page, entry.url)
        writer.writerow(map(sanitize, cells))
    return text.getvalue()


def _cleaned(text: str) -> str:
    return strip_guard(sanitize(strip_guard(text)))


def _licence(name: str) -> str:
    url = text_of_licence(name)
    if url:
        return f"[{_escape(name_of(name))}]({_target(url)})"
    return _escape(name) or "under a licence that its page does not name"


def _source(entry: Credit) -> str:
    address = entry.page or entry.url
    host = urlsplit(address).hostname if address.startswith(("http://", "https://")) else None
    return f"[{_escape(host)}]({_target(address)})" if host else f"`{address.replace('`', '')}`"


def _escape(text: str) -> str:
    return MARKUP.sub(r"\\\1", text)


def _target(url: str) -> str:
    """A URL in which no character ends the link."""
    return quote(url, safe="%/:=&?~#+!$,;'@*-._")
