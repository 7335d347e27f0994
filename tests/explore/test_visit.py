from __future__ import annotations

import numpy as np
import pytest

from mapgan.errors import MapganError
from mapgan.explore import visit
from mapgan.explore.atelier import Atelier
from mapgan.explore.scene import Scene
from mapgan.explore.visit import Visit


def test_back_goes_through_all_scenes_but_a_dragged_slider_is_one_step(scene: Scene) -> None:
    v = Visit(scene)
    for much in (0.9, 0.8, 0.7):
        v = v.go(scene.changed(truncation=much), "truncation")
    v = v.go(v.scene.changed(latent="9"))
    assert [v.back().scene.truncation, v.back().back().scene] == [0.7, scene]
    with pytest.raises(MapganError, match="nothing to go back"):
        v.back().back().back()


def test_the_same_scene_is_no_step(scene: Scene) -> None:
    assert Visit(scene).go(scene).past == ()


@pytest.mark.parametrize("seed", [None, -1, 2**54, 0.5])
def test_no_seed(scene: Scene, seed: float | None) -> None:
    with pytest.raises(MapganError, match="not a seed"):
        visit.with_seed(scene, seed)


@pytest.mark.parametrize("size", [(0, 5), (None, 5), (99999, 99999), (2.5, 5)])
def test_no_size(atelier: Atelier, scene: Scene, size: tuple[float | None, float]) -> None:
    with pytest.raises(MapganError, match="not a size"):
        visit.with_size(scene, atelier.open("plans"), *size, seamless=False)


def test_another_size_keeps_what_is_painted(atelier: Atelier, scene: Scene) -> None:
    opened = atelier.open("plans")
    painted = visit.with_plan(scene, opened, [[column % 4 for column in range(12)] for _ in range(8)])
    wider = visit.with_size(painted, opened, 14, 5, seamless=False)
    assert np.shape(wider.plan) == (5, 14)
    assert wider.plan[4][:12] == painted.plan[4]


def test_a_seamless_map_is_of_whole_sites_and_has_no_plan(atelier: Atelier, scene: Scene) -> None:
    opened = atelier.open("plans")
    painted = visit.with_plan(scene, opened, [[0] * 12] * 8)
    seamless = visit.with_size(painted, opened, 13, 7, seamless=True)
    assert (seamless.plan, atelier.draw(seamless).recipe.seamless) == ([], True)


def test_painting_keeps_the_plan_that_the_directions_had_made(atelier: Atelier, scene: Scene) -> None:
    steered = scene.changed(directions=[2.0, 0.0, 0.0, 0.0])
    plan = atelier.draw(steered).plan
    painted = visit.with_plan(steered, atelier.open("plans"), plan)
    assert (painted.directions, painted.plan) == ([0.0] * 4, plan)


@pytest.mark.parametrize(
    "plan",
    [None, [], [[0] * 12] * 7, [[0] * 11] * 8, [[4] * 12] * 8, [[-2] * 12] * 8, [[True] * 12] * 8, [["0"] * 12] * 8],
)
def test_no_plan_from_the_browser(atelier: Atelier, scene: Scene, plan: object) -> None:
    with pytest.raises(MapganError, match="not a plan"):
        visit.with_plan(scene, atelier.open("plans"), plan)


def test_marked_squares_are_drawn_anew_and_those_far_away_stay(atelier: Atelier, scene: Scene) -> None:
    wide = scene.changed(columns=48)
    before = atelier.draw(wide)
    marks = [[x, y] for x in range(22, 26) for y in range(4)]
    anew = visit.rerolled(wide, atelier, [*marks, "no mark", [99, 99], [1]])
    after = atelier.draw(anew)
    changed = (np.asarray(before.image) != np.asarray(after.image)).any(axis=(0, 2))
    assert changed[22 * 16 : 26 * 16].any()
    assert not changed[: 8 * 16].any()
    assert not changed[40 * 16 :].any()
    others = np.array(before.plan) != np.array(after.plan)
    others[:4, 22:26] = False
    assert not others.any()
    assert visit.rerolled(anew, atelier, marks) != anew


def test_nothing_marked(atelier: Atelier, scene: Scene) -> None:
    with pytest.raises(MapganError, match="no squares are marked"):
        visit.rerolled(scene, atelier, [[-1, 0], [12, 0], [[], {}]])
