"""`mapgan prune FOLDER` and `mapgan resize FOLDER`: the first stages of the pipeline, without DVC.

Everything goes to one folder, as with `mapgan train`: `OUT/raw` (copies of the images), `OUT/pruned`, `OUT/maps`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mapgan import stages
from mapgan.errors import MapganError
from mapgan.params import Params, load
from mapgan.params.parsing import parse_size


def prune(folder: Path, out: Path | None, params: Path | None, settings: list[str], lists: Mapping[str, Path]) -> str:
    """Decide which images of `folder` are kept; lists, measures and a report go to `OUT/pruned`.

    Args:
        folder: of images; nothing in it is changed.
        out: None for `runs/NAME`.
        params: a file of settings; None for the defaults.
        settings: `KEY=VALUE` settings, which override it.
        lists: the files `keep` and `drop`, where they were named.

    Raises:
        MapganError: a setting or a list is wrong, or there is nothing to keep.
    """
    options = {"prune": {name: str(path) for name, path in lists.items()}}
    out, chosen = _prepared(folder, out, params, settings, options)
    _info(stages.scrape(chosen.scrape, out / "raw", out / ".mapgan" / "cache"))
    return stages.prune(chosen.prune, out / "raw", out / "pruned", chosen.machine)


def resize(
    folder: Path, out: Path | None, params: Path | None, settings: list[str], size: str, mode: str | None
) -> str:
    """Prune `folder` and make a training set of what is kept, in `OUT/maps`.

    Args:
        folder: of images; nothing in it is changed.
        out: None for `runs/NAME`.
        params: a file of settings; None for the defaults.
        settings: `KEY=VALUE` settings, which override it.
        size: `WxH`, pixels; empty for that of the settings.
        mode: tiles, crop, pad or stretch; None for that of the settings.

    Raises:
        MapganError: a setting is wrong, there is nothing to keep, or `OUT/maps` holds something else.
    """
    options: dict[str, Any] = {"resize": {}}
    if size:
        options["resize"]["width"], options["resize"]["height"] = _size(size)
    if mode:
        options["resize"]["mode"] = mode
    out, chosen = _prepared(folder, out, params, settings, options)
    raw, pruned, maps, cache = out / "raw", out / "pruned", out / "maps", out / ".mapgan" / "cache"
    _info(stages.scrape(chosen.scrape, raw, cache))
    _info(stages.prune(chosen.prune, raw, pruned, chosen.machine))
    line = stages.resize(chosen.dataset, chosen.resize, raw, pruned, maps, cache, chosen.machine)
    return f"{line}; the training set is {maps}"


def _prepared(
    folder: Path, out: Path | None, params: Path | None, settings: list[str], options: Mapping[str, Any]
) -> tuple[Path, Params]:
    """The folder for the results, and the settings."""
    if not folder.is_dir():
        raise MapganError(f"{folder}: no such folder", "name the folder that holds your images")
    out = out or Path("runs") / (folder.resolve().name or "maps")
    if out.resolve().is_relative_to(folder.resolve()):
        raise MapganError(f"--out {out}: is inside the folder of images", "choose a folder outside of it")
    if (out / "generator.safetensors").exists() or (out / "params.yaml").exists():
        raise MapganError(f"{out} holds a run, whose images would be replaced", "name another place with --out")
    source = {"source": "folder", "folder": {"path": folder.as_posix()}}
    return out, load(params, settings=settings, options={"scrape": source, "dataset": {"name": "folder"}, **options})


def _size(text: str) -> tuple[int, int]:
    try:
        return parse_size(text)
    except ValueError as error:
        raise MapganError(f"--size {text}: {error}") from None


def _info(line: str) -> None:
    print(f"mapgan: {line}", file=sys.stderr, flush=True)
