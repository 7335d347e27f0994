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
from mapgan.curate.decode import BadImage, open_upright, stored_mode
from mapgan.curate.duplicates import Hashed, reject_duplicates
from mapgan.curate.hashes import as_hex, frequencies, hash_orientations, normalized
from mapgan.curate.measures import Measures, measure, write_measures
from mapgan.curate.merge_groups import merge_groups
from mapgan.curate.overrule import Override, overrides
from mapgan.curate.parallel import Lost, parallel_map
from mapgan.curate.prune_record import PruneRecord, write_list
from mapgan.curate.report import Findings, write_empty_report, write_report
from mapgan.curate.rules import hard_reason, oddness, soft_limits, soft_reasons
from mapgan.curate.thumbnails import Thumbnails
from mapgan.errors import MapganError
from mapgan.files import scratch_folder
from mapgan.params.collecting import Prune
from mapgan.params.machine import Machine
from mapgan.progress import Bar

MEASURED_SIZE = (2048, 2048)  # pixels that the measures of a very large JPEG are taken from
BAND = 1024  # rows


@dataclass(frozen=True)
class Counts:
    """The number of kept images, and of rejected ones by kind of reason."""

    kept: int
    rejected: Mapping[str, int]


@dataclass(frozen=True)
class Looked:
    """What was found in the one look at an image.

    Attributes:
        row: its record.
        override: what the lists say of it.
        measures: unless it cannot be decoded.
        hashed: for finding duplicates, unless it is already rejected.
    """

    row: PruneRecord
    override: Override
    measures: Measures | None = None
    hashed: Hashed | None = None


def prune(settings: Prune, raw: Path, out: Path, machine: Machine) -> Counts:
    """Sort the images of `raw/manifest.csv` into `out/kept.csv` and `out/rejected.csv`.

    Also writes `out/measures.csv` and `out/report.html`. Equal images and settings give equal bytes by any workers that
    `machine` names.

    Raises:
        MapganError: there is no manifest, a list is wrong, or nothing is left to keep.
    """
    rows = [_record(row) for row in read_manifest(raw / "manifest.csv") if row.status == "ok"]
    rows.sort(key=lambda row: (row.file, row.url))
    if not rows:
        raise MapganError(f"{raw / 'manifest.csv'}: lists no image", "check the source")
    jobs = list(zip(rows, overrides(settings, rows), strict=True))
    with scratch_folder(out) as scratch:
        thumbnails = Thumbnails(scratch)
        with Bar("prune", total=len(jobs)) as bar:
            look = partial(_look, settings, raw.absolute(), thumbnails)  # workers may be in another folder
            results = parallel_map(look, jobs, machine, settings.max_seconds, bar)
        findings = _judge([_found(*pair) for pair in zip(results, jobs, strict=True)], settings)
        records = findings.records
        kept = [row for row in records if not row.reason]
        rejected = [row for row in records if row.reason]
        write_list(out / "kept.csv", kept)
        write_list(out / "rejected.csv", rejected)
        write_measures(out / "measures.csv", findings.measures.values())
        write_report(out / "report.html", findings, settings, thumbnails)
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
    write_measures(out / "measures.csv", [])
    write_empty_report(out / "report.html", why)


def _record(row: ManifestRow) -> PruneRecord:
    return PruneRecord(**vars(replace(row, group=row.group or row.file, width=0, height=0)))


def _look(settings: Prune, raw: Path, thumbnails: Thumbnails, job: tuple[PruneRecord, Override]) -> Looked:
    """Decode an image, once; all that is needed of it is taken then."""
    row, override = job
    path = raw / row.file
    try:
        with open_upright(path, settings.max_megapixels, needed=MEASURED_SIZE) as (image, width, height):
            lightness, contrast = _grey(image)
            row = replace(row, width=width, height=height, lightness=lightness, contrast=contrast)
            thumbnails.add(row.file, image)
            measures = measure(image, row.file, stored_mode(path), width, height)
            reason = f"dropped: {override.dropped_by}" if override.dropped_by else hard_reason(row, settings)
            if reason and not override.keep:
                return Looked(replace(row, reason=reason), override, measures)
            values = frequencies(image)
            orientations = hash_orientations(values)
            row = replace(row, hash=as_hex(orientations[0]))
            shape = normalized(values).astype(np.float16)
            return Looked(row, override, measures, Hashed(row, _digest(image), orientations, shape, override.keep))
    except BadImage as bad:
        width, height = bad.size
        return Looked(replace(row, width=width, height=height, reason=str(bad)), override)


def _found(result: Looked | Lost, job: tuple[PruneRecord, Override]) -> Looked:
    row, override = job
    return Looked(replace(row, reason=result.reason), override) if isinstance(result, Lost) else result


def _judge(looked: Sequence[Looked], settings: Prune) -> Findings:
    """The final records: without duplicates, and without what the soft rules reject."""
    measures = {found.row.file: found.measures for found in looked if found.measures}
    records = [found.row for found in looked if found.hashed is None]
    records += reject_duplicates([found.hashed for found in looked if found.hashed], settings)
    always = {found.row.file for found in looked if found.override.keep}
    kept = [row for row in records if not row.reason]
    of_kept = [measures[row.file] for row in kept]
    limits = soft_limits(settings.soft, of_kept)
    reasons = dict(zip((row.file for row in kept), soft_reasons(settings.soft, of_kept, limits), strict=True))
    records = [row if row.reason or row.file in always else replace(row, reason=reasons[row.file]) for row in records]
    records = merge_groups(sorted(records, key=lambda row: (row.file, row.url)))
    odd = dict(zip((row.file for row in kept), oddness(of_kept).tolist(), strict=True))
    return Findings(records, measures, limits, odd, always)


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
