"""`mapgan preset`: list the presets, or merge one into `params.yaml`."""

from __future__ import annotations

from pathlib import Path

from mapgan import files
from mapgan.params.reading import load, parse_yaml, preset_names, preset_text, read_preset
from mapgan.params.writing import merge_into


def listing() -> str:
    """A line for each preset: its name, and the first line of its comment."""
    names = preset_names()
    width = max(map(len, names))
    return "\n".join(f"{name:{width}}  {preset_text(name).splitlines()[0].lstrip('# ')}" for name in names)


def write_preset(name: str, params: Path) -> str:
    """Merge preset `name` into the file `params`, whose comments are kept; returns a line that says so.

    Raises:
        MapganError: there is no such preset or file, or the file is already invalid.
    """
    load(params, name)
    merged = merge_into(params.read_text(encoding="utf-8"), read_preset(name))
    parse_yaml(merged, str(params))
    files.write_text(params, merged)
    return f"{params} now holds preset {name}"
