from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mapgan.errors import MapganError
from mapgan.explore.neighbours import near_directions, near_seeds
from mapgan.explore.scene import FARTHEST, Patch, Rectangle, Scene, rectangles
from mapgan.sampling.latent_shape import LatentShape

SHAPE = LatentShape(4, 8, 12)
SCENE = Scene(generator="plans", latent="7")


@given(st.integers(0, 2**36 - 1))
def test_rectangles_cover_the_marks_once(bits: int) -> None:
    marks = {(number % 6, number // 6) for number in range(36) if bits >> number & 1}
    covered = [
        (x, y) for one in rectangles(marks) for x in range(one.left, one.right) for y in range(one.top, one.bottom)
    ]
    assert sorted(covered) == sorted(marks)


def test_a_block_is_one_rectangle() -> None:
    assert rectangles({(x, y) for x in (2, 3) for y in (4, 5, 6)}) == [Rectangle(left=2, top=4, right=4, bottom=7)]


def test_the_expression_has_patches_in_sites_and_then_directions() -> None:
    patch = Patch(where=Rectangle(left=2, top=1, right=4, bottom=3), seed=99)
    scene = SCENE.changed(patches=[patch], directions=[1.5, 0.0, -2.0, 0.0])
    assert scene.expression(SHAPE, 0.5, directed=True) == "patch(7, 99, 0, 2, 1, 2) + 1.5 * sefa(0) - 2 * sefa(2)"
    assert scene.expression(SHAPE, 0.5, directed=False) == "patch(7, 99, 0, 2, 1, 2)"


def test_patches_outside_of_the_map_are_left_out() -> None:
    patch = Patch(where=Rectangle(left=20, top=0, right=22, bottom=2), seed=1)
    assert SCENE.changed(patches=[patch]).expression(SHAPE, 1.0, directed=True) == "7"


def test_what_is_drawn_over_is_forgotten() -> None:
    small, large = Rectangle(left=1, top=1, right=2, bottom=2), Rectangle(left=0, top=0, right=3, bottom=3)
    scene = SCENE.changed(patches=SCENE.patched([small], 5))
    assert scene.patched([large], 6) == [Patch(where=large, seed=6)]
    assert len(SCENE.changed(patches=SCENE.patched([large], 6)).patched([small], 5)) == 2


def test_too_long_a_history_is_one_line() -> None:
    patches = [
        Patch(where=Rectangle(left=x, top=y, right=x + 1, bottom=y + 1), seed=2**50)
        for x in range(12)
        for y in range(8)
    ]
    with pytest.raises(MapganError, match="too many steps"):
        SCENE.changed(patches=patches).expression(SHAPE, 1.0, directed=True)


@pytest.mark.parametrize(
    "change", [{"columns": 0}, {"rows": 10**6}, {"truncation": 2.0}, {"directions": [99.0]}, {"plan": [[-2]]}, {"x": 1}]
)
def test_values_out_of_range_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SCENE.changed(**change)


def test_neighbours_are_unlike_each_other_and_stay_in_range() -> None:
    far = SCENE.changed(directions=[FARTHEST] * 4)
    assert len({one.latent for one in near_seeds(SCENE, 1.0, 0).values()}) == 8
    assert near_seeds(SCENE, 1.0, 0) == near_seeds(SCENE, 1.0, 0) != near_seeds(SCENE, 1.0, 1)
    assert all(max(one.directions) <= FARTHEST for one in near_directions(far, 2.0).values())
    assert near_directions(SCENE, 1.0)["1: +1.5"].directions == [1.5, 0.0, 0.0, 0.0]
