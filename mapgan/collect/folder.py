"""Images from the user's folder. Nothing in that folder is ever changed."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from mapgan import files
from mapgan.collect.groups import group
from mapgan.collect.header import read_header
from mapgan.collect.image_formats import HEIF, SUFFIXES, can_read_heif
from mapgan.collect.manifest import ManifestRow
from mapgan.dataset.legend import LABEL_IMAGE, LEGEND
from mapgan.errors import MapganError
from mapgan.params.collecting import Folder
from mapgan.progress import Bar

MAX_NAMES = 10  # skipped files that are named, at most
HEIF_HINT = 'pip install "mapgan[heic]" reads HEIC and HEIF files'


def gather(
    settings: Folder, group_pattern: str, raw: Path, leave_out: Collection[Path] = ()
) -> tuple[list[ManifestRow], int]:
    """Copy the images of a folder into `raw`; returns their rows and how many of them are new there.

    They are copied, not linked: with DVC's link type `hardlink`, a link would make the user's own file read-only,
    and painting over it later would change `raw` behind DVC's back.

    Raises:
        MapganError: the folder is missing, or has no images.
    """
    folder = Path(settings.path).expanduser()
    if not folder.is_dir():
        raise MapganError(f"scrape.folder.path: no folder {folder}", "create it and put your images there")
    everything = list(walk(folder, leave_out))
    images = [path for path in everything if is_image_file(path)]
    skipped = [path for path in everything if not (is_image_file(path) or _is_label_file(path))]
    unread_heif = any(path.suffix.lower() in HEIF.suffixes for path in skipped)
    if not images:
        suffixes = ", ".join(suffix[1:] for suffix in SUFFIXES)
        raise MapganError(f"{folder}: no images", HEIF_HINT if unread_heif else f"put some there ({suffixes})")
    if skipped:
        hint = f"; {HEIF_HINT}" if unread_heif else ""
        print(f"mapgan: {folder}: {_skipped(folder, skipped)}{hint}", file=sys.stderr)
    (raw / LEGEND).unlink(missing_ok=True)
    if (folder / LEGEND).is_file():
        _copy(folder / LEGEND, raw / LEGEND)
    rows, new = [], 0
    with Bar("images", total=len(images)) as bar:
        for path in images:
            row, is_new = _copy_image(path, path.relative_to(folder), group_pattern, raw)
            rows.append(row)
            new += is_new
            bar.advance()
    return rows, new


def is_image_file(path: Path) -> bool:
    """Whether a file is an image of a format that can be read here, and no label image; HEIF needs pillow-heif."""
    suffix = path.suffix.lower()
    known = suffix in SUFFIXES or (suffix in HEIF.suffixes and can_read_heif())
    return known and not _is_label_file(path)


def _is_label_file(path: Path) -> bool:
    """Whether it is a label image, `name.labels.png` for `name.png`, or the legend of these."""
    return path.name.endswith(LABEL_IMAGE) or path.name == LEGEND


def _skipped(folder: Path, paths: Sequence[Path]) -> str:
    """How many files are not images, and the names of the first ones."""
    names = ["".join(c for c in str(path.relative_to(folder)) if c.isprintable()) for path in paths[:MAX_NAMES]]
    more = f" and {len(paths) - MAX_NAMES} more" if len(paths) > MAX_NAMES else ""
    return f"skipped files that are not images ({len(paths)}): {', '.join(names)}{more}"


def walk(folder: Path, leave_out: Collection[Path] = ()) -> Iterator[Path]:
    """All files below a folder, sorted by name, without hidden ones; no folder twice (links can form loops)."""
    visited = {path.resolve() for path in leave_out}

    def below(here: Path) -> Iterator[Path]:
        real = here.resolve()
        if real in visited:
            return
        visited.add(real)
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
            else:
                print(f"mapgan: {entry}: skipped (a broken link, or neither file nor folder)", file=sys.stderr)

    yield from below(folder)


def _copy_image(path: Path, relative: Path, group_pattern: str, raw: Path) -> tuple[ManifestRow, bool]:
    """Copy one image; returns its row and whether it is new in `raw`."""
    url = f"folder:{relative.as_posix()}"
    labels = path.with_name(path.stem + LABEL_IMAGE)
    try:
        digest = files.sha256_file(path)
        label_map = f"{files.sha256_file(labels)}.png" if labels.is_file() else ""
        header = read_header(path)
    except OSError as error:
        return ManifestRow(url=url, status="failed", reason=f"cannot be read ({error.strerror})"), False
    target = raw / f"{digest}.{header.suffix}"
    is_new = _copy(path, target)
    if label_map:
        _copy(labels, raw / label_map)
    size = target.stat().st_size
    # a/1.png and b/1.png are two maps
    parent = relative.parent.as_posix()
    name = group(path.stem, group_pattern)
    row = ManifestRow(
        file=target.name,
        url=url,
        mime=header.mime,
        bytes=size,
        width=header.width,
        height=header.height,
        group=name if parent == "." else f"{parent}/{name}",
        label=relative.parts[0] if len(relative.parts) > 1 else "",
        label_map=label_map,
    )
    return row, is_new


def _copy(path: Path, target: Path) -> bool:
    """Copy a file to `target`, `<sha256>.<suffix>`, if it is not there whole; returns whether it was not."""
    if target.is_file() and files.sha256_file(target) == target.stem:
        return False
    with files.atomic_write(target) as scratch:
        shutil.copyfile(path, scratch)
    return True
