"""Images in a folder of the user, which is never changed."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from mapgan import files
from mapgan.collect.groups import group
from mapgan.collect.header import read_header
from mapgan.collect.image_formats import HEIF_SUFFIXES, suffixes
from mapgan.collect.manifest import ManifestRow
from mapgan.errors import MapganError
from mapgan.params.collecting import Folder
from mapgan.progress import Bar

MAX_NAMED = 10  # files that are not images, in the line about them


def gather(
    settings: Folder, group_pattern: str, raw: Path, leave_out: Collection[Path] = ()
) -> tuple[list[ManifestRow], int]:
    """Copy the images of a folder into `raw`; returns their rows, and how many were not there before.

    They are copied, not linked: with DVC's link type `hardlink`, a link would make the user's own file read-only, and
    editing it would change `raw` without DVC noticing.

    Raises:
        MapganError: the folder is missing, or has no images.
    """
    folder = Path(settings.path).expanduser()
    if not folder.is_dir():
        raise MapganError(f"scrape.folder.path: no folder {folder}", "make it and put your images there")
    everything = list(walk(folder, leave_out))
    images = [path for path in everything if path.suffix.lower() in suffixes()]
    if not images:
        kinds = ", ".join(suffix[1:] for suffix in suffixes())
        raise MapganError(f"{folder}: no images", f"put some there ({kinds})")
    if others := [path for path in everything if path.suffix.lower() not in suffixes()]:
        print(f"mapgan: {folder}: {_named(folder, others)}", file=sys.stderr)
    rows, new = [], 0
    with Bar("images", total=len(images)) as bar:
        for path in images:
            row, fresh = _copy_image(path, path.relative_to(folder), group_pattern, raw)
            rows.append(row)
            new += fresh
            bar.advance()
    return rows, new


def _named(folder: Path, others: Sequence[Path]) -> str:
    """A line that names the first of the files that are not images, and says how to read photos of phones."""
    names = ["".join(c for c in str(path.relative_to(folder)) if c.isprintable()) for path in others[:MAX_NAMED]]
    more = f" and {len(others) - MAX_NAMED} more" if len(others) > MAX_NAMED else ""
    line = f"{len(others)} files skipped that are not images: {', '.join(names)}{more}"
    heif = any(path.suffix.lower() in HEIF_SUFFIXES for path in others)
    return line + ('; pip install "mapgan[heic]" to read HEIC and HEIF images' if heif else "")


def walk(folder: Path, leave_out: Collection[Path] = ()) -> Iterator[Path]:
    """All files below a folder, sorted, without hidden ones; no folder is visited twice, as links can form loops."""
    seen = {path.resolve() for path in leave_out}

    def below(here: Path) -> Iterator[Path]:
        real = here.resolve()
        if real in seen:
            return
        seen.add(real)
        try:
            entries = sorted(here.iterdir(), key=lambda entry: entry.name)
        except OSError as error:
            print(f"mapgan: {here}: skipped ({error.strerror})", file=sys.stderr)
            return
        for entry in entries:
            if entry.name.startswith("."):
                continue
            try:
                is_folder, is_file = entry.is_dir(), entry.is_file()
            except OSError as error:
                print(f"mapgan: {entry}: skipped ({error.strerror})", file=sys.stderr)
                continue
            if is_folder:
                yield from below(entry)
            elif is_file:
                yield entry

    yield from below(folder)


def _copy_image(path: Path, relative: Path, group_pattern: str, raw: Path) -> tuple[ManifestRow, bool]:
    """The row of an image, and whether it was not in `raw` before."""
    url = f"folder:{relative.as_posix()}"
    try:
        digest = files.sha256_file(path)
        header = read_header(path)
    except OSError as error:
        return ManifestRow(url=url, status="failed", reason=f"cannot be read ({error.strerror})"), False
    target = raw / f"{digest}.{header.suffix}"
    fresh = not target.is_file() or files.sha256_file(target) != digest
    if fresh:
        with files.atomic_write(target) as scratch:
            shutil.copyfile(path, scratch)
    size = target.stat().st_size
    # a/1.png and b/1.png are different maps
    where = relative.parent.as_posix()
    name = group(path.stem, group_pattern)
    row = ManifestRow(
        file=target.name,
        url=url,
        mime=header.mime,
        bytes=size,
        width=header.width,
        height=header.height,
        group=name if where == "." else f"{where}/{name}",
        label=relative.parts[0] if len(relative.parts) > 1 else "",
    )
    return row, fresh
