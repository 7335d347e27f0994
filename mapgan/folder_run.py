"""`mapgan train FOLDER`, `mapgan sample RUN`, `mapgan evaluate RUN`: the same stages without DVC, all in one folder.

`DIR/maps`, `DIR/params.yaml` (all settings as resolved), `DIR/generator.safetensors`, `DIR/results/`.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import mapgan
from mapgan import files, stages
from mapgan.choosing import choose, typical_side
from mapgan.dataset import is_dataset, open_dataset
from mapgan.errors import MapganError
from mapgan.params import Params, load
from mapgan.params.writing import to_yaml

PREPARATION = timedelta(hours=6)  # that the other processes wait while the main one prunes and resizes


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

    if resume not in ("auto", "never") and not Path(resume).exists():
        raise MapganError(f"--resume {resume}: no such state", "say auto, never, or the path of a state or a run")
    given = load(params, preset, settings)  # a wrong setting should be heard of before any work
    if not folder.is_dir():
        raise MapganError(f"{folder}: no such folder", "name the folder that holds your pictures")
    PartialState(cpu=check_device(given.machine) == "cpu", timeout=PREPARATION)  # the processes of a launcher meet here
    out = out or Path("runs") / (folder.resolve().name or "maps")
    if out.resolve().is_relative_to(folder.resolve()):
        raise MapganError(f"--out {out}: lies in the folder of pictures", "name a place outside of it")
    if is_dataset(folder):
        maps = folder
        resolved = _in_turn(lambda: _take_maps(folder, out, params, preset, settings), out)
    else:
        maps = out / "maps"
        resolved = _in_turn(lambda: _make_maps(folder, out, params, preset, settings), out)
    generator, results = out / "generator.safetensors", out / "results"
    stages.train(resolved, maps, generator, results / "train", out / ".mapgan", resume)
    if not _is_main():
        return ""
    sheet = stages.sample(resolved.sample, generator, results / "samples")
    return f"{sheet}; the generator is {generator}, everything else lies in {out}"


def sample_run(run: Path, out: Path | None, device: str, wishes: dict[str, object]) -> str:
    """Draw with the generator of a run's folder, or with a generator's file, what `wishes` (of `sample`) say."""
    from mapgan.training.machine import check_device

    settings = [f"sample.{name}={files.canonical_json(wish)}" for name, wish in wishes.items()]
    checked = load(settings=[*settings, f"machine.device={device}"])
    generator = run / "generator.safetensors" if run.is_dir() else run
    out = out or generator.parent / "results" / "samples"
    return stages.sample(checked.sample, generator, out, check_device(checked.machine))


def evaluate_run(
    run: Path, maps: Path | None, extractor: str | None, out: Path | None, settings: list[str], device: str
) -> str:
    """Measure the generator of a run's folder, or a generator's file, against the hold-out of `maps`."""
    from mapgan.training.machine import check_device

    generator = run / "generator.safetensors" if run.is_dir() else run
    own = generator.parent / "params.yaml"
    named = [f"evaluate.extractor={files.canonical_json(extractor)}"] if extractor is not None else []
    params = load(own if own.is_file() else None, settings=[*settings, *named, f"machine.device={device}"])
    maps = maps or generator.parent / "maps"
    if not is_dataset(maps):
        raise MapganError(f"{maps}: no training set", "name with --maps the one that the run was trained on")
    out = out or generator.parent / "results" / "evaluate"
    said = stages.evaluate(params.evaluate, generator, maps, out, params.seed, check_device(params.machine))
    return f"{said}\nall of it lies in {out}"


def _take_maps(maps: Path, out: Path, params: Path | None, preset: str | None, settings: list[str]) -> Params:
    """Take a training set as it is: its size wins over every setting."""
    dataset = open_dataset(maps, verify=False)
    size = [f"resize.width={dataset.width}", f"resize.height={dataset.height}"]
    resolved = _resolve(params, preset, [*settings, *size], min(dataset.width, dataset.height))
    files.write_text(out / "params.yaml", to_yaml(resolved))
    return resolved


def _make_maps(folder: Path, out: Path, params: Path | None, preset: str | None, settings: list[str]) -> Params:
    """Take over, prune and resize the pictures of `folder` into `out`/maps, if that has not been done."""
    source = [f"scrape.folder.path={files.canonical_json(folder.as_posix())}", "scrape.source=folder"]
    _refuse_other(folder, out)
    first = load(params, preset, [*settings, *source])
    _say(stages.scrape(first.scrape, out / "raw", out / ".mapgan" / "cache"))
    resolved = _resolve(params, preset, [*settings, *source], typical_side(out / "raw"))
    package = Path(mapgan.__file__).parent
    made_from = {
        "pictures": files.sha256_file(out / "raw" / "manifest.csv"),
        "prune": resolved.prune.model_dump(),
        "resize": resolved.resize.model_dump(),
        "code": files.sha256_tree([package / "curate", package / "dataset.py"]),
    }
    note = out / "maps" / "made-from.json"
    if not (note.is_file() and files.read_json(note) == made_from and _is_whole(out / "maps")):
        note.unlink(missing_ok=True)
        workers = resolved.machine.workers
        _say(stages.prune(resolved.prune, out / "raw", out / "pruned", workers))
        _say(stages.resize(resolved.resize, out / "raw", out / "pruned", out / "maps", workers))
        files.write_json(note, made_from)
    files.write_text(out / "params.yaml", to_yaml(resolved))
    return resolved


def _is_whole(maps: Path) -> bool:
    with contextlib.suppress(MapganError):
        open_dataset(maps)
        return True
    return False


def _refuse_other(folder: Path, out: Path) -> None:
    """`runs/NAME` should not be overwritten by another folder of the same name."""
    if not (out / "params.yaml").is_file():
        return
    earlier = load(out / "params.yaml").scrape.folder.path
    if Path(earlier).resolve() != folder.resolve():
        raise MapganError(f"{out} holds a run on {earlier}", "name another place with --out")


def _resolve(params: Path | None, preset: str | None, settings: list[str], side: float) -> Params:
    """All settings; where nobody named a preset or a file, the preset that suits the machine and the pictures."""
    if params is None and preset is None:
        import torch

        wants_cpu = load(settings=settings).machine.device == "cpu"
        gpu = 0 if wants_cpu or not torch.cuda.is_available() else torch.cuda.get_device_properties(0).total_memory
        choice = choose(side, gpu)
        preset = choice.preset
        _say(f"preset {choice.preset}, because {choice.why} (--preset, --params and --set choose otherwise)")
    resolved = load(params, preset, settings)
    _say(
        f"{resolved.resize.width} x {resolved.resize.height} pixels, {resolved.train.network}, "
        f"{resolved.train.steps} steps of {resolved.train.batch_size} pictures"
    )
    return resolved


def _in_turn(work: Callable[[], Params], out: Path) -> Params:
    """Run `work` in the main process; of several on one machine, the others then read what it settled on."""
    from accelerate import PartialState

    with PartialState().main_process_first():
        return work() if _is_main() else load(out / "params.yaml")


def _is_main() -> bool:
    from accelerate import PartialState

    return bool(PartialState().is_main_process)


def _say(line: str) -> None:
    if _is_main():
        print(f"mapgan: {line}", file=sys.stderr, flush=True)
