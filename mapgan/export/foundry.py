"""A module for Foundry VTT: the map's image, and a scene with walls, doors and grid to import."""

from __future__ import annotations

import hashlib
import re
from itertools import pairwise
from typing import Any

from mapgan import __version__
from mapgan.export.walls import Walls
from mapgan.params import Export

MINIMUM = "12"  # version of Foundry whose scenes have these fields
GRID_TYPES = {"square": 1, "hex-pointy": 2, "hex-flat": 4}  # CONST.GRID_TYPES: SQUARE, HEXODDR, HEXODDQ
BLOCKED = 20  # CONST.WALL_SENSE_TYPES.NORMAL and WALL_MOVEMENT_TYPES.NORMAL
DISTANCE, UNITS = 5, "ft"  # that a square stands for
IMAGE = "map.webp"
SCENE = "scene.json"
README = """# {title}

A map of {columns} x {rows} squares, exported by mapgan.

1. Put this folder, `{id}`, into the folder `Data/modules` of Foundry VTT and start it again.
2. In a world, under Manage Modules, activate "{title}".
3. Create an empty scene, right-click it in the sidebar, choose Import Data, and pick `scene.json` from this folder.

The scene has {walls} wall segments and {doors} doors.
"""


def module_id(name: str) -> str:
    """An id that Foundry accepts, which is also the name of the module's folder: small letters, digits and hyphens."""
    slug = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
    return f"mapgan-{slug or _id(name).lower()}"


def manifest(name: str) -> dict[str, Any]:
    """The content of `module.json`."""
    return {
        "id": module_id(name),
        "title": name,
        "description": f"A map exported by mapgan; {SCENE} is its scene.",
        "version": __version__,
        "authors": [{"name": "mapgan"}],
        "compatibility": {"minimum": MINIMUM},
        "readme": "README.md",
    }


def readme(name: str, columns: int, rows: int, walls: Walls) -> str:
    """How to use the module."""
    segments = sum(len(line) - 1 for line in walls.lines)
    counts = {"columns": columns, "rows": rows, "walls": segments, "doors": len(walls.doors)}
    return README.format(id=module_id(name), title=name, **counts)


def scene(name: str, columns: int, rows: int, square: int, walls: Walls, settings: Export) -> dict[str, Any]:
    """The content of the scene's file.

    Args:
        name: of the scene.
        columns: squares from left to right.
        rows: squares from top to bottom.
        square: pixels per square.
        walls: traced walls and doors.
        settings: of the grid; without one, Foundry's own square grid is there but not visible.
    """
    segments = [(*start, *end) for line in walls.lines for start, end in pairwise(line.tolist())]
    doors = [(*start, *end) for start, end in (door.ends for door in walls.doors)]
    is_shown = settings.grid != "none"
    return {
        "_id": _id(name),
        "name": name,
        "width": columns * square,
        "height": rows * square,
        "padding": 0,
        "background": {"src": f"modules/{module_id(name)}/{IMAGE}"},
        "backgroundColor": "#000000",
        "grid": {
            "type": GRID_TYPES.get(settings.grid, GRID_TYPES["square"]),
            "size": square,
            "color": settings.grid_color,
            "alpha": settings.grid_opacity if is_shown else 0,
            "distance": DISTANCE,
            "units": UNITS,
        },
        "tokenVision": bool(segments),
        "fog": {"exploration": bool(segments)},
        "walls": [_wall(ends, square, door=0) for ends in segments] + [_wall(ends, square, door=1) for ends in doors],
        "lights": [],
    }


def _wall(ends: tuple[float, ...], square: int, door: int) -> dict[str, Any]:
    pixels = [round(float(number) * square) for number in ends]
    blocks = dict.fromkeys(("light", "move", "sight", "sound"), BLOCKED)
    return {"_id": _id(f"{pixels} {door}"), "c": pixels, **blocks, "dir": 0, "door": door, "ds": 0}


def _id(text: str) -> str:
    """Sixteen letters and digits, as Foundry's ids have; equal texts give equal ids."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
