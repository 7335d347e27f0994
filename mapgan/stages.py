"""The stages of the pipeline: one function each, called by `dvc repro` and by `mapgan train` alike.

Each takes settings and paths, writes files, and returns a line of text about the result.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mapgan import files
from mapgan.params import DatasetSettings, Evaluate, Machine, Params, Prune, Resize, Sample, Scrape

if TYPE_CHECKING:
    from mapgan.report.folders import RunFolders

UNLABELLED = {"folder": "they are in no subfolder", "map": "there is no label image beside them"}


def scrape(settings: Scrape, raw: Path, cache: Path, dataset: str = "folder") -> str:
    """Collect images in `raw`; downloads are kept in `cache`."""
    from mapgan.collect import collect, collect_nothing

    if dataset != "folder":
        collect_nothing(raw)
        return f"nothing to scrape: the images are those of dataset.name, {dataset}"
    counts = collect(settings, raw, cache)
    refused = f", {counts.refused} refused by their owners or licences" if counts.refused else ""
    return f"{counts.images} images in {raw} ({counts.new} new, {counts.failed} failed{refused})"


def prune(settings: Prune, raw: Path, pruned: Path, machine: Machine, dataset: str = "folder") -> str:
    """Decide which images of `raw` are kept; lists and a report go to `pruned`."""
    from mapgan.curate.prune import prune as prune_images
    from mapgan.curate.prune import prune_nothing

    if dataset != "folder":
        why = f"nothing to prune: the images are those of dataset.name, {dataset}"
        prune_nothing(pruned, why)
        return why
    counts = prune_images(settings, raw, pruned, machine)
    rejected = ", ".join(f"{number} {reason}" for reason, number in sorted(counts.rejected.items())) or "none"
    return f"{counts.kept} images kept, rejected: {rejected}; see {pruned / 'report.html'}"


def resize(
    dataset: DatasetSettings, settings: Resize, raw: Path, pruned: Path, maps: Path, cache: Path, machine: Machine
) -> str:
    """Make the training set `maps` of the kept images, or of a ready-made set, which may be downloaded to `cache`."""
    from mapgan.curate.resize import resize as resize_images
    from mapgan.dataset import count_labels, open_dataset
    from mapgan.sets import pack

    size = f"{settings.width} x {settings.height}"
    if dataset.name != "folder":
        packed = pack(dataset, settings, maps, cache)
        line = f"{packed.train} images of {dataset.name} to train on, {packed.holdout} held out, {size}"
    else:
        counts = resize_images(settings, raw, pruned, maps, machine, dataset.condition, dataset.images == "labels")
        remarks = {
            "too small": counts.small,
            "enlarged": counts.enlarged,
            "unreadable": counts.bad,
            f"without a label, as {UNLABELLED.get(dataset.condition, '')}": counts.unlabelled,
        }
        remarks_text = ", ".join(f"{number} {what}" for what, number in remarks.items() if number)
        trained = f"{counts.train} images of {counts.train_groups} maps to train on"
        held_out = f"{counts.holdout} of {counts.holdout_groups} held out"
        line = f"{trained}, {held_out}, {size}" + (f"; of those kept: {remarks_text}" if remarks_text else "")
        if counts.pixels_per_square:
            line += f"; squares of the battle grid have {counts.pixels_per_square:.3g} pixels"
    training_set = open_dataset(maps, verify=False)
    return line + (f"; labels: {count_labels(training_set)}" if training_set.labels else "")


def train(
    params: Params,
    maps: Path,
    generator: Path,
    results: Path,
    scratch: Path,
    resume: str = "auto",
    source: Path | None = None,
) -> str:
    """Train on `maps`; the generator goes to `generator`, metrics and snapshots to `results`, checkpoints to `scratch`.

    `resume` and `source` are as for `mapgan.training.run.train`.
    """
    from mapgan.training.run import train as run
    from mapgan.training.run_paths import RunPaths

    run(params, RunPaths(maps, generator, results, scratch), resume, source)
    return f"the generator is {generator}; snapshots are in {results / 'snapshots'}"


def evaluate(settings: Evaluate, generator: Path, maps: Path, results: Path, seed: int = 0, device: str = "cpu") -> str:
    """Compare generated images with the hold-out of `maps`; the numbers go to `results`/metrics.json."""
    from mapgan.evaluation.report import measure
    from mapgan.evaluation.table import as_text

    found = measure(settings, generator, maps, results, seed, device)
    files.write_json(results / "metrics.json", found.facts | found.numbers)
    rows = [f"{level}\t{samples:.6g}\t{real:.6g}" for level, (samples, real) in found.levels.items()]
    files.write_text(results / "swd.tsv", "\n".join(["level\tsamples\treal", *rows]) + "\n")
    return "\n".join([as_text(found.facts | found.numbers), *found.notes]).strip()


def sample(settings: Sample, generator: Path, results: Path, device: str = "cpu", maps: Path | None = None) -> str:
    """Generate the images of the seeds in `settings`: sheets and single images in `results`.

    With the training set `maps`, `results`/real.png is a sheet of real maps at the same scale.
    """
    from mapgan.sampling.samples import write_samples

    pages = write_samples(settings, generator, results, device, maps)
    return f"the sheet is {pages[0]}" if len(pages) == 1 else f"the sheets are {pages[0]} to {pages[-1].name}"


def report(sections: Mapping[str, Any], folders: RunFolders, path: Path) -> str:
    """Show a run on the page `path`; `sections` are those of its settings that decide the result."""
    from mapgan.report.page import write_report

    write_report(path, Params(**sections), folders)
    return f"the report is {path}"
