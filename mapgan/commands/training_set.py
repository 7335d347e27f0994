"""The training set of `mapgan train`: taken as it is, or made of a folder of images or a ready-made set."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState

import mapgan
from mapgan import files, stages
from mapgan.collect.folder import is_image_file, walk
from mapgan.commands.auto_preset import choose_preset, median_side
from mapgan.commands.earlier_run import refuse_to_replace
from mapgan.curate.resize import check_replaceable
from mapgan.dataset import Dataset, count_labels, open_dataset
from mapgan.errors import MapganError
from mapgan.params import Params, load
from mapgan.params.reading import merge
from mapgan.sets import files_of, find_set, set_files

MADE_FROM = "made-from.json"


@dataclass(frozen=True)
class CliSettings:
    """Where the command line says that settings come from, before they are loaded.

    Args:
        params: a file of settings.
        preset: overrides the file.
        settings: `KEY=VALUE` settings, which override both.
        options: settings from other command-line options, which override all.
    """

    params: Path | None = None
    preset: str | None = None
    settings: list[str] = field(default_factory=list)
    options: Mapping[str, Any] = field(default_factory=dict)

    def load(self, options: Mapping[str, Any] | None = None) -> Params:
        """All settings, with more `options` over them.

        Raises:
            MapganError: one of them is wrong.
        """
        return load(self.params, self.preset, self.settings, merge(self.options, options or {}))


def take_training_set(maps: Path, cli_settings: CliSettings) -> Params:
    """Take a training set as it is: its size and labels override the settings.

    Raises:
        MapganError: labels are asked for, and it has none.
    """
    dataset = open_dataset(maps, verify=False)
    if dataset.labels:
        _info(f"the training set has labels ({count_labels(dataset)}): both networks are conditioned on them")
    elif cli_settings.load().dataset.condition != "none":
        raise MapganError(
            f"dataset.condition: {maps} has no labels", "set it to none, or make the set again with labels"
        )
    options = {
        "resize": {"width": dataset.width, "height": dataset.height},
        "dataset": {"condition": condition_of(dataset)},
    }
    return _resolve(cli_settings, options, min(dataset.width, dataset.height))


def condition_of(dataset: Dataset) -> str:
    """What the setting `dataset.condition` was."""
    return ("map" if dataset.label_square else "folder") if dataset.labels else "none"


def source_options(folder: Path | None, params: Params) -> dict[str, Any]:
    """The settings that say where the images are: a folder of them, or a ready-made set, recognized by its files."""
    if folder is None:
        return {}
    has_images = folder.is_dir() and any(is_image_file(path) for path in walk(folder))
    if has_images or not files_of(folder):
        return {
            "dataset": {"name": "folder"},
            "scrape": {"source": "folder", "folder": {"path": folder.as_posix()}},
        }
    name = "file" if params.dataset.name == "folder" else params.dataset.name
    return {"dataset": {"name": name, "path": folder.as_posix()}}


def make_training_set(
    options: Mapping[str, Any],
    out: Path,
    cli_settings: CliSettings,
    may_replace: bool,
    check: Callable[[Params, Dataset], None],
) -> Params:
    """Copy, prune and resize the images into `out/maps`, if that has not been done.

    Args:
        options: from `source_options`.
        out: the run's folder.
        cli_settings: all other settings.
        may_replace: replace a training set that an earlier run in `out` was trained on.
        check: raises an error if the run cannot use the new training set; then the earlier one stays.

    Raises:
        MapganError: there are no images, or `out` holds a run on another set and `may_replace` is False.
    """
    raw, pruned, maps, cache = out / "raw", out / "pruned", out / "maps", out / ".mapgan" / "cache"
    first = cli_settings.load(options)
    _refuse_other_source(first, out)
    if first.dataset.name == "folder":
        _info(stages.scrape(first.scrape, raw, cache))
    params = _resolve(cli_settings, options, _typical_side(first, cli_settings, raw, cache))
    made_from = _made_from(params, raw)
    note = maps / MADE_FROM
    before = files.read_json(note) if note.is_file() else None
    if before == made_from and _is_intact(maps):
        return params
    if before not in (None, made_from) and not may_replace:
        refuse_to_replace(out, _what_changed(before, made_from))
    if params.dataset.name == "folder":
        _info(stages.prune(params.prune, raw, pruned, params.machine))
    made = maps if before is None else out / ".mapgan" / "maps"
    _info(stages.resize(params.dataset, params.resize, raw, pruned, made, cache, params.machine))
    check(params, open_dataset(made, verify=False))
    if made != maps:
        check_replaceable(maps)
        shutil.rmtree(maps)
        made.rename(maps)
    files.write_json(note, made_from)
    return params


def _made_from(params: Params, raw: Path) -> dict[str, Any]:
    """Everything that the training set depends on."""
    package = Path(mapgan.__file__).parent
    ready_made = params.dataset.name != "folder"
    sources = set_files(params.dataset) if ready_made else [raw / "manifest.csv"]
    return {
        "images": [files.sha256_file(path) for path in sources],
        "dataset": params.dataset.model_dump(),
        "prune": params.prune.model_dump(),
        "keep and drop": [files.sha256_file(path) for path in _lists(params) if path.is_file()],
        "resize": params.resize.model_dump(),
        "code": files.sha256_tree([package / name for name in ("curate", "sets", "dataset")]),
    }


def _lists(params: Params) -> list[Path]:
    return [Path(params.prune.keep), Path(params.prune.drop)] if params.dataset.name == "folder" else []


def _what_changed(before: dict[str, Any], now: dict[str, Any]) -> str:
    """The parts of `_made_from` that differ, settings by name: `images, resize.width 64 -> 32`."""
    changed = []
    for part in now:
        old, new = before.get(part), now[part]
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            changed += [f"{part}.{key} {old.get(key)} -> {new[key]}" for key in new if old.get(key) != new[key]]
        else:
            changed.append(part)
    return ", ".join(changed)


def _typical_side(params: Params, cli_settings: CliSettings, raw: Path, cache: Path) -> float:
    """The shorter side of the images, pixels, which only the choice of a preset needs."""
    if params.dataset.name == "folder":
        return median_side(raw)
    return 0.0 if cli_settings.params or cli_settings.preset else find_set(params.dataset, cache).side


def _is_intact(maps: Path) -> bool:
    with contextlib.suppress(MapganError):
        open_dataset(maps)
        return True
    return False


def _refuse_other_source(params: Params, out: Path) -> None:
    """Refuse to continue if `out` holds a run on other images, such as another folder of the same name."""
    if (out / "params.yaml").is_file():
        earlier, now = _where_images_are(load(out / "params.yaml")), _where_images_are(params)
        if earlier != now:
            raise MapganError(f"{out} holds a run on {earlier}", "name another place with --out")


def _where_images_are(params: Params) -> str:
    name = params.dataset.name
    if name == "folder":
        return str(Path(params.scrape.folder.path).resolve())
    return f"{name} in {Path(params.dataset.path).resolve()}"


def _resolve(cli_settings: CliSettings, options: Mapping[str, Any], side: float) -> Params:
    """All settings; without a preset or a file, based on the preset that suits the machine and the images."""
    if cli_settings.params is None and cli_settings.preset is None:
        preset = _auto_preset(cli_settings, options, side)
        cli_settings = replace(cli_settings, preset=preset)
    params = cli_settings.load(options)
    _info(
        f"{params.resize.width} x {params.resize.height} pixels, {params.train.network}, "
        f"{params.train.steps} steps of {params.train.batch_size} images"
    )
    return params


def _auto_preset(cli_settings: CliSettings, options: Mapping[str, Any], side: float) -> str:
    params = cli_settings.load(options)
    has_gpu = params.machine.device != "cpu" and torch.cuda.is_available()
    gpu_bytes = torch.cuda.get_device_properties(0).total_memory if has_gpu else 0
    choice = choose_preset(side, gpu_bytes, params.dataset.name != "folder")
    _info(f"preset {choice.preset}, because {choice.why} (--preset, --params and --set choose otherwise)")
    return choice.preset


def _info(line: str) -> None:
    if PartialState().is_main_process:
        print(f"mapgan: {line}", file=sys.stderr, flush=True)
