"""The scrape stage: collects images from a folder, a website, or the demo gallery that comes with mapgan."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from mapgan.collect import demo, folder, gallery
from mapgan.collect.client import Client
from mapgan.collect.manifest import FILE_NAME, ManifestRow, deduplicate, read_manifest, write_manifest
from mapgan.collect.store import Store
from mapgan.errors import MapganError
from mapgan.params.collecting import Scrape

__all__ = ["Counts", "ManifestRow", "collect", "collect_nothing", "read_manifest", "write_manifest"]


@dataclass(frozen=True)
class Counts:
    """The result of `collect`, in numbers.

    `images` are in the manifest. `new` ones of them were downloaded in this run or, from a folder, were not in `raw`
    before. `failed` counts the pages, images or files that could not be read and were skipped.
    """

    images: int
    new: int
    failed: int


def collect(settings: Scrape, raw: Path, cache: Path) -> Counts:
    """Fill `raw` with images named `<sha256>.<ext>` and write `raw/manifest.csv`.

    Images of an earlier run that are not in the new manifest are removed; other files are kept.

    Args:
        settings: the section `scrape` of `params.yaml`.
        raw: folder for the images and the manifest.
        cache: folder for downloads, which later runs use.

    Raises:
        MapganError: a setting is wrong, the source cannot be reached, or it has no images.
    """
    before = _images_in_manifest(raw)
    rows, new = SOURCES[settings.source](settings, raw, cache)
    rows = deduplicate(rows)
    write_manifest(raw / "manifest.csv", rows)
    names = {row.file for row in rows if row.status == "ok"}
    for name in before - _files_of(rows):
        (raw / name).unlink(missing_ok=True)
    failed = [row for row in rows if row.status == "failed"]
    if not names:
        raise MapganError(f"no images collected, {len(failed)} failed", f"{failed[0].url}: {failed[0].reason}")
    return Counts(len(names), new, len(failed))


def collect_nothing(raw: Path) -> None:
    """Write an empty manifest to `raw` and remove the images of an earlier run."""
    before = _images_in_manifest(raw)
    write_manifest(raw / "manifest.csv", [])
    for name in before:
        (raw / name).unlink(missing_ok=True)


def _images_in_manifest(raw: Path) -> set[str]:
    with contextlib.suppress(MapganError):
        return _files_of(read_manifest(raw / "manifest.csv"))
    return set()


def _files_of(rows: Iterable[ManifestRow]) -> set[str]:
    """The names of the images and label images of `rows`."""
    return {name for row in rows for name in (row.file, row.label_map) if FILE_NAME.fullmatch(name)}


def _from_folder(settings: Scrape, raw: Path, cache: Path) -> tuple[list[ManifestRow], int]:
    # without DVC, the output may be inside the user's folder
    return folder.gather(settings.folder, settings.group_pattern, raw, leave_out=[raw, cache])


def _from_gallery(settings: Scrape, raw: Path, cache: Path) -> tuple[list[ManifestRow], int]:
    gallery.check_settings(settings.gallery)
    client = Client(settings.gallery, trusted=settings.gallery.urls)
    return gallery.gather(settings.gallery, settings.group_pattern, client, Store(cache), raw)


def _from_demo(settings: Scrape, raw: Path, cache: Path) -> tuple[list[ManifestRow], int]:
    return demo.gather(settings.demo, settings.group_pattern, raw, cache)


SOURCES: dict[str, Callable[[Scrape, Path, Path], tuple[list[ManifestRow], int]]] = {
    "folder": _from_folder,
    "gallery": _from_gallery,
    "demo": _from_demo,
}
