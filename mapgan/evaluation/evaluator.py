"""Scoring a generator during training."""

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

BATCH_PIXELS = 1 << 16  # 16 images of 64 x 64


class Evaluator:
    """Computes the score `train.evaluate_by`, with the same seeds and the same held-out images each time.

    Generated images have the labels of the held-out ones, if there are labels.

    Args:
        settings: which score, and how many images.
        dataset: the training set with its hold-out.
        seed: of the random choices.
        scratch: a folder for images while they are measured.
        device: of the extractor.

    Raises:
        MapganError: too few images are held out, or the extractor cannot be used.
    """

    def __init__(self, settings: Train, dataset: Dataset, seed: int, scratch: Path, device: str = "cpu") -> None:
        self.settings, self.seed, self.scratch = settings, seed, scratch
        network = settings.networks.of(settings.network)
        size = (dataset.width, dataset.height)
        self.latent = networks.latent_size(settings.network, network, *size, len(dataset.labels), dataset.label_square)
        self.count = min(settings.evaluate_images, len(dataset.holdout))
        smallest = distances.MIN_IMAGES if settings.evaluate_by == "kid" else 1
        if self.count < smallest:
            raise MapganError(
                f"train.evaluate_every: {self.count} images are held out or asked for, fewer than {smallest}",
                "raise resize.holdout or train.evaluate_images, or set train.evaluate_every to 0",
            )
        self.holdout = random_subset(dataset.holdout, self.count, seed, "held out")
        self.labels = dataset.holdout_labels[self.holdout.indices] if dataset.labels else None
        # the memory plan has room for one image of any size beside a step
        self.batch_size = max(1, BATCH_PIXELS // (dataset.width * dataset.height))
        self.shape = (self.count, dataset.height, dataset.width, 3)
        self.name, self.real_features = "SWD", Tensor()
        if settings.evaluate_by == "kid":
            try:
                self.extractor = open_extractor(settings.evaluate_extractor, device)
            except ExtractorUnavailable as reason:
                raise MapganError(f"train.evaluate_extractor: {reason}") from None
            self.name = f"KID by {self.extractor.name}"

    def __call__(self, generator: nn.Module) -> float:
        """The score of `generator`; lower is better."""
        generated = generate(generator, self.latent, range(self.count), self.labels, batch_size=self.batch_size)
        images = store_on_disk(generated, self.shape, self.scratch)
        if self.settings.evaluate_by == "swd":
            defaults = Evaluate()
            return sliced_wasserstein(images, self.holdout, defaults.patches, defaults.directions, self.seed)["mean"]
        if not len(self.real_features):
            self.real_features = features(self.extractor, self.holdout)
        return distances.kid(features(self.extractor, images), self.real_features, self.seed)["value"]
