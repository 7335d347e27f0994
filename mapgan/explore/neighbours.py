"""Scenes near another one: a little of the way to other seeds, or steps in the strongest directions."""

from __future__ import annotations

from mapgan import rng
from mapgan.explore.scene import DIRECTIONS, FARTHEST, Scene

COUNT = 8
FRACTION = 0.3  # of the way to another seed, at a step of 1
STEP = 1.5  # in a direction


def near_seeds(scene: Scene, step: float, page: int) -> dict[str, Scene]:
    """Scenes on the way to `COUNT` other seeds, by their captions; each page has others."""
    seeds = [rng.integer(page, "neighbours", 0, number, 1_000_000) for number in range(COUNT)]
    return {
        f"towards {seed}": scene.changed(latent=f"slerp({scene.latent}, {seed}, {FRACTION * step:g})") for seed in seeds
    }


def near_directions(scene: Scene, step: float) -> dict[str, Scene]:
    """Scenes a step to either side in each of the directions, by their captions."""
    found = {}
    for number in range(DIRECTIONS):
        for side in (-1, 1):
            steps = list(scene.directions)
            steps[number] = round(min(FARTHEST, max(-FARTHEST, steps[number] + side * STEP * step)), 3)
            found[f"{number + 1}: {steps[number]:+.2g}"] = scene.changed(directions=steps)
    return found


def between(scene: Scene, one: int, other: int, fraction: float) -> Scene:
    """The map at a fraction of the way between two seeds."""
    latent = {0.0: str(one), 1.0: str(other)}.get(fraction, f"slerp({one}, {other}, {fraction:g})")
    return scene.changed(latent=latent, patches=[])
