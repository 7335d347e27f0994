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
from mapgan.collect.folder import walk
from mapgan.collect.links import SUFFIXES
from mapgan.commands.auto_preset import choose_preset, median_side
from mapgan.dataset import count_labels, is_dataset, open_dataset
from mapgan.errors import MapganError
from mapgan.params import Params, load
from mapgan.params.writing import to_yaml
from mapgan.sampling.labels import parse_labels
from mapgan.sets import files_of, find_set, set_files

GENERATOR = "generator.safetensors"
PREPARATION = timedelta(hours=6)  # that the other processes wait while the main one prunes and resizes


def train_folder(
    folder: Path | None, out: Path | None, params: Path | None, preset: str | None, settings: list[str], resume: str
) -> str:
    """Make a training set of `folder` (unless it is one), train on it, draw a sheet.

    Without a folder the settings name a ready-made set (`dataset.name`).

    Returns:
        A line that says where everything is.

    Raises:
        MapganError: a setting, the folder or the machine does not allow it.
    """
    from accelerate import PartialState

    from mapgan.training.device.device import check_device, find_device

    if resume not in ("auto", "never") and not Path(resume).exists():
        raise MapganError(f"--resume {resume}: no such state", "say auto, never, or the path of a state or a run")
    given = load(params, preset, settings)  # a wrong setting should be heard of before any work
    if folder is None and given.dataset.name == "folder":
        raise MapganError("train: no images", "name the folder that holds yours, or try --preset fashion-dcgan")
    if folder is not None and not folder.exists():
        raise MapganError(f"{folder}: no such folder", "name the folder that holds your images")
    PartialState(cpu=check_device(given.machine) == "cpu", timeout=PREPARATION)  # the processes of a launcher meet here
    out = out or Path("runs") / _name(folder, preset or given.dataset.name)
    if folder is not None and out.resolve().is_relative_to(folder.resolve()):
        raise MapganError(f"--out {out}: lies in the folder of images", "name a place outside of it")
    if folder is not None and is_dataset(folder):
        maps = folder
        resolved = _main_first(lambda: _take_maps(folder, out, params, preset, settings), out)
    else:
        maps = out / "maps"
        source = _source(folder, given)
        resolved = _main_first(lambda: _make_maps(source, out, params, preset, settings), out)
    parse_labels(resolved.sample.label, open_dataset(maps, verify=False).labels, str(maps))  # not after all the work
    generator, results = out / GENERATOR, out / "results"
    stages.train(resolved, maps, generator, results / "train", out / ".mapgan", resume)
    if not _is_main():
        return ""
    sheet = stages.sample(resolved.sample, generator, results / "samples", str(find_device(resolved.machine)))
    return f"{sheet}; the generator is {generator}, everything else lies in {out}"


def sample_run(run: Path, out: Path | None, device: str, options: dict[str, object]) -> str:
    """Draw with the generator of a run's folder, or with a generator's file, what `options` (of `sample`) say."""
    from mapgan.training.device.device import find_device

    settings = [f"sample.{name}={files.canonical_json(wish)}" for name, wish in options.items()]
    checked = load(settings=[*settings, f"machine.device={device}"])
    generator = run / GENERATOR if run.is_dir() else run
    out = out or _results(generator, "samples")
    return stages.sample(checked.sample, generator, out, str(find_device(checked.machine)))


def evaluate_run(
    run: Path, maps: Path | None, extractor: str | None, out: Path | None, settings: list[str], device: str
) -> str:
    """Measure the generator of a run's folder, or a generator's file, against the hold-out of `maps`."""
    from mapgan.training.device.device import find_device

    generator = run / GENERATOR if run.is_dir() else run
    own = generator.parent / "params.yaml"
    named = [f"evaluate.extractor={files.canonical_json(extractor)}"] if extractor is not None else []
    params = load(own if own.is_file() else None, settings=[*settings, *named, f"machine.device={device}"])
    maps = maps or generator.parent / "maps"
    if not is_dataset(maps):
        raise MapganError(f"{maps}: no training set", "name with --maps the one that the run was trained on")
    out = out or _results(generator, "evaluate")
    device = str(find_device(params.machine))
    said = stages.evaluate(params.evaluate, generator, maps, out, params.seed, device)
    return f"{said}\nall of it lies in {out}"


def _results(generator: Path, what: str) -> Path:
    """Beside the run's own, for a generator that is not the run's last: `results/evaluate-best`."""
    name = what if generator.name == GENERATOR else f"{what}-{generator.stem}"
    return generator.parent / "results" / name


def _take_maps(maps: Path, out: Path, params: Path | None, preset: str | None, settings: list[str]) -> Params:
    """Take a training set as it is: its size and labels win over every setting.

    Raises:
        MapganError: labels are asked for, and it has none.
    """
    dataset = open_dataset(maps, verify=False)
    if dataset.labels:
        _info(f"the training set has labels ({count_labels(dataset)}): both networks are told them")
    elif load(params, preset, settings).dataset.condition != "none":
        raise MapganError(
            f"dataset.condition: {maps} has no labels", "set it to none, or make the set anew with labels"
        )
    size = [f"resize.width={dataset.width}", f"resize.height={dataset.height}"]
    labels = f"dataset.condition={'folder' if dataset.labels else 'none'}"
    resolved = _resolve(params, preset, [*settings, *size, labels], min(dataset.width, dataset.height))
    files.write_text(out / "params.yaml", to_yaml(resolved))
    return resolved


def _name(folder: Path | None, otherwise: str) -> str:
    """What the run is called: `caves` for the folder caves and for the file caves.npz."""
    if folder is None:
        return otherwise
    return (folder.name.split(".")[0] if folder.is_file() else folder.resolve().name) or "maps"


def _source(folder: Path | None, given: Params) -> list[str]:
    """The settings that say where the images are: in a ready-made set, known by what the files hold, or a folder."""
    if folder is None:
        return []
    path = files.canonical_json(folder.as_posix())
    has_images = folder.is_dir() and any(file.suffix.lower() in SUFFIXES for file in walk(folder))
    if has_images or not files_of(folder):
        return ["dataset.name=folder", "scrape.source=folder", f"scrape.folder.path={path}"]
    name = "file" if given.dataset.name == "folder" else given.dataset.name
    return [f"dataset.name={name}", f"dataset.path={path}"]


def _make_maps(source: list[str], out: Path, params: Path | None, preset: str | None, settings: list[str]) -> Params:
    """Take over, prune and resize the images into `out`/maps, if that has not been done."""
    raw, pruned, maps, cache = out / "raw", out / "pruned", out / "maps", out / ".mapgan" / "cache"
    first = load(params, preset, [*settings, *source])
    _refuse_other(first, out)
    ready_made = first.dataset.name != "folder"
    if ready_made:
        images = [files.sha256_file(path) for path in set_files(first.dataset)]
        side = 0.0 if params or preset else find_set(first.dataset, cache).side
    else:
        _info(stages.scrape(first.scrape, raw, cache))
        images, side = [files.sha256_file(raw / "manifest.csv")], median_side(raw)
    resolved = _resolve(params, preset, [*settings, *source], side)
    package = Path(mapgan.__file__).parent
    made_from = {
        "images": images,
        "dataset": resolved.dataset.model_dump(),
        "prune": resolved.prune.model_dump(),
        "resize": resolved.resize.model_dump(),
        "code": files.sha256_tree([package / name for name in ("curate", "sets", "dataset")]),
    }
    note = maps / "made-from.json"
    if not (note.is_file() and files.read_json(note) == made_from and _is_whole(maps)):
        note.unlink(missing_ok=True)
        workers = resolved.machine.workers
        if not ready_made:
            _info(stages.prune(resolved.prune, raw, pruned, workers))
        _info(stages.resize(resolved.dataset, resolved.resize, raw, pruned, maps, cache, workers))
        files.write_json(note, made_from)
    files.write_text(out / "params.yaml", to_yaml(resolved))
    return resolved


def _is_whole(maps: Path) -> bool:
    with contextlib.suppress(MapganError):
        open_dataset(maps)
        return True
    return False


def _refuse_other(params: Params, out: Path) -> None:
    """`runs/NAME` should not be overwritten by another folder of the same name."""
    if (out / "params.yaml").is_file():
        earlier, now = _images_of(load(out / "params.yaml")), _images_of(params)
        if earlier != now:
            raise MapganError(f"{out} holds a run on {earlier}", "name another place with --out")


def _images_of(params: Params) -> str:
    """In words, where the images come from."""
    name = params.dataset.name
    if name == "folder":
        return str(Path(params.scrape.folder.path).resolve())
    return f"{name} in {Path(params.dataset.path).resolve()}"


def _resolve(params: Path | None, preset: str | None, settings: list[str], side: float) -> Params:
    """All settings; where nobody named a preset or a file, the preset that suits the machine and the images."""
    if params is None and preset is None:
        import torch

        given = load(settings=settings)
        wants_cpu = given.machine.device == "cpu"
        gpu = 0 if wants_cpu or not torch.cuda.is_available() else torch.cuda.get_device_properties(0).total_memory
        choice = choose_preset(side, gpu, given.dataset.name != "folder")
        preset = choice.preset
        _info(f"preset {choice.preset}, because {choice.why} (--preset, --params and --set choose otherwise)")
    resolved = load(params, preset, settings)
    _info(
        f"{resolved.resize.width} x {resolved.resize.height} pixels, {resolved.train.network}, "
        f"{resolved.train.steps} steps of {resolved.train.batch_size} images"
    )
    return resolved


def _main_first(work: Callable[[], Params], out: Path) -> Params:
    """Run `work` in the main process; of several on one machine, the others then read what it settled on."""
    from accelerate import PartialState

    with PartialState().main_process_first():
        return work() if _is_main() else load(out / "params.yaml")


def _is_main() -> bool:
    from accelerate import PartialState

    return bool(PartialState().is_main_process)


def _info(line: str) -> None:
    if _is_main():
        print(f"mapgan: {line}", file=sys.stderr, flush=True)
