"""Snapshots: sheets of the same seeds over the course of training."""

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
    """Sheets of the same seeds; labels alternate by seed.

    They are stored beside the checkpoints and linked into the results, which DVC empties.

    Args:
        settings: how many images, and how often.
        dataset: the training set, to compare the diversity with.
        folder: of the run's checkpoints.
        results: the stage's output folder.
    """

    def __init__(self, settings: Train, dataset: Dataset, folder: Path, results: Path) -> None:
        self.settings, self.dataset = settings, dataset
        network = settings.networks.of(settings.network)
        size = (dataset.width, dataset.height)
        self.latent = networks.latent_size(settings.network, network, *size, len(dataset.labels), dataset.label_square)
        self.stored, self.results, self.animation = folder / "snapshots", results / "snapshots", Animation(results)

    def take(self, generator: nn.Module, step: int) -> float:
        """Write the sheet of `step`; returns its diversity, relative to that of as many real images."""
        seeds = range(self.settings.snapshot_images)
        labels = labels_for_seeds(seeds, self.dataset.labels, of_squares=self.dataset.label_square > 0)
        images = list(generate(generator, self.latent, seeds, labels))
        path = self.stored / f"step-{step:08d}.png"
        texts = captions(seeds, labels, self.dataset.labels)
        save_png(path, sheet(images, texts, square_columns(len(seeds))))
        self._link(path)
        self.animation.update(self._sheets(step))
        indices = np.linspace(0, len(self.dataset.train) - 1, max(2, len(seeds))).astype(int)
        real = mean_pairwise_difference([np.asarray(self.dataset.train[index]) for index in indices])
        return mean_pairwise_difference(images) / real if real and len(images) > 1 else 1.0

    def restore(self, done: int) -> None:
        """Link the sheets of the first `done` steps into the results again."""
        for path in self._sheets(done):
            self._link(path)
        self.animation.update(self._sheets(done))

    def _sheets(self, done: int) -> list[Path]:
        """The sheets up to step `done`, without the last one of a shorter run before."""
        every, steps = self.settings.snapshot_every, self.settings.steps
        sheets = sorted(self.stored.glob("step-*.png"))
        return [
            path for path in sheets if step_of(path) <= done and (step_of(path) % every == 0 or step_of(path) == steps)
        ]

    def _link(self, path: Path) -> None:
        files.link_or_copy(path, self.results / path.name)
