"""Walls by the plan that a map was painted by, against the borders of its squares."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from mapgan.export.plan_walls import LabelPlan, plan_of_recipe, plan_walls, read_label_plan
from mapgan.export.square_map import SquareMap
from mapgan.sampling.recipe import Cell, Recipe, read_recipe
from tests.commands.test_export import export, written
from tests.export.plans import along, near

NAMES = ["door", "floor", "rock"]
TEXT = """\
##########
#....#...#
#....#...#
#....+...#
#....#...#
####+#####
####.....#
##########
"""


def squares(image: Image.Image, columns: int, rows: int) -> SquareMap:
    return SquareMap(image, columns, rows, (0, 0, *map(float, image.size)))


def blank(columns: int, rows: int) -> SquareMap:
    return squares(Image.new("RGB", (columns * 16, rows * 16)), columns, rows)


def borders(is_rock: NDArray[np.bool_], step: int = 10) -> NDArray[np.float64]:
    """Points along the sides of squares where rock meets other ground, `[N, 2]`."""
    parts = (np.arange(step) + 0.5) / step
    row, column = np.nonzero(is_rock[:, 1:] != is_rock[:, :-1])
    upright = [np.stack([np.full(step, x + 1.0), y + parts], axis=1) for y, x in zip(row, column, strict=True)]
    row, column = np.nonzero(is_rock[1:] != is_rock[:-1])
    flat = [np.stack([x + parts, np.full(step, y + 1.0)], axis=1) for y, x in zip(row, column, strict=True)]
    return np.concatenate([*upright, *flat, np.zeros((0, 2))])


def cellar(folder: Path) -> Path:
    (folder / "cellar.txt").write_text(TEXT)
    (folder / "cellar.legend").write_text("# rock\n. floor\n+ door\n")
    return folder / "cellar.txt"


def test_walls_and_doors_are_those_of_the_plan(tmp_path: Path) -> None:
    plan = read_label_plan(cellar(tmp_path))
    walls = plan_walls(plan, blank(10, 8), ["rock"], "gaps")
    assert walls is not None
    truth = borders(plan.is_one_of(["rock"]))
    assert near(truth, along(walls.lines), 0.01) == near(along(walls.lines), truth, 0.06) == 1
    assert [(door.x, door.y, door.horizontal) for door in walls.doors] == [(4.0, 5.5, True), (5.5, 3.0, False)]
    without = plan_walls(plan, blank(10, 8), ["rock"], "none")
    assert without is not None
    assert without.doors == []


@settings(deadline=None)
@given(arrays(np.int64, (6, 8), elements=st.integers(0, 2)))
def test_any_plan_has_its_borders(rows: NDArray[np.int64]) -> None:
    plan = LabelPlan(rows, NAMES)
    walls = plan_walls(plan, blank(8, 6), ["rock"], "gaps")
    is_rock = plan.is_one_of(["rock"])
    if walls is None:
        assert is_rock.all() or not is_rock.any()
        return
    assert near(borders(is_rock), along(walls.lines), 0.01) == near(along(walls.lines), borders(is_rock), 0.06) == 1
    assert all(len(np.unique(line, axis=0)) == 2 for line in walls.lines)


def test_a_plan_that_does_not_say_it_all_leaves_it_to_the_colours() -> None:
    room = np.array([[2, 2, 2], [2, 1, 2], [2, 2, 2]])
    assert plan_walls(LabelPlan(room, NAMES), blank(3, 3), ["rock"], "gaps") is not None
    assert plan_walls(LabelPlan(room, NAMES), blank(3, 3), ["sea"], "gaps") is None
    assert plan_walls(LabelPlan(room, NAMES), blank(5, 3), ["rock"], "gaps") is None
    assert plan_walls(LabelPlan(np.where(room == 1, -1, room), NAMES), blank(3, 3), ["rock"], "gaps") is None


def test_a_recipe_needs_the_names_of_labels() -> None:
    recipe = Recipe(generator="", width=32, height=32, cells=[Cell(latent="1", plan=[[2, 1]])])
    assert plan_of_recipe(recipe) is None
    assert plan_of_recipe(recipe, NAMES) is not None
    assert plan_of_recipe(recipe.model_copy(update={"label_names": NAMES})) is not None
    assert plan_of_recipe(recipe.model_copy(update={"label_names": NAMES[:2]})) is None


def test_a_plan_of_another_size_is_one_line(tmp_path: Path) -> None:
    Image.new("RGB", (160, 160), "tan").save(tmp_path / "map.png")
    result = export(
        tmp_path / "map.png", "--pixels-per-square", "16", "--plan", cellar(tmp_path), "--out", tmp_path / "x"
    )
    assert result.exit_code == 2
    assert "--plan: 10 x 8 squares, and map has 10 x 10" in result.stderr
    assert not (tmp_path / "x").exists()


def test_maps_are_drawn_and_exported_in_one_go(tmp_path: Path) -> None:
    result = export("plans", "--seeds", "3", "--squares", "16x12", "--out", tmp_path)
    names = ["seed-000003-walls.png", "seed-000003.dd2vtt"]
    assert [path.name for path in written(result)] == names[::-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == [*names[:1], "seed-000003.dd2vtt", "seed-000003.png"]
    assert "doors by the plan" in result.stdout
    plan = plan_of_recipe(read_recipe(tmp_path / "seed-000003.png"))
    assert plan is not None
    file = json.loads((tmp_path / "seed-000003.dd2vtt").read_text(encoding="utf-8"))
    lines = [np.array([(point["x"], point["y"]) for point in line]) for line in file["line_of_sight"]]
    truth = borders(plan.is_one_of(["rock"]))
    assert near(truth, along(lines)) >= 0.9
    assert near(along(lines), truth) >= 0.9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plans", "overland", "--seeds", "3"], "--seeds: maps of one run"),
        (["plans", "--seeds", "5-"], "'5-' is not"),
        (["no-such-run", "--seeds", "1"], "no-such-run: no such file"),
        (["plans", "--seeds", "1", "--run", "plans"], "--run: says what drew images"),
        (["map.png", "--squares", "4x4"], "--squares: of maps that are drawn; name their --seeds"),
        (["map.png", "--truncation", "0.5"], "--truncation: of maps that are drawn"),
        (["map.png", "--legend", "a.legend"], "--legend: of a plan; name that with --plan"),
    ],
)
def test_wrong_seeds_are_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    result = export(*arguments, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()
