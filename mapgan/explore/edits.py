"""Changes to a scene that a user of the page can make; each returns another scene."""

from __future__ import annotations

from collections.abc import Iterable

from mapgan import rng
from mapgan.errors import MapganError
from mapgan.explore.generators import OpenGenerator
from mapgan.explore.neighbours import between
from mapgan.explore.plans import Rows, checked_plan, fitted_plan, with_squares
from mapgan.explore.scene import DIRECTIONS, Scene, rectangles
from mapgan.explore.scene_renderer import SceneRenderer
from mapgan.params.drawing import MAX_SQUARES
from mapgan.params.parsing import MAX_SEED

STRAIGHT = [0.0] * DIRECTIONS


def with_generator(scene: Scene, opened: OpenGenerator) -> Scene:
    """The scene's seed and size, with another generator."""
    size = {"columns": scene.columns, "rows": scene.rows} if opened.spatial else fixed_size(opened)
    return Scene(generator=opened.name, latent=scene.latent if scene.latent.isdecimal() else "8").changed(**size)


def fixed_size(opened: OpenGenerator) -> dict[str, int]:
    """Squares of a generator that draws one size only."""
    about = opened.trained.about
    sides = {"columns": about.width, "rows": about.height}
    return {name: max(1, round(side / opened.square)) for name, side in sides.items()}


def with_seed(scene: Scene, seed: float | None) -> Scene:
    """Another seed's map, on the same plan if it is painted.

    Raises:
        MapganError: it is no seed.
    """
    if seed is None or not 0 <= seed <= MAX_SEED or seed != int(seed):
        raise MapganError("not a seed", f"whole numbers from 0 to {MAX_SEED} are")
    return scene.changed(latent=str(int(seed)), patches=[])


def with_size(scene: Scene, opened: OpenGenerator, columns: float | None, rows: float | None, seamless: bool) -> Scene:
    """The scene in another size, which is rounded if it is to be seamless.

    Raises:
        MapganError: it is no size.
    """
    if not opened.spatial:
        raise MapganError(f"{opened.name}: has a fixed size, and is not seamless")
    sides = [0 if side is None else side for side in (columns, rows)]
    if not all(1 <= side <= MAX_SQUARES and side == int(side) for side in sides):
        raise MapganError("not a size", f"1 to {MAX_SQUARES} squares each way can be drawn, if memory suffices")
    width, height = map(int, sides)
    if seamless:
        step = opened.seamless_step
        width, height = (max(step, round(side / step) * step) for side in (width, height))
    plan = fitted_plan(scene.plan, width, height) if opened.wraps_plans or not seamless else []
    return scene.changed(columns=width, rows=height, seamless=seamless, plan=plan)


def with_plan(scene: Scene, opened: OpenGenerator, plan: object) -> Scene:
    """The scene with a painted plan.

    Raises:
        MapganError: it is no plan for this scene.
    """
    rows = checked_plan(plan, opened, scene.columns, scene.rows)
    directions = scene.directions if scene.plan else STRAIGHT
    return scene.changed(plan=rows, seamless=scene.seamless and opened.wraps_plans, directions=directions)


def with_plan_of(scene: Scene, plan: Rows) -> Scene:
    """The scene with a plan of any size, which is then that of the map."""
    size = {"columns": len(plan[0]), "rows": len(plan)}
    return scene.changed(plan=plan, seamless=False, directions=STRAIGHT, patches=[], **size)


def rerolled(scene: Scene, renderer: SceneRenderer, marks: Iterable[object], attempt: int) -> Scene:
    """The scene with the marked squares drawn anew: their latents, and their part of the plan.

    Args:
        scene: the scene.
        renderer: that draws the new plan.
        marks: `[column, row]` each, from the browser.
        attempt: another one gives other latents.

    Raises:
        MapganError: no squares of the map are marked, or the generator has a fixed size.
    """
    opened = renderer.open(scene.generator)
    if not opened.spatial:
        raise MapganError(f"{opened.name}: has no latents of squares", "take another seed")
    found = {
        (mark[0], mark[1])
        for mark in marks
        if isinstance(mark, list) and len(mark) == 2 and all(type(number) is int for number in mark)
    }
    where = rectangles({(x, y) for x, y in found if 0 <= x < scene.columns and 0 <= y < scene.rows})
    if not where:
        raise MapganError("no squares are marked", "drag over some on the map")
    seed = rng.key(attempt, scene.model_dump_json(), 0, 0, bits=40)
    anew = scene.changed(patches=scene.patched(where, seed))
    plan = scene.plan or renderer.plan(scene)
    if not plan or opened.layout is None:
        return anew
    other = renderer.plan(anew.changed(plan=[], directions=STRAIGHT if scene.plan else scene.directions))
    return anew.changed(plan=with_squares(plan, other, where), directions=STRAIGHT)


def interpolated(scene: Scene, start: float | None, end: float | None, fraction: float) -> Scene:
    """The map between those of two seeds.

    Raises:
        MapganError: they are no seeds.
    """
    ends = [int(with_seed(scene, seed).latent) for seed in (start, end)]
    return between(scene, ends[0], ends[1], round(fraction, 3))
