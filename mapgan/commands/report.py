"""`mapgan report RUN`: a run on one page."""

from __future__ import annotations

from pathlib import Path

from mapgan import stages
from mapgan.dataset import is_dataset
from mapgan.errors import MapganError
from mapgan.params import load
from mapgan.report.changed import SECTIONS
from mapgan.report.folders import run_folders


def report(run: Path, maps: Path | None, out: Path | None) -> str:
    """Write the page about `run`.

    Args:
        run: a folder that `mapgan train` made, or a project of `dvc repro`.
        maps: its training set; None for the one beside the generator.
        out: the page; None for `results/report.html` in the run.

    Raises:
        MapganError: it is no run, or has nothing to show yet, or there is no such training set.
    """
    if maps is not None and not is_dataset(maps):
        raise MapganError(f"{maps}: no training set", "name the one that the run was trained on with --maps")
    folders = run_folders(run, maps)
    params = load(run / "params.yaml")
    sections = {name: getattr(params, name) for name in ("seed", *SECTIONS)}
    return stages.report(sections, folders, out or folders.results / "report.html")
