"""`keep.txt` and `drop.txt`: a person's say, which overrules prune's.

One image per line: its digest (a click on it in the report copies it), its file name, or for many at once a field of
the manifest and a pattern, such as `title: *legend*` or `licence: *NC*`. A line that begins with # is a comment. An
image's own name counts more than a pattern.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from mapgan.collect.manifest import ManifestRow, strip_guard
from mapgan.errors import MapganError
from mapgan.params.collecting import Prune

FIELDS = ("page", "title", "author", "licence", "label")  # of the manifest, that patterns may match


class Override(NamedTuple):
    """What the lists say of an image: `keep`, or the line of drop.txt by which it is dropped, or neither."""

    keep: bool = False
    dropped_by: str = ""


@dataclass(frozen=True)
class List:
    """The lines of a file, by number, and the field that a line's pattern is for (empty: a name)."""

    path: Path
    lines: dict[int, tuple[str, str]]


def overrides(settings: Prune, rows: Sequence[ManifestRow]) -> list[Override]:
    """What `prune.keep` and `prune.drop` say of each row. Lines that match none are named on stderr.

    Raises:
        MapganError: a list cannot be read, or an image is on both.
    """
    lists = {name: _read(name, getattr(settings, name)) for name in ("keep", "drop")}
    used: dict[str, set[int]] = {name: set() for name in lists}
    found = []
    for row in rows:
        hits = {name: _hits(row, entries) for name, entries in lists.items()}
        for name, numbers in hits.items():
            used[name] |= set(numbers)
        found.append(_override(row, lists, hits))
    for name, entries in lists.items():
        for number in sorted(entries.lines.keys() - used[name]):
            print(f"mapgan: {entries.path}, line {number}: matches no image, left out", file=sys.stderr)
    return found


def _override(row: ManifestRow, lists: dict[str, List], hits: dict[str, list[int]]) -> Override:
    named = {name: [number for number in numbers if not lists[name].lines[number][0]] for name, numbers in hits.items()}
    decisive = named if any(named.values()) else hits
    keep, drop = decisive["keep"], decisive["drop"]
    if keep and drop:
        where = ", ".join(f"{lists[name].path} line {decisive[name][0]}" for name in ("keep", "drop"))
        raise MapganError(f"{row.file} is to be kept and dropped ({where})", "remove one of the lines")
    if not drop:
        return Override(keep=bool(keep))
    field, text = lists["drop"].lines[drop[0]]
    return Override(dropped_by=f"{lists['drop'].path.name}, line {drop[0]}" + (f" ({field}: {text})" if field else ""))


def _hits(row: ManifestRow, entries: List) -> list[int]:
    names = _names(row)
    return [
        number
        for number, (field, text) in entries.lines.items()
        if (fnmatchcase(strip_guard(getattr(row, field)).casefold(), text.casefold()) if field else text in names)
    ]


def _names(row: ManifestRow) -> set[str]:
    """What an image may be called: digest, name in the folder of raw images, its address, and the last part of it."""
    address = row.url.removeprefix("folder:")
    try:
        path = urlsplit(address).path if "://" in address else address
    except ValueError:
        path = address
    last = PurePosixPath(path).name
    return {row.file, row.file.split(".")[0], address, last, unquote(last)} - {""}


def _read(name: str, setting: str) -> List:
    path = Path(setting)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        if setting != Prune.model_fields[name].default:
            raise MapganError(f"prune.{name}: no file {path}", "create it, or correct the name") from None
        text = ""  # nobody has to have lists
    except (OSError, UnicodeDecodeError) as error:
        raise MapganError(f"prune.{name}: {path} cannot be read ({error})", "save it as UTF-8 text") from None
    lines = {number: line.strip() for number, line in enumerate(text.splitlines(), start=1)}
    return List(path, {number: _parsed(line) for number, line in lines.items() if line and not line.startswith("#")})


def _parsed(line: str) -> tuple[str, str]:
    field, colon, pattern = line.partition(":")
    return (field, pattern.strip()) if colon and field in FIELDS else ("", line)
