"""The settings of a run that are not the defaults."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from mapgan.params import Params
from mapgan.params.auto import resolve_auto

# What decides the result. Not `machine`, which changes the speed only, and not `scrape`, which may hold addresses of
# people and folders of this machine.
SECTIONS = ("dataset", "prune", "resize", "train", "evaluate", "sample")


@dataclass(frozen=True)
class Changed:
    """A setting, its value, the default, and the sentence that explains it."""

    name: str
    value: str
    default: str
    about: str


def changed_settings(params: Params) -> list[Changed]:
    """The settings that differ from the defaults; of the networks only those of the one that was trained."""
    usual = _as_auto(params)
    found = [Changed("seed", str(params.seed), "0", "seed of all random numbers")] if params.seed else []
    for name in SECTIONS:
        section = getattr(params, name)
        found += _differing(section, type(section)(), getattr(usual, name), f"{name}.")
    used = f"train.networks.{params.train.network}."
    return [one for one in found if not one.name.startswith("train.networks.") or one.name.startswith(used)]


def _as_auto(params: Params) -> Params:
    """`params` with what `auto` would have chosen wherever it is the default."""
    train = params.train
    watch = train.watch.model_copy(update=_autos(train.watch))
    return resolve_auto(params.model_copy(update={"train": train.model_copy(update=_autos(train) | {"watch": watch})}))


def _autos(section: BaseModel) -> dict[str, Any]:
    defaults = {name: field.default for name, field in type(section).model_fields.items()}
    return {name: value for name, value in defaults.items() if value == "auto" or _is_auto(value)}


def _is_auto(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _differing(section: BaseModel, default: BaseModel, usual: BaseModel, above: str) -> Iterator[Changed]:
    """What of `section` is neither the default nor, where that is `auto`, what `auto` chooses."""
    for key, field in type(section).model_fields.items():
        name, value, standard = f"{above}{field.alias or key}", getattr(section, key), getattr(default, key)
        if isinstance(value, BaseModel):
            yield from _differing(value, standard, getattr(usual, key), f"{name}.")
            continue
        is_auto = standard == "auto" or _is_auto(standard)
        if value != (getattr(usual, key) if is_auto else standard) and value != "auto" and not _is_auto(value):
            yield Changed(name, as_text(value), "auto" if is_auto else as_text(standard), field.description or "")


def as_text(value: object) -> str:
    """A value as people write it; of files elsewhere only the name, as the page is for sharing."""
    if isinstance(value, list | tuple):
        return ", ".join(map(as_text, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    text = str(value)
    return (Path(text).name if Path(text).is_absolute() else text) or "empty"
