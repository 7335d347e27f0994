"""Where the files of a run are, in a folder of `mapgan train` and in a project of `dvc repro`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mapgan.dataset import is_dataset
from mapgan.errors import MapganError


@dataclass(frozen=True)
class RunFolders:
    """Where the files of a run are; any of them may be missing.

    Attributes:
        name: what commands call the run.
        title: what people call it.
        is_project: whether `dvc repro` makes it.
        raw: collected images and their manifest.
        pruned: lists of kept and rejected images.
        maps: the training set.
        generator: its file.
        results: metrics, films and sheets.
    """

    name: str
    title: str
    is_project: bool
    raw: Path
    pruned: Path
    maps: Path
    generator: Path
    results: Path

    @property
    def maps_option(self) -> list[str]:
        """What commands need to find the training set, if that is not beside the generator."""
        return [] if is_dataset(self.generator.with_name("maps")) else ["--maps", "SET"]


def run_folders(run: Path, maps: Path | None = None) -> RunFolders:
    """Find the files of the run in `run`, whose training set is `maps` (None: the one beside the generator).

    Raises:
        MapganError: `run` is not the folder of a run.
    """
    if not (run / "params.yaml").is_file():
        raise MapganError(f"{run}: not a run (it has no params.yaml)", "name a folder that mapgan train made")
    called = run.resolve().name
    is_elsewhere = run.is_absolute() or ".." in run.parts
    name = called if is_elsewhere else str(run)  # the page is for sharing: nobody else has this machine's folders
    is_project = (run / "dvc.yaml").is_file()
    title = "A map generator" if is_project else called  # an experiment in another folder gives the same bytes
    data, models = (run / "data", run / "models") if is_project else (run, run)
    generator = models / "generator.safetensors"
    maps = maps or data / "maps"
    return RunFolders(name, title, is_project, data / "raw", data / "pruned", maps, generator, run / "results")
