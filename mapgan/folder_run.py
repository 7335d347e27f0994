"""`mapgan train FOLDER` and `mapgan sample RUN`: the same stages without DVC, all in one folder.

`DIR/maps`, `DIR/params.yaml` (all settings as resolved), `DIR/generator.safetensors`, `DIR/results/`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast, get_args

from mapgan import files, stages
from mapgan.choosing import choose, typical_side
from mapgan.dataset import is_dataset
from mapgan.errors import MapganError
from mapgan.params import Params, Sample, load
from mapgan.params.writing import to_yaml


def train_folder(
    folder: Path, out: Path | None, params: Path | None, preset: str | None, settings: list[str], resume: str
) -> str:
    """Make a training set of `folder` (unless it is one), train on it, draw a sheet.

    Returns:
        A line that says where everything is.

    Raises:
        MapganError: a setting, the folder or the machine does not allow it.
    """
    from accelerate import PartialState

    from mapgan.training.machine import check_device
    from mapgan.training.run import Resume

    if resume not in get_args(Resume):
        raise MapganError(f"--resume {resume}: not known", f"it is one of {', '.join(get_args(Resume))}")
    given = load(params, preset, settings)  # a wrong setting should be heard of before any work
    if not folder.is_dir():
        raise MapganError(f"{folder}: no such folder", "name the folder that holds your pictures")
    PartialState(cpu=check_device(given.machine) == "cpu")  # the processes of a launcher meet here
    out = out or Path("runs") / (folder.resolve().name or "maps")
    if out.resolve().is_relative_to(folder.resolve()):
        raise MapganError(f"--out {out}: lies in the folder of pictures", "name a place outside of it")
    if is_dataset(folder):
        maps, resolved = folder, _resolve(params, preset, settings, None)
    else:
        maps = out / "maps"
        resolved = _in_turn(lambda: _make_maps(folder, out, params, preset, settings))
    generator, results = out / "generator.safetensors", out / "results"
    stages.train(resolved, maps, generator, results / "train", out / ".mapgan", cast(Resume, resume))
    if not _is_main():
        return ""
    sheet = stages.sample(resolved.sample, generator, results / "samples")
    return f"{sheet}; the generator is {generator}, everything else lies in {out}"


def sample_run(run: Path, seeds: str, sheet: str, out: Path | None, zoom: int, singles: bool, device: str) -> str:
    """Draw `seeds` with the generator of a run's folder, or with a generator's file."""
    from mapgan.sampling.latents import parse_seeds
    from mapgan.sampling.sheet import parse_sheet
    from mapgan.training.machine import check_device

    parse_seeds(seeds)
    parse_sheet(sheet)
    checked = load(settings=[f"machine.device={device}"])
    wanted = Sample(seeds=seeds, sheet=sheet, zoom=zoom, singles=singles)
    generator = run / "generator.safetensors" if run.is_dir() else run
    out = out or generator.parent / "results" / "samples"
    return stages.sample(wanted, generator, out, check_device(checked.machine))


def _make_maps(folder: Path, out: Path, params: Path | None, preset: str | None, settings: list[str]) -> Params:
    """Take over, prune and resize the pictures of `folder` into `out`/maps, if that has not been done."""
    source = [f"scrape.folder.path={files.canonical_json(folder.as_posix())}", "scrape.source=folder"]
    first = load(params, preset, [*settings, *source])
    _say(stages.scrape(first.scrape, out / "raw", out / ".mapgan" / "cache"))
    resolved = _resolve(params, preset, [*settings, *source], out / "raw")
    made_from = {
        "pictures": files.sha256_file(out / "raw" / "manifest.csv"),
        "prune": resolved.prune.model_dump(),
        "resize": resolved.resize.model_dump(),
    }
    note = out / "maps" / "made-from.json"
    if not (is_dataset(out / "maps") and note.is_file() and files.read_json(note) == made_from):
        workers = resolved.machine.workers
        _say(stages.prune(resolved.prune, out / "raw", out / "pruned", workers))
        _say(stages.resize(resolved.resize, out / "raw", out / "pruned", out / "maps", workers))
        files.write_json(note, made_from)
    files.write_text(out / "params.yaml", to_yaml(resolved))
    return resolved


def _resolve(params: Path | None, preset: str | None, settings: list[str], raw: Path | None) -> Params:
    """All settings; where nobody named a preset or a file, the preset that suits the machine and the pictures."""
    if params is None and preset is None:
        import torch

        wants_cpu = load(settings=settings).machine.device == "cpu"
        gpu = 0 if wants_cpu or not torch.cuda.is_available() else torch.cuda.get_device_properties(0).total_memory
        choice = choose(typical_side(raw) if raw else float("inf"), gpu)
        preset = choice.preset
        _say(f"preset {choice.preset}, because {choice.why} (--preset, --params and --set choose otherwise)")
    resolved = load(params, preset, settings)
    _say(
        f"{resolved.resize.width} x {resolved.resize.height} pixels, {resolved.train.network}, "
        f"{resolved.train.steps} steps of {resolved.train.batch_size} pictures"
    )
    return resolved


def _in_turn(work: Callable[[], Params]) -> Params:
    """Run `work` in the main process first: of several on one machine, the others then find it done."""
    from accelerate import PartialState

    with PartialState().main_process_first():
        return work()


def _is_main() -> bool:
    from accelerate import PartialState

    return bool(PartialState().is_main_process)


def _say(line: str) -> None:
    if _is_main():
        print(f"mapgan: {line}", file=sys.stderr, flush=True)
