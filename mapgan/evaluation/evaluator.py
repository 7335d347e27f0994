"""One number for a generator that is still learning."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from mapgan import networks
from mapgan.dataset import Dataset
from mapgan.errors import MapganError
from mapgan.evaluation import distances
from mapgan.evaluation.extractors import ExtractorUnavailable, features, open_extractor
from mapgan.evaluation.image_sets import random_subset, store_on_disk
from mapgan.evaluation.swd import sliced_wasserstein
from mapgan.params import Evaluate, Train
from mapgan.sampling.generate import generate


class Evaluator:
    """Gives the number that `train.evaluate_by` names, of the same seeds against the same held-out images each time.
    Generated images have the labels of these, if there are labels.

    Args:
        settings: which number, of how many images.
        dataset: the training set with its hold-out.
        seed: of which images are held against which.
        scratch: a folder for the images while they are measured.

    Raises:
        MapganError: too few images are held out, or the extractor cannot be used.
    """

    def __init__(self, settings: Train, dataset: Dataset, seed: int, scratch: Path) -> None:
        self.settings, self.seed, self.scratch = settings, seed, scratch
        chosen = settings.networks.of(settings.network)
        size = (dataset.width, dataset.height)
        self.latent = networks.latent_size(settings.network, chosen, *size, len(dataset.labels))
        self.count = min(settings.evaluate_images, len(dataset.holdout))
        fewest = distances.FEWEST if settings.evaluate_by == "kid" else 1
        if self.count < fewest:
            raise MapganError(
                f"train.evaluate_every: {self.count} images are held out or asked for, fewer than {fewest}",
                "raise resize.holdout or train.evaluate_images, or set train.evaluate_every to 0",
            )
        self.holdout = random_subset(dataset.holdout, self.count, seed, "held out")
        self.labels = dataset.holdout_labels[self.holdout.indices].tolist() if dataset.labels else None
        self.shape = (self.count, dataset.height, dataset.width, 3)
        self.name, self.known = "SWD", Tensor()
        if settings.evaluate_by == "kid":
            try:
                self.extractor = open_extractor(settings.evaluate_extractor)
            except ExtractorUnavailable as reason:
                raise MapganError(f"train.evaluate_extractor: {reason}") from None
            self.name = f"KID by {self.extractor.name}"

    def __call__(self, generator: nn.Module) -> float:
        """The number for what `generator` draws; less is better."""
        images = store_on_disk(
            generate(generator, self.latent, range(self.count), self.labels), self.shape, self.scratch
        )
        if self.settings.evaluate_by == "swd":
            usual = Evaluate()
            return sliced_wasserstein(images, self.holdout, usual.patches, usual.directions, self.seed)["mean"]
        if not len(self.known):
            self.known = features(self.extractor, self.holdout)
        return distances.kernel(features(self.extractor, images), self.known, self.seed)["value"]
