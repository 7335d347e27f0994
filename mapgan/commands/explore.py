"""`mapgan explore`: a page to look at what a generator draws."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mapgan.commands.run_files import GENERATOR, generator_of
from mapgan.errors import MapganError
from mapgan.models import model_names
from mapgan.params import load


def explore(runs: Sequence[Path], machine: dict[str, Any], options: dict[str, Any]) -> None:
    """Serve the page until the process is stopped.

    Args:
        runs: runs' folders, generators' files, or names of those that come with mapgan: the first one is shown first.
        machine: settings of the section `machine`.
        options: settings of the section `explore`.

    Raises:
        MapganError: an option is wrong, or a run does not exist or is damaged.
    """
    params = load(options={"explore": options, "machine": machine})
    named = offered(runs)
    from mapgan.explore.favourites import Favourites
    from mapgan.explore.generators import Generators
    from mapgan.explore.scene_renderer import SceneRenderer  # late: torch
    from mapgan.explore.server import serve
    from mapgan.training.device.device import find_device, set_threads

    set_threads(params.machine.threads)
    renderer = SceneRenderer(Generators(named), params.machine, find_device(params.machine))
    for run in runs:
        renderer.open(str(run))
    serve(params.explore, renderer, Favourites(Path(params.explore.favourites)), _say)


def offered(runs: Sequence[Path]) -> dict[str, Path]:
    """The generators that were named, and those of the runs below `runs/` here, by name.

    Raises:
        MapganError: one that was named does not exist.
    """
    found: dict[str, Path] = {}
    for run in runs:
        path = generator_of(run)
        if not path.is_file():
            raise MapganError(f"{path}: no such file", "name a run's folder, a generator.safetensors, or a model")
        found[str(run)] = path
    for path in sorted(Path("runs").glob(f"*/{GENERATOR}")):
        if str(path.parent) not in found:
            found[str(path.parent)] = path
    if not runs:  # those that come with mapgan are offered first
        found = {name: generator_of(Path(name)) for name in model_names()[::-1]} | found
    return found


def _say(url: str) -> None:
    print(f"mapgan: the page is {url} (Ctrl+C ends it)", flush=True)
