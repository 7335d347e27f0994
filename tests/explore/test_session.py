from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from mapgan.errors import MapganError
from mapgan.explore import edits
from mapgan.explore.actions import Actions
from mapgan.explore.favourites import Favourites
from mapgan.explore.scene import Scene
from mapgan.explore.scene_renderer import SceneRenderer
from mapgan.explore.session import Session, known


def test_back_goes_through_all_scenes_but_a_dragged_slider_is_one_step(scene: Scene) -> None:
    session = Session(scene)
    for much in (0.9, 0.8, 0.7):
        session = session.go(scene.changed(truncation=much), "truncation")
    session = session.go(session.scene.changed(latent="9"))
    assert [session.back().scene.truncation, session.back().back().scene] == [0.7, scene]
    with pytest.raises(MapganError, match="nothing to go back"):
        session.back().back().back()


def test_a_new_map_after_going_back_is_another_one(renderer: SceneRenderer, scene: Scene, tmp_path: Path) -> None:
    actions = Actions(renderer, Favourites(tmp_path / "favourites.json"))
    first = actions.new_seed(Session(scene), {})
    assert actions.new_seed(first.back(), {}).scene != first.scene


def test_a_page_of_an_earlier_server_is_one_line() -> None:
    with pytest.raises(MapganError, match="started again since this page was opened; reload the page"):
        known(None)


def test_the_same_scene_is_no_step(scene: Scene) -> None:
    assert Session(scene).go(scene).past == ()


@pytest.mark.parametrize("seed", [None, -1, 2**54, 0.5])
def test_no_seed(scene: Scene, seed: float | None) -> None:
    with pytest.raises(MapganError, match="not a seed"):
        edits.with_seed(scene, seed)


@pytest.mark.parametrize("size", [(0, 5), (None, 5), (99999, 99999), (2.5, 5), (math.inf, 5), (math.nan, 5)])
def test_no_size(renderer: SceneRenderer, scene: Scene, size: tuple[float | None, float]) -> None:
    with pytest.raises(MapganError, match="not a size"):
        edits.with_size(scene, renderer.open("plans"), *size, seamless=False)


def test_another_size_keeps_what_is_painted(renderer: SceneRenderer, scene: Scene) -> None:
    opened = renderer.open("plans")
    painted = edits.with_plan(scene, opened, [[column % 4 for column in range(12)] for _ in range(8)])
    wider = edits.with_size(painted, opened, 14, 5, seamless=False)
    assert np.shape(wider.plan) == (5, 14)
    assert wider.plan[4][:12] == painted.plan[4]


@pytest.mark.parametrize("name", ["plans", "overland"])
def test_a_seamless_map_is_of_whole_sites_and_has_a_plan(renderer: SceneRenderer, name: str) -> None:
    scene = Scene(generator=name)
    seamless = edits.with_size(scene, renderer.open(name), 13, 7, seamless=True)
    drawn = renderer.draw(seamless)
    assert (seamless.columns, seamless.rows, drawn.recipe.seamless) == (12, 8, True)
    assert np.shape(drawn.plan) == (8, 12)


def test_a_painted_map_can_be_seamless(renderer: SceneRenderer, scene: Scene) -> None:
    opened, plan = renderer.open("plans"), [[column % 4 for column in range(12)] for _ in range(8)]
    painted = edits.with_size(edits.with_plan(scene, opened, plan), opened, 12, 8, seamless=True)
    assert edits.with_plan(painted, opened, plan) == painted
    assert (painted.plan, renderer.draw(painted).recipe.seamless) == (plan, True)


def test_painting_keeps_the_plan_that_the_directions_had_made(renderer: SceneRenderer, scene: Scene) -> None:
    steered = scene.changed(directions=[2.0, 0.0, 0.0, 0.0])
    plan = renderer.draw(steered).plan
    painted = edits.with_plan(steered, renderer.open("plans"), plan)
    assert (painted.directions, painted.plan) == ([0.0] * 4, plan)


@pytest.mark.parametrize(
    "plan",
    [None, [], [[0] * 12] * 7, [[0] * 11] * 8, [[4] * 12] * 8, [[-2] * 12] * 8, [[True] * 12] * 8, [["0"] * 12] * 8],
)
def test_no_plan_from_the_browser(renderer: SceneRenderer, scene: Scene, plan: object) -> None:
    with pytest.raises(MapganError, match="not a plan"):
        edits.with_plan(scene, renderer.open("plans"), plan)


def test_marked_squares_are_drawn_anew_and_those_far_away_stay(renderer: SceneRenderer, scene: Scene) -> None:
    wide = scene.changed(columns=48)
    before = renderer.draw(wide)
    marks = [[x, y] for x in range(22, 26) for y in range(4)]
    anew = edits.rerolled(wide, renderer, [*marks, "no mark", [99, 99], [1]], attempt=0)
    after = renderer.draw(anew)
    changed = (np.asarray(before.image) != np.asarray(after.image)).any(axis=(0, 2))
    assert changed[22 * 16 : 26 * 16].any()
    assert not changed[: 8 * 16].any()
    assert not changed[40 * 16 :].any()
    others = np.array(before.plan) != np.array(after.plan)
    others[:4, 22:26] = False
    assert not others.any()
    assert edits.rerolled(wide, renderer, marks, attempt=1) != anew


def test_nothing_marked(renderer: SceneRenderer, scene: Scene) -> None:
    with pytest.raises(MapganError, match="no squares are marked"):
        edits.rerolled(scene, renderer, [[-1, 0], [12, 0], [[], {}]], attempt=0)
