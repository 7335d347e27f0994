"""Universal VTT against a strict model of the format, written from what its importers read."""

from __future__ import annotations

import base64
import io
import json
import math
from typing import Annotated, Literal

import numpy as np
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt

from mapgan.export.doors import Door
from mapgan.export.universal_vtt import universal_vtt
from mapgan.export.walls import NO_WALLS, Walls

Number = StrictInt | StrictFloat


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Point(Strict):
    x: Number
    y: Number


class Cells(Strict):
    x: Annotated[StrictInt, Field(ge=1)]
    y: Annotated[StrictInt, Field(ge=1)]


class Resolution(Strict):
    map_origin: Point
    map_size: Cells
    pixels_per_grid: Annotated[StrictInt, Field(ge=1)]


class Portal(Strict):
    position: Point
    bounds: Annotated[list[Point], Field(min_length=2, max_length=2)]
    rotation: Number
    closed: StrictBool
    freestanding: StrictBool


class Environment(Strict):
    baked_lighting: StrictBool
    ambient_light: Annotated[str, Field(pattern="^[0-9a-f]{8}$")]


class Light(Strict):
    position: Point
    range: Number
    intensity: Number
    color: Annotated[str, Field(pattern="^[0-9a-f]{8}$")]
    shadows: StrictBool


class UniversalVtt(Strict):
    format: Literal[0.2, 0.3]
    resolution: Resolution
    line_of_sight: list[Annotated[list[Point], Field(min_length=2)]]
    objects_line_of_sight: list[Annotated[list[Point], Field(min_length=2)]]
    portals: list[Portal]
    environment: Environment
    lights: list[Light]
    image: str


ROOM = np.array([(1.0, 1.0), (4.0, 1.0), (4.0, 3.0), (1.0, 3.0), (1.0, 1.0)])
WALLS = Walls([ROOM, np.array([(0.0, 0.123456), (1.0, 0.5)])], [Door(4.0, 1.5, False), Door(2.0, 3.0, True)])


def png(size: tuple[int, int]) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, "tan").save(stream, "PNG")
    return stream.getvalue()


def read(walls: Walls) -> UniversalVtt:
    return UniversalVtt.model_validate(json.loads(json.dumps(universal_vtt(png((500, 400)), 5, 4, 100, walls))))


def test_the_format() -> None:
    file = read(WALLS)
    assert file.resolution.map_size == Cells(x=5, y=4)
    assert [(point.x, point.y) for point in file.line_of_sight[0]] == [tuple(point) for point in ROOM.tolist()]
    assert file.line_of_sight[1][0] == Point(x=0.0, y=0.1235)


def test_the_image_has_squares_times_pixels() -> None:
    file = read(WALLS)
    image = Image.open(io.BytesIO(base64.b64decode(file.image, validate=True)))
    pixels = file.resolution.pixels_per_grid
    assert image.size == (file.resolution.map_size.x * pixels, file.resolution.map_size.y * pixels)


def test_doors_are_closed_portals_a_square_wide() -> None:
    upright, lying = read(WALLS).portals
    assert (upright.position, upright.rotation, upright.closed) == (Point(x=4.0, y=2.0), math.pi / 2, True)
    assert (lying.bounds, lying.rotation) == ([Point(x=2.0, y=3.0), Point(x=3.0, y=3.0)], 0)


def test_without_walls() -> None:
    file = read(NO_WALLS)
    assert (file.line_of_sight, file.portals) == ([], [])
