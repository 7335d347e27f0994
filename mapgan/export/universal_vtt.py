"""Universal VTT (`.dd2vtt`, `.uvtt`): the map's image, walls and doors in one JSON file that most tabletops read.

The format is that of Dungeondraft, version 0.3. Lengths are in squares, colours are eight digits with the alpha first.
"""

from __future__ import annotations

import base64
import math
from typing import Any

from mapgan.export.doors import Door
from mapgan.export.walls import Walls

FORMAT = 0.3
DIGITS = 4  # after the point; a pixel is 0.01 squares


def universal_vtt(image: bytes, columns: int, rows: int, square: int, walls: Walls) -> dict[str, Any]:
    """The content of the file.

    Args:
        image: a PNG or WebP file of `columns * square` x `rows * square` pixels.
        columns: squares from left to right.
        rows: squares from top to bottom.
        square: pixels per square.
        walls: traced walls and doors.
    """
    return {
        "format": FORMAT,
        "resolution": {
            "map_origin": {"x": 0, "y": 0},
            "map_size": {"x": columns, "y": rows},
            "pixels_per_grid": square,
        },
        "line_of_sight": [[_point(x, y) for x, y in line.tolist()] for line in walls.lines],
        "objects_line_of_sight": [],
        "portals": [_portal(door) for door in walls.doors],
        "environment": {"baked_lighting": False, "ambient_light": "ffffffff"},
        "lights": [],
        "image": base64.b64encode(image).decode("ascii"),
    }


def _portal(door: Door) -> dict[str, Any]:
    (left, top), (right, bottom) = door.ends
    return {
        "position": _point((left + right) / 2, (top + bottom) / 2),
        "bounds": [_point(left, top), _point(right, bottom)],
        "rotation": 0.0 if door.horizontal else math.pi / 2,
        "closed": True,  # importers make windows of open ones
        "freestanding": False,
    }


def _point(x: float, y: float) -> dict[str, float]:
    return {"x": round(x, DIGITS), "y": round(y, DIGITS)}
