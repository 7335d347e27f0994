"""What an earlier scrape had is not lost on a bad day: images that are missing now are kept, and the scrape fails.

The manifest of the last scrape lies in the cache, because DVC empties `data/raw` before the stage starts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mapgan import files
from mapgan.collect.client import NOT_HERE
from mapgan.collect.manifest import ManifestRow, read_manifest
from mapgan.collect.source import Source
from mapgan.collect.store import Store
from mapgan.errors import MapganError
from mapgan.params.download import Download

FAILED = ("failed", "drift")
WHAT = {"max_mib", "max_megapixels", "opt_outs"}  # the other settings of `download` only say how hosts are asked


class Incomplete(MapganError):
    """A scrape that got less than it should have; what it got is kept."""

    exit_code = 3


@dataclass(frozen=True)
class Gathered:
    """What a source found.

    Attributes:
        rows: of the manifest.
        new: number of images that were downloaded in this run.
        answered: all addresses of the images that are there now, also those that were not needed.
        cut: as that of `Found`.
        trouble: why nothing could be gathered; empty if something was.
    """

    rows: list[ManifestRow]
    new: int
    answered: frozenset[str] = frozenset()
    cut: bool = False
    trouble: str = ""


def last_manifest(download: Download, source: Source, cache: Path) -> Path:
    """The manifest of the last scrape that asked the same source for the same."""
    asked_for = [download.model_dump(include=WHAT) | source.settings.model_dump(), sorted(source.addresses)]
    return cache / "scrapes" / f"{files.sha256_bytes(files.canonical_json(asked_for).encode())}.csv"


def images_in(manifest: Path) -> list[ManifestRow]:
    """The images of an earlier manifest; none if it is missing or damaged."""
    try:
        return [row for row in read_manifest(manifest) if row.status == "ok"]
    except MapganError:
        return []


def offline(gathered: Gathered, manifest: Path, cache: Path) -> Gathered:
    """What was gathered without the net, with the rows of the last scrape for what it did not get either.

    Raises:
        MapganError: something is missing that only the net could give.
    """
    try:
        last = {row.url: row for row in read_manifest(manifest) if row.status != "ok"}
    except MapganError:
        last = {}
    rows = [last.get(row.url, row) if row.reason == NOT_HERE else row for row in gathered.rows]
    missing = [row for row in rows if row.reason == NOT_HERE]
    if missing:
        raise MapganError(
            f"offline: {len(missing)} of {len(rows)} pages and images are not in {cache} (first {missing[0].url})",
            "scrape once without scrape.download.offline",
        )
    return replace(gathered, rows=rows)


def keep_missing(earlier: Sequence[ManifestRow], gathered: Gathered, store: Store, raw: Path) -> Gathered:
    """Add the earlier images that are missing in `gathered`, and put their files back into `raw`.

    An image is missing if neither its bytes nor its address are among what was gathered. One that its owner refuses now
    is not kept.
    """
    there = {row.file for row in gathered.rows if row.status == "ok"}
    answered = gathered.answered | {row.url for row in gathered.rows if row.status == "ok"}
    answered |= {row.url for row in gathered.rows if row.status == "refused"}
    reasons = {row.url: row.reason for row in gathered.rows if row.status in FAILED}
    kept = {}
    for row in earlier:
        reason = reasons.get(row.url)
        if row.file in there or row.url in answered or (gathered.cut and reason is None):
            continue
        if not _restore(row.file, store, raw):
            continue
        kept[row.url] = replace(row, reason="kept from an earlier scrape" + (f": {reason}" if reason else ""))
    rows = [row for row in gathered.rows if row.url not in kept]
    return replace(gathered, rows=rows + list(kept.values()))


def _restore(file: str, store: Store, raw: Path) -> bool:
    """Whether the image is in `raw` now."""
    digest = file.partition(".")[0]
    stored = store.image(digest)
    if stored.is_file() and files.sha256_file(stored) == digest:
        files.link_or_copy(stored, raw / file)
    return (raw / file).is_file()


def complaint(rows: Collection[ManifestRow], download: Download, raw: Path) -> str:
    """Why a scrape with these rows has failed, and what to do; empty if it has not, or if it has no image at all."""
    failed = [row for row in rows if row.status in FAILED]
    kept = [row for row in rows if row.status == "ok" and row.reason]
    parts = []
    if kept:
        parts.append(
            f"{len(kept)} images of the last scrape are missing now and were kept (the first is {kept[0].url}); "
            f"run again, or let them go with scrape.download.allow_fewer"
        )
    images = sum(row.status == "ok" for row in rows)
    if images and len(failed) > download.max_failed * (len(failed) + images):
        reasons = ", ".join(f"{number} {reason}" for reason, number in Counter(r.reason for r in failed).most_common(3))
        parts.append(
            f"{len(failed)} pages or images failed ({reasons}), more than scrape.download.max_failed allows; "
            f"what was fetched is in {raw} and is not fetched again"
        )
    return "; ".join(parts)
