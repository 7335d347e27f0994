"""The numbers of the evaluate stage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mapgan import draws
from mapgan.dataset import open_dataset
from mapgan.errors import MapganError
from mapgan.evaluation.swd import sliced_wasserstein
from mapgan.networks.generator_file import latent_size, load_generator
from mapgan.params import Evaluate
from mapgan.progress import Bar
from mapgan.sampling.drawing import draw


def compare(settings: Evaluate, generator: Path, maps: Path, seed: int) -> dict[str, Any]:
    """Sliced Wasserstein distances between samples and the hold-out, and between training part and hold-out.

    The second, `swd_real`, is what real pictures of unseen maps score: the mark to come near to.

    Raises:
        MapganError: the generator draws another size.
    """
    dataset = open_dataset(maps)
    count = min(settings.pictures, len(dataset.holdout), len(dataset.train))
    if count < 2:  # no reason to lose the sheets that come after
        return {"pictures": 0, "swd": {}, "swd_real": {}}
    network, about = load_generator(generator)
    if (about.width, about.height) != (dataset.width, dataset.height):
        raise MapganError(
            f"{generator}: draws {about.width} x {about.height}, the hold-out is {dataset.width} x {dataset.height}",
            "train again on this training set",
        )
    with Bar("evaluate", total=count) as bar:
        samples = []
        for picture in draw(network, latent_size(about), range(count)):
            samples.append(picture)
            bar.advance()
    holdout = _some(dataset.holdout, count, seed, "held out")
    real = _some(dataset.train, count, seed, "trained on")

    def distance(pictures: np.ndarray[Any, np.dtype[np.uint8]]) -> dict[str, float]:
        numbers = sliced_wasserstein(pictures, holdout, settings.patches, settings.directions, seed)
        return {level: round(value, 4) for level, value in numbers.items()}

    return {"pictures": count, "swd": distance(np.stack(samples)), "swd_real": distance(real)}


def _some(
    pictures: np.ndarray[Any, np.dtype[np.uint8]], count: int, seed: int, purpose: str
) -> np.ndarray[Any, np.dtype[np.uint8]]:
    chosen = np.sort(draws.permutation(seed, purpose, 0, len(pictures))[:count])
    return np.asarray(pictures[chosen])
