"""`mapgan evaluate RUN`: measure a generator against the hold-out of its training set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mapgan import stages
from mapgan.commands.run_files import generator_of, results_of
from mapgan.dataset import is_dataset
from mapgan.errors import MapganError
from mapgan.params import load
from mapgan.training.device.device import find_device


def evaluate(
    run: Path, maps: Path | None, extractor: str | None, out: Path | None, settings: list[str], device: str
) -> str:
    """Measure the generator of `run`, and return the numbers as text.

    Args:
        run: a run's folder, or a generator's file.
        maps: the training set; None for `maps` beside the generator.
        extractor: `evaluate.extractor`; None for what the run's own settings say.
        out: where the numbers go; None for `results/evaluate` beside the generator.
        settings: `KEY=VALUE`, over the run's own `params.yaml`.
        device: auto, cpu, cuda or mps.

    Raises:
        MapganError: a setting is wrong, or the training set or the generator is missing.
    """
    generator = generator_of(run)
    own = generator.parent / "params.yaml"
    options: dict[str, Any] = {"machine": {"device": device}}
    if extractor is not None:
        options["evaluate"] = {"extractor": extractor}
    params = load(own if own.is_file() else None, settings=settings, options=options)
    maps = maps or generator.parent / "maps"
    if not is_dataset(maps):
        raise MapganError(f"{maps}: no training set", "name the one that the run was trained on with --maps")
    out = out or results_of(generator, "evaluate")
    numbers = stages.evaluate(params.evaluate, generator, maps, out, params.seed, str(find_device(params.machine)))
    return f"{numbers}\nall results are in {out}"
