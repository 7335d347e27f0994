"""`mapgan summary`: both networks, layer by layer."""

from __future__ import annotations

from pathlib import Path

from mapgan.commands.plan import assumed_labels, load_here
from mapgan.memory.summary import report


def summary(params: Path | None, preset: str | None, settings: list[str]) -> str:
    """Both networks layer by layer, for one image; arguments as for `plan`.

    Raises:
        MapganError: a setting is wrong.
    """
    chosen = load_here(params, preset, settings)
    return report(chosen, chosen.resize.width, chosen.resize.height, *assumed_labels(chosen))
