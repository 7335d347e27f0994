"""The data of runs for `mapgan compare`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mapgan import files
from mapgan.errors import MapganError
from mapgan.evaluation.table import best_of, cell, numbers_of, rank, short
from mapgan.params.reading import read_yaml

NOT_COMPARED = ("machine", "scrape")  # sections that say nothing about the quality of a run


@dataclass(frozen=True)
class RunData:
    """The data in the folder of a run.

    Attributes:
        name: of the folder.
        metrics: from evaluate; empty if it has not been evaluated.
        settings: by dotted name.
        speed: images per second, as last logged; None if it is not known.
        sheets: paths of sheets, by title.
    """

    name: str
    metrics: dict[str, Any]
    settings: dict[str, Any]
    speed: float | None
    sheets: dict[str, Path]


@dataclass(frozen=True)
class Row:
    """A row of the table: a cell for each run, the value of real images, and the indices of the best runs."""

    name: str
    cells: list[str]
    real: str = ""
    best: tuple[int, ...] = ()


def find_runs(folders: list[Path]) -> list[RunData]:
    """Read the runs in `folders`, of `mapgan train` or projects of `dvc repro`.

    Raises:
        MapganError: one of them is not a run.
    """
    names = [folder.resolve().name for folder in folders]
    if len(set(names)) < len(names):  # runs/a/first and runs/b/first
        names = [str(folder) for folder in folders]
    return [_find(folder, name) for folder, name in zip(folders, names, strict=True)]


def _find(folder: Path, name: str) -> RunData:
    if not (folder / "params.yaml").is_file():
        raise MapganError(f"{folder}: not a run (it has no params.yaml)", "name folders that mapgan train made")
    results = folder / "results"
    metrics = results / "evaluate" / "metrics.json"
    sheets = {
        "samples": results / "samples" / "sheet-000.png",
        "closest to training images": results / "evaluate" / "closest.png",
    }
    return RunData(
        name,
        files.read_json(metrics) if metrics.is_file() else {},
        dict(_flat(read_yaml(folder / "params.yaml"))),
        _last(results / "train" / "speed.tsv", "images_per_second"),
        {title: path for title, path in sheets.items() if path.is_file()},
    )


def _flat(tree: Mapping[str, Any], above: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in tree.items():
        name = f"{above}{key}"
        found += _flat(value, f"{name}.") if isinstance(value, Mapping) else [(name, value)]
    return found


def _last(path: Path, column: str) -> float | None:
    """The last value in a column of a table."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    if len(lines) < 2 or column not in lines[0].split("\t"):
        return None
    return float(lines[-1].split("\t")[lines[0].split("\t").index(column)])


def differing(runs: list[RunData]) -> dict[str, list[str]]:
    """The settings that differ between `runs`, with the value in each; without those of networks that none uses."""
    names = dict.fromkeys(name for run in runs for name in run.settings if not name.startswith(NOT_COMPARED))
    used = {f"train.networks.{run.settings.get('train.network')}." for run in runs}
    table = {}
    for name in names:
        values = [str(run.settings.get(name, "")) for run in runs]
        unused = name.startswith("train.networks.") and not name.startswith(tuple(used))
        if len(set(values)) > 1 and not unused:
            table[name] = values
    return table


def rows_of(runs: list[RunData]) -> list[Row]:
    """The table of metrics."""
    comparable = len({run.metrics["data"] for run in runs if "data" in run.metrics}) == 1
    rows = []
    for name in number_names(runs):
        entries = [numbers_of(run.metrics).get(name) for run in runs]
        values = [entry["samples"] for entry in entries if entry]
        best = best_of(name, values) if comparable else None
        winners = tuple(index for index, entry in enumerate(entries) if entry and entry["samples"] == best)
        real = next(short(entry["real"]) for entry in entries if entry) if comparable else ""
        rows.append(Row(name, [cell(entry) if entry else "" for entry in entries], real, winners))
    facts = {"images compared": "images", "steps": "steps"}
    rows += [Row(name, [str(run.metrics.get(key, "")) for run in runs]) for name, key in facts.items()]
    return [*rows, Row("images per second", ["" if run.speed is None else f"{run.speed:.0f}" for run in runs])]


def number_names(runs: list[RunData]) -> list[str]:
    """The names of the metrics that any run has."""
    return sorted(dict.fromkeys(name for run in runs for name in numbers_of(run.metrics)), key=rank)


def warnings(runs: list[RunData]) -> list[str]:
    """Caveats about the table."""
    caveats = [f"{run.name} has not been evaluated: mapgan evaluate {run.name}" for run in runs if not run.metrics]
    measured = [run.metrics for run in runs if run.metrics]
    if len({found.get("data") for found in measured}) > 1:
        caveats.append("The runs were measured on different training sets: their numbers cannot be compared.")
    if len({found.get("images") for found in measured}) > 1:
        caveats.append("The runs were measured with different numbers of images, on which most numbers depend.")
    digests = {found["extractor"]: set[str]() for found in measured if "extractor" in found}
    for found in measured:
        if "extractor" in found:
            digests[found["extractor"]].add(found["extractor_sha256"])
    caveats += [f"{name} is not the same file in all runs." for name, seen in digests.items() if len(seen) > 1]
    few = min((found.get("images", 0) for found in measured), default=0)
    if any(name.startswith("FID") for name in number_names(runs)) and few < 2000:
        caveats.append(f"FID is biased upwards with few images (here {few}); use KID and its interval.")
    return caveats
