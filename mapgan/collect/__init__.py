"""The scrape stage: collects images from websites, archives, a list of addresses, a folder, or the demo gallery."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mapgan import files
from mapgan.collect import commons, demo, fetching, folder, gallery, keeping, map_of_the_week, urls, wordpress
from mapgan.collect.client import Client
from mapgan.collect.found import Found
from mapgan.collect.keeping import Gathered, Incomplete
from mapgan.collect.manifest import FILE_NAME, ManifestRow, deduplicate, read_manifest, write_manifest
from mapgan.collect.page_cache import PageCache
from mapgan.collect.source import Source
from mapgan.collect.store import Store
from mapgan.errors import MapganError
from mapgan.params.collecting import Scrape

__all__ = [
    "Counts",
    "Incomplete",
    "ManifestRow",
    "collect",
    "collect_nothing",
    "discover",
    "read_manifest",
    "settings_for",
    "write_manifest",
]

LEFTOVERS = f".{'[0-9a-f]' * 64}.*.part"


@dataclass(frozen=True)
class Counts:
    """The result of `collect`, in numbers.

    `images` are in the manifest. `new` ones of them were downloaded in this run or, from a folder, were not in `raw`
    before. `failed` counts the pages, images or files that could not be read and were skipped; `refused` those that
    their owner keeps from crawlers, and those whose licence is not allowed.
    """

    images: int
    new: int
    failed: int
    refused: int = 0


def collect(settings: Scrape, raw: Path, cache: Path) -> Counts:
    """Fill `raw` with images named `<sha256>.<ext>` and write `raw/manifest.csv`.

    Images of an earlier run that are not in the new manifest are removed; other files are kept.

    Args:
        settings: the section `scrape` of `params.yaml`.
        raw: folder for the images and the manifest.
        cache: folder for downloads, which later runs use.

    Raises:
        MapganError: a setting is wrong, the source cannot be reached, or another scrape is running.
        Incomplete: too many images failed, or images of the last scrape are missing; those that there are, also the
            missing ones, are in `raw`.
    """
    with files.locked(cache / "scrape.lock", f"another scrape uses {cache}; wait for its end, or stop it"):
        return _collect(settings, raw, cache)


def _collect(settings: Scrape, raw: Path, cache: Path) -> Counts:
    for left in raw.glob(LEFTOVERS):  # by a run that was killed; the lock keeps out others
        left.unlink(missing_ok=True)
    before = _images_in_manifest(raw)
    if settings.source in ON_THE_NET:
        gathered = _from_net(ON_THE_NET[settings.source](settings), settings, raw, cache)
    else:
        gathered = OTHERS[settings.source](settings, raw, cache)
    rows = deduplicate(gathered.rows)
    write_manifest(raw / "manifest.csv", rows)
    names = {row.file for row in rows if row.status == "ok"}
    for name in before - _files_of(rows):
        (raw / name).unlink(missing_ok=True)
    if gathered.trouble:
        raise Incomplete(gathered.trouble)
    statuses = Counter(row.status for row in rows)
    if not names:
        first = next(row for row in rows if row.status != "ok")
        raise Incomplete(f"no images collected, {len(rows)} failed", f"{first.url}: {first.reason}")
    return Counts(len(names), gathered.new, statuses["failed"] + statuses["drift"], statuses["refused"])


def discover(settings: Scrape) -> Found:
    """The images that `collect` would download, and what is left out; pages are read, no image is.

    Raises:
        MapganError: a setting is wrong, the source is not on the net, or its first page cannot be fetched.
    """
    if settings.source not in ON_THE_NET:
        raise MapganError(f"scrape.source: {settings.source} is not on the net", f"choose {' or '.join(ON_THE_NET)}")
    source = ON_THE_NET[settings.source](settings)
    return source.find(Client(settings.download, source.trusted, source.api))


def settings_for(url: str) -> dict[str, Any]:
    """The settings of the section `scrape` for what a URL shows; without a source of its own, it is a gallery."""
    for name, from_url in BY_URL.items():
        options = from_url(url)
        if options is not None:
            return {"source": name, name: options}
    return {"source": "gallery", "gallery": {"urls": [url]}}


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


def _from_folder(settings: Scrape, raw: Path, cache: Path) -> Gathered:
    # without DVC, the output may be inside the user's folder
    return Gathered(*folder.gather(settings.folder, settings.group_pattern, raw, leave_out=[raw, cache]))


def _from_net(source: Source, settings: Scrape, raw: Path, cache: Path) -> Gathered:
    """What is on the net, and what the last scrape found there and this one does not."""
    store = Store(cache, unasked=settings.download.opt_outs == "ignore")
    manifest = keeping.last_manifest(settings.download, source, cache)
    earlier = [] if settings.download.allow_fewer else keeping.images_in(manifest)
    try:
        client = Client(settings.download, source.trusted, source.api, pages=PageCache(cache))
        gathered = fetching.gather(source, client, store, raw, settings.group_pattern)
    except MapganError as error:
        if not earlier or settings.download.offline:
            raise
        gathered = Gathered([], 0, trouble=str(error))
    if settings.download.offline:
        gathered = keeping.offline(gathered, manifest, cache)
    gathered = keeping.keep_missing(earlier, gathered, store, raw)
    write_manifest(manifest, gathered.rows)
    complaints = [gathered.trouble, keeping.complaint(gathered.rows, settings.download, raw)]
    return replace(gathered, trouble="; ".join(filter(None, complaints)))


def _from_demo(settings: Scrape, raw: Path, cache: Path) -> Gathered:
    return demo.gather(settings.demo, settings.group_pattern, raw, cache)


ON_THE_NET: dict[str, Callable[[Scrape], Source]] = {
    "gallery": gallery.source,
    "wordpress": wordpress.source,
    "commons": commons.source,
    "map-of-the-week": map_of_the_week.source,
    "urls": urls.source,
}
BY_URL: dict[str, Callable[[str], dict[str, Any] | None]] = {
    "wordpress": wordpress.from_url,
    "commons": commons.from_url,
    "map-of-the-week": map_of_the_week.from_url,
}
OTHERS: dict[str, Callable[[Scrape, Path, Path], Gathered]] = {"folder": _from_folder, "demo": _from_demo}
