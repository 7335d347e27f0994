"""Names for the directions of SeFa: by what there is more of in a plan at either end, where a layout draws it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mapgan.explore.scene import DIRECTIONS, Scene
from mapgan.explore.scene_renderer import SceneRenderer

SEEDS = (0, 1, 2, 3)
FAR = 3.0
RARE = 0.005  # a share of a plan below which labels count as equally rare


def direction_names(renderer: SceneRenderer, scene: Scene) -> list[str]:
    """A name for each direction of `scene`, such as `1: floor or rock`: labels that grow most towards either end."""
    opened = renderer.open(scene.generator)
    if opened.layout is None or scene.plan:
        return [f"Direction {number + 1}" for number in range(DIRECTIONS)]
    small, names = Scene(generator=scene.generator), []
    for number in range(DIRECTIONS):
        left, right = (_shares(renderer, small, number, end, len(opened.labels)) for end in (-FAR, FAR))
        growth = np.log((right + RARE) / (left + RARE))
        names.append(f"{number + 1}: {opened.labels[int(growth.argmin())]} or {opened.labels[int(growth.argmax())]}")
    return names


def _shares(renderer: SceneRenderer, scene: Scene, number: int, end: float, labels: int) -> NDArray[np.float64]:
    """The share of each label in the plans of some seeds."""
    steps = [end if index == number else 0.0 for index in range(DIRECTIONS)]
    plans = [renderer.plan(scene.changed(latent=str(seed), directions=steps)) for seed in SEEDS]
    return np.asarray(np.bincount(np.ravel(plans), minlength=labels) / np.size(plans), np.float64)
