"""Names for the directions of SeFa: by what grows in a plan along them, where a layout draws it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mapgan.explore.atelier import Atelier
from mapgan.explore.scene import DIRECTIONS, Scene

SEEDS = (0, 1, 2, 3)
FAR = 3.0


def direction_names(atelier: Atelier, scene: Scene) -> list[str]:
    """A name for each direction of `scene`, such as `rock or floor`: what there is more of at either end."""
    opened = atelier.open(scene.generator)
    if opened.layout is None or scene.plan or scene.seamless:
        return [f"Direction {number + 1}" for number in range(DIRECTIONS)]
    small = Scene(generator=scene.generator)
    names = []
    for number in range(DIRECTIONS):
        shares = [_shares(atelier, small, number, end, len(opened.labels)) for end in (-FAR, FAR)]
        change = shares[1] - shares[0]
        names.append(f"{opened.labels[int(change.argmin())]} or {opened.labels[int(change.argmax())]}")
    return names


def _shares(atelier: Atelier, scene: Scene, number: int, end: float, labels: int) -> NDArray[np.float64]:
    """The share of each label in the plans of some seeds."""
    steps = [end if index == number else 0.0 for index in range(DIRECTIONS)]
    plans = [atelier.plan(scene.changed(latent=str(seed), directions=steps)) for seed in SEEDS]
    return np.bincount(np.ravel(plans), minlength=labels) / np.size(plans)
