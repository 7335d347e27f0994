"""Decide which images are kept; the others are rejected with a reason. Nothing is deleted."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from mapgan.collect.manifest import ManifestRow, read_manifest
from mapgan.curate.decode import BadImage, open_upright
from mapgan.curate.hashes import Hashes, HashIndex, as_hex, orientation_hashes
from mapgan.curate.merge_groups import merge_groups
from mapgan.curate.prune_record import PruneRecord, write_list
from mapgan.curate.report import write_empty_report, write_report
from mapgan.curate.threads import parallel_map
from mapgan.errors import MapganError
from mapgan.params.collecting import Prune
from mapgan.progress import Bar

FLAT = 1.0  # standard deviation of grey values below which an image is blank, and its hash is noise
MEASURED_SIZE = (2048, 2048)  # pixels that the measures of a very large JPEG are taken from
BAND = 1024  # rows


@dataclass(frozen=True)
class Counts:
    """The number of kept images, and of rejected ones by kind of reason."""

    kept: int
    rejected: Mapping[str, int]


@dataclass(frozen=True)
class Measured:
    """The record of an image, and its hashes for finding duplicates, unless it is already rejected.

    Attributes:
        row: the record.
        pixels: SHA-256 of the pixels.
        orientations: perceptual hashes of its orientations, `[8, 4]` uint64.
    """

    row: PruneRecord
    pixels: str = ""
    orientations: Hashes | None = None


def prune(settings: Prune, raw: Path, out: Path, workers: int = 0) -> Counts:
    """Sort the images of `raw/manifest.csv` into `out/kept.csv` and `out/rejected.csv`, and write `out/report.html`.

    Equal images and settings give equal bytes for any number of `workers` (threads that decode; 0: one per core).

    Raises:
        MapganError: there is no manifest, or nothing is left to keep.
    """
    rows = [_record(row) for row in read_manifest(raw / "manifest.csv") if row.status == "ok"]
    rows.sort(key=lambda row: (row.file, row.url))
    if not rows:
        raise MapganError(f"{raw / 'manifest.csv'}: lists no image", "check the source")
    measured: list[Measured] = []
    with Bar("prune", total=len(rows)) as bar:
        for measures in parallel_map(partial(_measured, settings, raw), rows, workers):
            measured.append(measures)
            bar.advance()
    records = _without_duplicates(measured, settings)
    kept = [row for row in records if not row.reason]
    rejected = [row for row in records if row.reason]
    write_list(out / "kept.csv", kept)
    write_list(out / "rejected.csv", rejected)
    write_report(out / "report.html", raw, records, settings.max_megapixels, workers)
    counts = Counts(len(kept), dict(sorted(Counter(row.kind for row in rejected).items())))
    if not kept:
        reasons = ", ".join(f"{count} {kind}" for kind, count in counts.rejected.items())
        raise MapganError(
            f"no image is left to train on ({reasons})",
            f"see {out / 'report.html'}; loosen the settings of prune, or collect other images",
        )
    return counts


def prune_nothing(out: Path, why: str) -> None:
    """Write empty lists to `out`, and a page that says why."""
    write_list(out / "kept.csv", [])
    write_list(out / "rejected.csv", [])
    write_empty_report(out / "report.html", why)


def _record(row: ManifestRow) -> PruneRecord:
    return PruneRecord(**vars(replace(row, group=row.group or row.file, width=0, height=0)))


def _measured(settings: Prune, raw: Path, row: PruneRecord) -> Measured:
    """The measures of an image, and the reason to reject it, if there is one besides duplication."""
    try:
        with open_upright(raw / row.file, settings.max_megapixels, needed=MEASURED_SIZE) as (image, width, height):
            lightness, contrast = _grey(image)
            row = replace(row, width=width, height=height, lightness=lightness, contrast=contrast)
            reason = _reject_reason(row, settings)
            if reason:
                return Measured(replace(row, reason=reason))
            orientations = orientation_hashes(image)
            return Measured(replace(row, hash=as_hex(orientations[0])), _digest(image), orientations)
    except BadImage as bad:
        width, height = bad.size
        return Measured(replace(row, width=width, height=height, reason=str(bad)))


def _digest(image: Image.Image) -> str:
    """SHA-256 of size and pixels; in bands, as a copy of a gigapixel would take gigabytes."""
    digest = hashlib.sha256(f"{image.size}".encode())
    for top in range(0, image.height, BAND):
        digest.update(image.crop((0, top, image.width, min(top + BAND, image.height))).tobytes())
    return digest.hexdigest()


def _grey(image: Image.Image) -> tuple[float, float]:
    """Mean and standard deviation of the grey values, 0 to 255, from their histogram."""
    counts = np.array(image.convert("L").histogram(), dtype=np.float64)
    values = np.arange(256)
    mean = float((counts * values).sum() / counts.sum())
    deviation = float(np.sqrt((counts * (values - mean) ** 2).sum() / counts.sum()))
    return round(mean, 2), round(deviation, 2)


def _reject_reason(row: PruneRecord, settings: Prune) -> str:
    short, long = sorted((row.width, row.height))
    if short < settings.min_side:
        return f"too small: {row.width} x {row.height} pixels"
    if long > settings.max_aspect * short:
        return f"aspect ratio: {row.width} x {row.height} pixels"
    if row.contrast < FLAT:
        return "blank"
    return ""


def _best_first(row: PruneRecord) -> tuple[int, int, str, str]:
    """Sort key: most pixels first, then most bytes (the JPEG that lost less), then by name."""
    return -row.width * row.height, -row.bytes, row.file, row.url


def _without_duplicates(measured: Sequence[Measured], settings: Prune) -> list[PruneRecord]:
    """Reject every image that is a duplicate of a better one.

    From the best image down, each is compared with those kept so far, so a chain of near duplicates
    (A like B, B like C) is always resolved the same way: an image near a kept one is rejected, and a
    rejected image does not cause any other to be rejected.
    """
    records = [found.row for found in measured if found.orientations is None]
    rest = [found for found in measured if found.orientations is not None]
    rest.sort(key=lambda found: _best_first(found.row))
    near, kept, by_pixels = HashIndex(capacity=len(rest)), list[PruneRecord](), dict[str, str]()
    for found in rest:
        row, orientations = found.row, found.orientations
        assert orientations is not None
        same = by_pixels.get(found.pixels)
        twin = near.nearest(orientations if settings.duplicate_rotations else orientations[:1], settings.duplicate_bits)
        if same is not None:
            row = replace(row, reason=f"exact duplicate of {same}", duplicate_of=same)
        elif twin is not None:
            bits, index, orientation = twin
            how = f"{bits} bits, turned" if orientation else f"{bits} bits"
            like = kept[index].file
            row = replace(row, reason=f"near duplicate of {like} ({how})", duplicate_of=like)
        else:
            near.add(orientations[0])
            kept.append(row)
            by_pixels[found.pixels] = row.file
        records.append(row)
    return merge_groups(sorted(records, key=lambda row: (row.file, row.url)))
