"""What a run leaves: the generator, and its discriminator beside it."""

from __future__ import annotations

from pathlib import Path

from mapgan.dataset import Dataset
from mapgan.networks.generator_file import About, save_network
from mapgan.params import Params
from mapgan.training.initial import DISCRIMINATOR
from mapgan.training.step import Step


def write_networks(path: Path, step: Step, params: Params, dataset: Dataset, steps: int) -> None:
    """Write the averaged generator to `path` and D beside it, with everything that is to be known about them."""
    settings = params.train
    about = About(
        network=settings.network,
        settings=settings.networks.of(settings.network).model_dump(),
        width=dataset.width,
        height=dataset.height,
        steps=steps,
        seed=params.seed,
        data=dataset.digest,
    )
    save_network(path, step.average.network.state_dict(), about)
    judge = about.model_copy(update={"part": "discriminator"})
    save_network(path.with_name(DISCRIMINATOR), step.discriminator.state_dict(), judge)
