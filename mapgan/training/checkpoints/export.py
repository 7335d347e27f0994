"""The networks that a run leaves behind: the generator, the best one, and the discriminator."""

from __future__ import annotations

from pathlib import Path

from mapgan.dataset import Dataset
from mapgan.networks.generator_file import About, save_network
from mapgan.params import Params
from mapgan.training.checkpoints.best import BEST, Best
from mapgan.training.checkpoints.finetune import DISCRIMINATOR
from mapgan.training.objective.step import Step

NOT_OF_WEIGHTS = {
    *("steps", "networks", "watch", "init_from", "continue_from", "log_every", "snapshot_every", "snapshot_images"),
    *("evaluate_every", "evaluate_by", "evaluate_extractor", "evaluate_images"),
}


def write_networks(path: Path, step: Step, params: Params, dataset: Dataset, steps: int, best: Best) -> None:
    """Write the EMA generator to `path`, and the best one and the discriminator beside it."""
    settings = params.train
    about = About(
        network=settings.network,
        settings=settings.networks.of(settings.network).model_dump(),
        width=dataset.width,
        height=dataset.height,
        steps=steps,
        seed=params.seed,
        data=dataset.digest,
        pixels_per_square=dataset.pixels_per_square,
        train=settings.model_dump(exclude=NOT_OF_WEIGHTS),
        labels=list(dataset.labels),
        label_square=dataset.label_square,
        plan_colors={name: list(color) for name, color in dataset.plan_colors.items()},
    )
    last = step.ema.network.state_dict()
    save_network(path, last, about)
    save_network(path.with_name(BEST), best.weights or last, about.model_copy(update={"steps": best.step or steps}))
    about_discriminator = about.model_copy(update={"part": "discriminator"})
    save_network(path.with_name(DISCRIMINATOR), step.discriminator.state_dict(), about_discriminator)
