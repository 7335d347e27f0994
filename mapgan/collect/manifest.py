"""The manifest: one row for each image that was taken and each address that failed."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Literal, get_args

from mapgan import files
from mapgan.errors import MapganError

Status = Literal["ok", "failed"]
FILE_NAME = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,8}")
MAX_TEXT = 2000
FORMULA_SIGNS = ("=", "+", "-", "@")
GUARDED = tuple(f"'{sign}" for sign in FORMULA_SIGNS)


def sanitize(text: str) -> str:
    """One line of at most 2000 characters that no spreadsheet takes for a formula.

    Control and format characters (Unicode C*) go: a title from the net must not break a row or a terminal.
    """
    cleaned = "".join(" " if unicodedata.category(sign)[0] == "C" else sign for sign in text)
    line = " ".join(cleaned.split())[:MAX_TEXT].rstrip()
    return f"'{line}"[:MAX_TEXT].rstrip() if line.startswith(FORMULA_SIGNS) else line


def strip_guard(text: str) -> str:
    """What was made `sanitize`, without the sign that is for spreadsheets alone."""
    return text[1:] if text.startswith(GUARDED) else text


@dataclass(frozen=True, order=True)
class ManifestRow:
    """One line of `manifest.csv`; texts are made plain, so that what is written is what is read.

    `file` is the name in `data/raw`, empty when `status` is failed; `bytes`, `width` and `height`
    (pixels) are 0 where they are not known; `group` names the map that the image shows a part of,
    `label` the subfolder that it lies in.
    """

    file: str = ""
    url: str = ""
    page: str = ""
    title: str = ""
    author: str = ""
    licence: str = ""
    mime: str = ""
    bytes: int = 0
    width: int = 0
    height: int = 0
    group: str = ""
    label: str = ""
    status: Status = "ok"
    reason: str = ""

    def __post_init__(self) -> None:
        for name in ("url", "page", "title", "author", "licence", "mime", "group", "label", "reason"):
            object.__setattr__(self, name, sanitize(getattr(self, name)))


COLUMNS = [field.name for field in fields(ManifestRow)]


def deduplicate(rows: Iterable[ManifestRow]) -> list[ManifestRow]:
    """Sort rows by address; of good rows with the same file only the first stays."""
    seen: set[str] = set()
    unique = []
    for row in sorted(rows, key=_order):
        if row.status == "ok" and row.file in seen:
            continue
        seen.add(row.file)
        unique.append(row)
    return unique


def write_manifest(path: Path, rows: Iterable[ManifestRow]) -> None:
    """Write rows, sorted by address, as UTF-8 with plain newlines: the same rows give the same bytes."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(astuple(row) for row in sorted(rows, key=_order))
    files.write_text(path, text.getvalue())


def read_manifest(path: Path) -> list[ManifestRow]:
    """Read rows back, in the order they stand.

    Raises:
        MapganError: the file is missing, or a line is not what `write_manifest` writes.
    """
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        raise MapganError(f"{path}: no such file", "run the scrape stage first") from None
    except (OSError, UnicodeDecodeError) as error:
        raise MapganError(f"{path}: cannot be read ({error})") from None
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise MapganError(f"{path}: no CSV ({error})", "run the scrape stage again") from None
    if not lines or lines[0] != COLUMNS:
        raise MapganError(f"{path}: its first line does not name the columns of a manifest", "scrape again")
    return [_row(cells, f"{path}, row {number}") for number, cells in enumerate(lines[1:], start=2)]


def _row(cells: list[str], where: str) -> ManifestRow:
    if len(cells) != len(COLUMNS):
        raise MapganError(f"{where}: {len(cells)} cells instead of {len(COLUMNS)}", "scrape again")
    cell = dict(zip(COLUMNS, cells, strict=True))
    if cell["status"] not in get_args(Status):
        raise MapganError(f"{where}: status {cell['status']!r} is neither ok nor failed", "scrape again")
    # a name such as ../../x would lead whoever opens it out of the folder
    if not FILE_NAME.fullmatch(cell["file"]) and (cell["file"] or cell["status"] == "ok"):
        raise MapganError(f"{where}: {cell['file']!r} is no <sha256>.<ext>", "scrape again")
    numbers = {}
    for name in ("bytes", "width", "height"):
        if not re.fullmatch(r"[0-9]{1,15}", cell[name]):
            raise MapganError(f"{where}: {name} {cell[name]!r} is no count", "scrape again")
        numbers[name] = int(cell[name])
    return ManifestRow(**(cell | numbers))  # type: ignore[arg-type]  # status and numbers were looked at above


def _order(row: ManifestRow) -> tuple[str, ManifestRow]:
    return row.url, row
