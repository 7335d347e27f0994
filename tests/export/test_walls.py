"""Traced walls and doors, against plans whose walls are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from mapgan import rng
from mapgan.collect.demo import __file__ as demo
from mapgan.curate.tiling import Lines
from mapgan.export.ground import find_ground
from mapgan.export.square_map import SquareMap, into_squares, open_map
from mapgan.export.walls import Walls, trace_walls
from tests.export.plans import Plan, along, demo_plans, draw, near

ROOMS = Plan(24, 16, rects=[(2, 2, 6, 5), (8, 4, 5, 1), (13, 3, 5, 4), (15, 7, 1, 5), (4, 7, 1, 6), (5, 12, 10, 1)],
             circles=[(14, 9, 7, 7)], doors=[(9, 4)])  # fmt: skip
DEMO = demo_plans()


def traced(image: Image.Image, square: float = 16.0, **options: object) -> Walls:
    walls = trace_walls(into_squares(image, Lines(square), "a plan"), **options)  # type: ignore[arg-type]
    assert walls is not None
    return walls


@pytest.mark.parametrize("square", [8, 16, 37])
def test_walls_of_a_drawn_plan_are_within_a_quarter_square(square: int) -> None:
    walls = traced(draw(ROOMS, square), square)
    assert near(ROOMS.walls(), along(walls.lines)) > 0.98
    assert near(along(walls.lines), ROOMS.walls()) > 0.98


@pytest.mark.parametrize("name", DEMO)
def test_walls_of_demo_maps_are_within_a_quarter_square(name: str) -> None:
    walls = trace_walls(open_map(Path(demo).parent / "maps" / f"{name}.webp"))
    assert walls is not None
    assert near(DEMO[name].walls(), along(walls.lines)) > 0.95  # the issue asks for 0.9
    assert near(along(walls.lines), DEMO[name].walls()) > 0.95


@pytest.mark.parametrize("name", DEMO)
def test_every_door_of_demo_maps_is_found(name: str) -> None:
    drawing = open_map(Path(demo).parent / "maps" / f"{name}.webp")
    walls = trace_walls(drawing, doors="drawn")
    assert walls is not None
    expected = {(column + 0.5, row + 0.5) for column, row in DEMO[name].doors}
    assert expected <= set(middles(walls))
    assert len(middles(walls)) <= len(expected) + 1  # a corridor that ends in a small round room has a neck there


def middles(walls: Walls) -> list[tuple[float, float]]:
    """Middles of the doors, to half a square."""
    ends = [np.mean(door.ends, axis=0) for door in walls.doors]
    return sorted((round(float(x) * 2) / 2, round(float(y) * 2) / 2) for x, y in ends)


def test_walls_of_rooms_lie_on_the_grid() -> None:
    room = Plan(8, 7, rects=[(2, 1, 4, 5)], circles=[], doors=[])
    (line,) = traced(draw(room)).lines
    assert {tuple(point) for point in line.tolist()} == {(2, 1), (6, 1), (6, 6), (2, 6)}
    assert len(line) == 5


def test_without_snapping_walls_stay_where_they_are_drawn() -> None:
    room = Plan(8, 7, rects=[(2, 1, 4, 5)], circles=[], doors=[])
    (line,) = traced(draw(room), snap=0.0).lines
    assert not (line == np.round(line)).any()
    assert near(line, np.array([(2, 1), (6, 1), (6, 6), (2, 6)], float), 0.2) == 1


def test_a_gap_of_one_square_in_a_wall_is_a_door() -> None:
    two_rooms = Plan(14, 7, rects=[(1, 1, 5, 5), (6, 3, 2, 1), (8, 1, 5, 5)], circles=[], doors=[])
    assert middles(traced(draw(two_rooms))) == [(6, 3.5), (8, 3.5)]
    assert traced(draw(two_rooms), doors="drawn").doors == []


def test_a_gap_in_a_thin_wall_is_a_door() -> None:
    image = draw(Plan(12, 7, rects=[(1, 1, 10, 5)], circles=[], doors=[]))
    wall = Image.new("RGB", (4, 32), "#14110f")
    image.paste(wall, (6 * 16 - 2, 16))
    image.paste(wall, (6 * 16 - 2, 4 * 16))
    assert middles(traced(image)) == [(6, 3.5)]


def test_a_gap_of_two_squares_and_a_fork_of_corridors_are_no_doors() -> None:
    wide = Plan(14, 7, rects=[(1, 1, 5, 5), (6, 3, 2, 2), (8, 1, 5, 5)], circles=[], doors=[])
    fork = Plan(14, 7, rects=[(1, 3, 12, 1), (6, 3, 1, 4)], circles=[], doors=[])
    assert traced(draw(wide)).doors == traced(draw(fork)).doors == []


def test_a_drawn_door_closes_no_corridor() -> None:
    plan = Plan(16, 7, rects=[(1, 1, 5, 5), (6, 3, 4, 1), (10, 1, 5, 5)], circles=[], doors=[(8, 3)])
    walls = traced(draw(plan))
    assert (8.5, 3.5) in middles(walls)
    assert len(walls.lines) == 1  # one outline around both rooms
    assert traced(draw(plan), doors="none").doors == []


def test_ground_may_be_dark() -> None:
    light = draw(ROOMS)
    dark = draw(ROOMS, ground="#202830", rock="#f0f0e8")
    assert near(ROOMS.walls(), along(traced(dark).lines)) > 0.9
    field, inverse = find_ground(light, "light"), find_ground(light, "dark")
    assert field is not None
    assert inverse is not None
    assert (field == -inverse).all()


def test_rooms_that_reach_the_border_are_still_ground() -> None:
    wide = Plan(12, 8, rects=[(0, 0, 12, 2), (2, 5, 7, 3), (6, 2, 1, 3)], circles=[], doors=[])
    assert middles(traced(draw(wide))) == [(6.5, 2), (6.5, 5)]


def test_colours_may_differ_in_hue_alone() -> None:
    image = draw(ROOMS, ground="#c04040", rock="#30803c")
    assert near(ROOMS.walls(), along(traced(image).lines)) > 0.9


@pytest.mark.parametrize("kind", ["noise", "plain", "ramp"])
def test_where_there_are_not_two_colours_there_are_no_walls(kind: str) -> None:
    values = {
        "noise": 128 + 40 * rng.normal(0, "paper", 0, 0, 96 * 128),
        "plain": np.full(96 * 128, 90.0),
        "ramp": np.linspace(0, 255, 96 * 128),
    }[kind]
    grey = np.clip(values, 0, 255).astype(np.uint8).reshape(96, 128)
    assert trace_walls(SquareMap(Image.fromarray(grey).convert("RGB"), 8, 6, (0, 0, 128, 96))) is None


@given(arrays(np.bool_, (6, 8)), st.sampled_from([0.0, 0.2, 0.5]))
def test_walls_and_doors_of_any_squares_lie_on_the_map(cells: NDArray[np.bool_], snap: float) -> None:
    pixels = np.kron(cells, np.ones((12, 12))).astype(np.uint8) * 200
    walls = trace_walls(SquareMap(Image.fromarray(pixels).convert("RGB"), 8, 6, (0, 0, 96, 72)), snap=snap)
    if walls is None:
        assert cells.all() or not cells.any()
        return
    points = np.concatenate([*walls.lines, *(np.array(door.ends) for door in walls.doors), np.zeros((0, 2))])
    assert ((points >= 0) & (points <= (8, 6))).all()
    assert all(len(line) > 1 for line in walls.lines)


def test_columns_and_stones_are_no_walls() -> None:
    room = Plan(8, 7, rects=[(1, 1, 6, 5)], circles=[], doors=[])
    image = draw(room)
    image.paste(Image.new("RGB", (6, 6), "#14110f"), (60, 50))
    assert len(traced(image).lines) == 1


def test_lines_end_at_the_border_of_the_map() -> None:
    cut = Plan(8, 7, rects=[(0, 1, 4, 3)], circles=[], doors=[])
    (line,) = traced(draw(cut)).lines
    assert {tuple(point) for point in line.tolist()} == {(0, 1), (4, 1), (4, 4), (0, 4)}
    assert len(line) == 4
