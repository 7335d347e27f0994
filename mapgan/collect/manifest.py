"""The manifest: one row for each image that was collected and each address that failed, as CSV."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_type_hints

from mapgan import files
from mapgan.errors import MapganError

Status = Literal["ok", "failed", "refused", "drift"]
FILE_NAME = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,8}")
MAX_LENGTH = 2000
FORMULA_CHARACTERS = ("=", "+", "-", "@")
GUARDED = tuple(f"'{character}" for character in FORMULA_CHARACTERS)


def sanitize(text: str) -> str:
    """One line of at most 2000 characters that no spreadsheet takes for a formula.

    Control and format characters (Unicode C*) are removed: a title from the net must not break a row or a terminal.
    """
    start = text[: 4 * MAX_LENGTH]
    cleaned = start
    if not start.isprintable():
        cleaned = "".join(" " if unicodedata.category(character)[0] == "C" else character for character in start)
    line = " ".join(cleaned.split())[:MAX_LENGTH].rstrip()
    return f"'{line}"[:MAX_LENGTH].rstrip() if line.startswith(FORMULA_CHARACTERS) else line


def strip_guard(text: str) -> str:
    """A sanitized text without the apostrophe that guards it in spreadsheets."""
    return text[1:] if text.startswith(GUARDED) else text


@dataclass(frozen=True, order=True)
class ManifestRow:
    """A row of `manifest.csv`. Texts are sanitized, so that what is written equals what is read.

    Attributes:
        file: name in `data/raw`, `<sha256>.<suffix>`; empty unless the status is ok.
        url: address of the image.
        page: address of the page that shows it.
        title: as the page calls it.
        author: as the page says.
        licence: as the page says.
        mime: MIME type, from the file's content.
        bytes: size of the file.
        width: pixels; 0 if it is not known.
        height: the same.
        group: the map of which the image shows a part; a group is never split between training set and hold-out.
        label: the subfolder that it is from; empty if there is none.
        label_map: name in `data/raw` of its label image; empty if there is none.
        status: ok, failed, refused (its owner keeps it from crawlers, or its licence is not allowed), or drift (it is
            not what it was when it was listed).
        reason: why it is not ok; or why it is ok though it was not seen in this run.
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
    label_map: str = ""
    status: Status = "ok"
    reason: str = ""

    @property
    def known_as(self) -> str:
        """What a person calls it: its name in their folder, if it is from one."""
        return self.url.removeprefix("folder:") if self.url.startswith("folder:") else self.file

    def __post_init__(self) -> None:
        for name in ("url", "page", "title", "author", "licence", "mime", "group", "label", "reason"):
            object.__setattr__(self, name, sanitize(getattr(self, name)))


Row = TypeVar("Row", bound=ManifestRow)


def deduplicate(rows: Iterable[ManifestRow]) -> list[ManifestRow]:
    """Sort rows by address, and of good rows with the same file keep the first only."""
    seen: set[str] = set()
    unique = []
    for row in sorted(rows, key=_order):
        if row.status == "ok" and row.file in seen:
            continue
        seen.add(row.file)
        unique.append(row)
    return unique


def write_manifest(path: Path, rows: Iterable[ManifestRow]) -> None:
    """Write rows sorted by address; equal rows give equal bytes."""
    write_rows(path, ManifestRow, sorted(rows, key=_order))


def read_manifest(path: Path) -> list[ManifestRow]:
    """Read the rows of a manifest, in their order.

    Raises:
        MapganError: the file is missing, or is not a manifest.
    """
    return read_rows(path, ManifestRow, "scrape")


def write_rows(path: Path, row_type: type[Row], rows: Iterable[Row]) -> None:
    """Write rows as CSV, UTF-8 with `\\n` newlines, atomically."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_columns(row_type))
    writer.writerows(astuple(row) for row in rows)
    files.write_text(path, text.getvalue())


def read_rows(path: Path, row_type: type[Row], stage: str) -> list[Row]:
    """Read what `write_rows` wrote.

    Raises:
        MapganError: the file is missing, or a line is not what `stage` writes.
    """
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        raise MapganError(f"{path}: no such file", f"{stage} first") from None
    except (OSError, UnicodeDecodeError) as error:
        raise MapganError(f"{path}: cannot be read ({error})") from None
    again = f"{stage} again"
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise MapganError(f"{path}: not CSV ({error})", again) from None
    if not lines or lines[0] != _columns(row_type):
        raise MapganError(f"{path}: its first line is not that of a file that {stage} wrote", again)
    return [_row(cells, row_type, f"{path}, row {number}", again) for number, cells in enumerate(lines[1:], start=2)]


def _columns(row_type: type[ManifestRow]) -> list[str]:
    return [field.name for field in fields(row_type)]


def _row(cells: list[str], row_type: type[Row], where: str, again: str) -> Row:
    columns = _columns(row_type)
    if len(cells) != len(columns):
        raise MapganError(f"{where}: {len(cells)} cells instead of {len(columns)}", again)
    values: dict[str, Any] = dict(zip(columns, cells, strict=True))
    if values["status"] not in get_args(Status):
        raise MapganError(f"{where}: status {values['status']!r} is none of {', '.join(get_args(Status))}", again)
    # a name such as ../../x would lead out of the folder
    if not FILE_NAME.fullmatch(values["file"]) and (values["file"] or values["status"] == "ok"):
        raise MapganError(f"{where}: {values['file']!r} is not <sha256>.<suffix>", again)
    if values["label_map"] and not FILE_NAME.fullmatch(values["label_map"]):
        raise MapganError(f"{where}: {values['label_map']!r} is not <sha256>.<suffix>", again)
    for name, kind in get_type_hints(row_type).items():
        if kind in (int, float):
            pattern = r"[0-9]{1,15}" if kind is int else r"[0-9]{1,15}(\.[0-9]+)?"
            if not re.fullmatch(pattern, values[name]):
                raise MapganError(f"{where}: {name} {values[name]!r} is not a number", again)
            values[name] = kind(values[name])
    return row_type(**values)


def _order(row: ManifestRow) -> tuple[str, ManifestRow]:
    return row.url, row
