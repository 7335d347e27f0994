"""Reading settings from YAML, presets and `--set`, with one line for the first error."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from mapgan.errors import MapganError, SettingsError
from mapgan.params.auto import resolve_auto
from mapgan.params.error_messages import explain
from mapgan.params.root import Params

Tree = dict[str, Any]


def load(
    params: Path | None = None,
    preset: str | None = None,
    settings: Iterable[str] = (),
    options: Mapping[str, Any] | None = None,
) -> Params:
    """Settings from the defaults, then the file `params`, the preset, `KEY=VALUE` settings, and a tree of `options`.

    Raises:
        SettingsError: a key does not exist or its value is not allowed.
        MapganError: the file or the preset does not exist or is not YAML.
    """
    layers: list[tuple[str, Tree]] = []
    if params is not None:
        layers.append((str(params), read_yaml(params)))
    if preset is not None:
        layers.append((f"preset {preset}", read_preset(preset)))
    layers += [(f"--set {setting}", parse_setting(setting)) for setting in settings]
    if options:
        layers.append(("command line", dict(options)))

    merged: Tree = {}
    checked = Params()
    for where, layer in layers:
        merged = merge(merged, layer)
        checked = validate(merged, where)
    resolved = resolve_auto(checked)
    resolved.check_consistency()
    return resolved


def load_params() -> Params:
    """The `params.yaml` in the current folder, for the stages of the pipeline."""
    return load(Path("params.yaml"))


def validate(tree: Tree, where: str) -> Params:
    """Validate a tree of settings.

    Raises:
        SettingsError: with one line for the first error; `where` says where the settings come from.
    """
    try:
        return Params.model_validate(tree)
    except ValidationError as error:
        raise SettingsError(f"{where}: {explain(error.errors()[0])}") from None


def read_yaml(path: Path) -> Tree:
    """Read a YAML file as dictionaries.

    Raises:
        MapganError: the file is missing, is not YAML, or is not a table of settings.
    """
    try:
        return parse_yaml(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        raise MapganError(f"{path}: no such file", "run in the folder that holds it, or name another") from None
    except (OSError, ValueError) as error:
        raise MapganError(f"{path}: cannot be read ({error})") from None


def parse_yaml(text: str, where: str) -> Tree:
    """Parse YAML text as dictionaries; `where` names its source in errors."""
    try:
        tree = YAML(typ="safe", pure=True).load(text)
    except RecursionError:
        raise SettingsError(f"{where}: nested too deeply") from None
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        problem = " ".join(str(getattr(error, "problem", None) or error).split())
        raise SettingsError(f"{where}: {line}not YAML ({problem})") from None
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise SettingsError(f"{where}: not a table of settings", "it should hold lines such as `seed: 0`")
    return tree


def preset_names() -> list[str]:
    """The names of all presets, sorted."""
    folder = resources.files("mapgan.params") / "presets"
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def preset_text(name: str) -> str:
    """The text of a preset, with comments.

    Raises:
        MapganError: no preset has this name.
    """
    names = preset_names()
    if name not in names:
        matches = [preset for preset in names if preset.startswith(name)]
        matches = matches or difflib.get_close_matches(name, names, n=1, cutoff=0)
        raise MapganError(f"--preset {name}: no such preset", f"nearest: {matches[0]}; there are: {', '.join(names)}")
    return (resources.files("mapgan.params") / "presets" / f"{name}.yaml").read_text(encoding="utf-8")


def read_preset(name: str) -> Tree:
    """The settings of a preset, over the defaults of every setting that any preset has.

    So a preset undoes the one before it, and its file holds only what is special about it.
    """
    return merge(_only(_named_by_presets(), Params().model_dump(by_alias=True)), _preset(name))


@cache
def _preset(name: str) -> Tree:
    return parse_yaml(preset_text(name), f"preset {name}")


@cache
def _named_by_presets() -> Tree:
    """A tree of all settings that any preset has."""
    named: Tree = {}
    for name in preset_names():
        named = merge(named, _preset(name))
    return named


def _only(keys: Tree, values: Tree) -> Tree:
    """The part of `values` whose keys are in `keys`; unknown keys are reported when the preset is validated."""
    known = {key: values[key] for key in keys if key in values}
    return {key: _only(keys[key], value) if isinstance(value, dict) else value for key, value in known.items()}


def parse_setting(setting: str) -> Tree:
    """`train.batch_size=8` as `{"train": {"batch_size": 8}}`; the value is read as YAML."""
    key, equals, value = setting.partition("=")
    if not equals or not key.strip():
        raise SettingsError(f"--set {setting}: not KEY=VALUE", "write for instance --set train.batch_size=8")
    tree: Any = parse_yaml(f"value: {value}", f"--set {setting}").get("value")
    for part in reversed(key.strip().split(".")):
        tree = {part: tree}
    return dict(tree)


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> Tree:
    """`base` updated with `over`, recursively; neither is changed."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(below, value) if both else value  # type: ignore[arg-type]
    return merged
