"""The same seeds, drawn again and again while the generator learns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from torch import nn

from mapgan import files, networks
from mapgan.dataset import Dataset
from mapgan.params import Train
from mapgan.sampling.diversity import mean_pairwise_difference
from mapgan.sampling.generate import generate
from mapgan.sampling.labels import captions, labels_for_seeds
from mapgan.sampling.sheet import save_png, sheet, square_columns
from mapgan.training.checkpoints.checkpoint import step_of
from mapgan.training.reporting.animation import Animation


class Snapshots:
    """Sheets of the same seeds (labels take turns by seed), kept with the states too, because DVC empties the results.

    Args:
        settings: how many images, and how often.
        dataset: the training set, to compare with.
        folder: of the run's states.
        results: the stage's output folder.
    """

    def __init__(self, settings: Train, dataset: Dataset, folder: Path, results: Path) -> None:
        self.settings, self.dataset = settings, dataset
        network = settings.networks.of(settings.network)
        size = (dataset.width, dataset.height)
        self.latent = networks.latent_size(settings.network, network, *size, len(dataset.labels))
        self.kept, self.shown, self.animation = folder / "snapshots", results / "snapshots", Animation(results)

    def take(self, generator: nn.Module, step: int) -> float:
        """Draw the sheet for `step`; how much its images differ, as a share of how much as many real ones do."""
        seeds = range(self.settings.snapshot_images)
        labels = labels_for_seeds(seeds, self.dataset.labels)
        images = list(generate(generator, self.latent, seeds, labels))
        kept = self.kept / f"step-{step:08d}.png"
        under = captions(seeds, labels, self.dataset.labels)
        save_png(kept, sheet(images, under, square_columns(len(seeds))))
        self._show(kept)
        self.animation.grow(self._sheets(step))
        indices = np.linspace(0, len(self.dataset.train) - 1, max(2, len(seeds))).astype(int)
        real = mean_pairwise_difference([np.asarray(self.dataset.train[index]) for index in indices])
        return mean_pairwise_difference(images) / real if real and len(images) > 1 else 1.0

    def restore(self, done: int) -> None:
        """Show the sheets of the steps that were `done` before."""
        for kept in self._sheets(done):
            self._show(kept)
        self.animation.grow(self._sheets(done))

    def _sheets(self, done: int) -> list[Path]:
        """The sheets of this run, whatever its length was before."""
        every, steps = self.settings.snapshot_every, self.settings.steps
        sheets = sorted(self.kept.glob("step-*.png"))
        return [
            path for path in sheets if step_of(path) <= done and (step_of(path) % every == 0 or step_of(path) == steps)
        ]

    def _show(self, kept: Path) -> None:
        files.link_or_copy(kept, self.shown / kept.name)
