"""The metrics of the evaluate stage, each of generated images and, for comparison, of real ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from mapgan import files
from mapgan.dataset import DESCRIPTION, Dataset, Labels, open_dataset
from mapgan.errors import MapganError
from mapgan.evaluation import distances, likeness
from mapgan.evaluation.closest import Pairs, write_closest
from mapgan.evaluation.extractors import Extractor, ExtractorUnavailable, features, open_extractor
from mapgan.evaluation.image_sets import Images, Pixels, Subset, random_subset, store_on_disk
from mapgan.evaluation.swd import sliced_wasserstein
from mapgan.networks.generator_file import About, latent_size, load_generator
from mapgan.params import Evaluate
from mapgan.progress import Bar
from mapgan.sampling.generate import generate
from mapgan.sampling.labels import describe_labels

MIN_IMAGES = 2
MEMORIZED = "fraction nearer to training than 99 % of held-out"


@dataclass
class Report:
    """The results of an evaluation.

    Attributes:
        facts: counts and digests.
        numbers: metrics by name: `samples` (with `low` and `high` if there is an interval) and `real`.
        levels: sliced Wasserstein distances by level, of samples and of real images.
        notes: lines on what could not be measured, and why.
    """

    facts: dict[str, Any]
    numbers: dict[str, dict[str, float]] = field(default_factory=dict)
    levels: dict[str, tuple[float, float]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, samples: dict[str, float], real: float) -> None:
        """Add a metric; `samples` has its `value`, and `low` and `high` if there is an interval."""
        values = {"samples" if key == "value" else key: value for key, value in samples.items()} | {"real": real}
        self.numbers[name] = {key: round(value, 6) for key, value in values.items()}


def measure(settings: Evaluate, generator: Path, maps: Path, results: Path, seed: int, device: str) -> Report:
    """Compare generated images with the hold-out and the training images of `maps`.

    Most metrics depend on the number of images, so they are computed with equally many samples, held-out and training
    images; the similarity to training images is computed with all of them. The sheet of the closest pairs goes to
    `results`. With labels, samples have those of the held-out images that they are compared with, cyclically.

    Raises:
        MapganError: the generator has another size or other labels, or the extractor's file cannot be used.
    """
    dataset = open_dataset(maps)
    network, about = load_generator(generator)
    if (about.width, about.height) != (dataset.width, dataset.height):
        raise MapganError(
            f"{generator}: generates {about.width} x {about.height}, "
            f"the hold-out has {dataset.width} x {dataset.height}",
            "train again on this training set",
        )
    if about.labels and tuple(about.labels) != dataset.labels:
        raise MapganError(
            f"{generator}: has {describe_labels(about.labels)}, the hold-out has {describe_labels(dataset.labels)}",
            "train again on this training set",
        )
    count = min(settings.images, len(dataset.holdout), len(dataset.train))
    report = Report({"data": dataset.digest, "images": count, "generated": settings.images, "steps": about.steps})
    if count < MIN_IMAGES:  # no error: the sample stage comes after it
        report.notes.append("fewer than 2 images are held out, so there is nothing to compare with; "
                            "raise resize.holdout")  # fmt: skip
        return report
    extractor = _extractor(settings, count, device, report)
    total = 2 * settings.images + len(dataset.train) + len(dataset.holdout) + (3 * count if extractor else 0)
    with Bar("evaluate", total=total) as bar:
        holdout = random_subset(dataset.holdout, count, seed, "held out")
        labels = _labels(dataset, holdout, settings.images) if about.labels else None
        samples = _generate(network.to(device), about, settings.images, labels, results, bar)
        parts = (samples[:count], holdout, random_subset(dataset.train, count, seed, "trained on"))
        _wasserstein(report, settings, parts, seed)
        if extractor is not None:
            _by_features(report, extractor, parts, seed, bar)
        _likeness(report, dataset, samples, _names(about, labels), results, bar)
    return report


def _labels(dataset: Dataset, holdout: Subset, count: int) -> Labels:
    """Labels for `count` samples: those of the held-out images, cyclically."""
    return dataset.holdout_labels[np.resize(holdout.indices, count)]


def _names(about: About, labels: Labels | None) -> list[str]:
    """The name of the label of each sample, if each has one."""
    return [] if labels is None or about.label_square else [about.labels[label] for label in labels]


def _generate(network: nn.Module, about: About, count: int, labels: Labels | None, scratch: Path, bar: Bar) -> Pixels:
    """The images of the first `count` seeds, with their `labels` if there are any."""

    def generated() -> Iterator[Pixels]:
        for image in generate(network, latent_size(about), range(count), labels):
            bar.advance()
            yield image

    return store_on_disk(generated(), (count, about.height, about.width, 3), scratch)


def _extractor(settings: Evaluate, count: int, device: str, report: Report) -> Extractor | None:
    """The extractor; None, and a note on the reason, if there is none."""
    missing = "no FID, KID, precision, recall, density and coverage"
    if not settings.extractor:
        report.notes.append(f"{missing}: evaluate.extractor is empty (set inception, or an ONNX file)")
        return None
    try:
        extractor = open_extractor(settings.extractor, device)
    except ExtractorUnavailable as reason:
        report.notes.append(f"{missing}: {reason}")
        return None
    if count < distances.MIN_IMAGES:
        report.notes.append(f"{missing}: {count} held-out images are too few; raise resize.holdout")
        return None
    return extractor


def _wasserstein(report: Report, settings: Evaluate, parts: tuple[Images, ...], seed: int) -> None:
    samples, holdout, real = parts
    found, reference = (
        sliced_wasserstein(images, holdout, settings.patches, settings.directions, seed) for images in (samples, real)
    )
    report.levels = {level: (found[level], reference[level]) for level in found}
    report.add("SWD", {"value": found["mean"]}, reference["mean"])


def _by_features(report: Report, extractor: Extractor, parts: tuple[Images, ...], seed: int, bar: Bar) -> None:
    samples, holdout, real = (features(extractor, images, bar.advance) for images in parts)
    found, reference = distances.feature_metrics(samples, holdout, seed), distances.feature_metrics(real, holdout, seed)
    report.facts |= {"extractor": extractor.name, "extractor_sha256": extractor.digest}
    for name, values in found.items():
        report.add(f"{name} by {extractor.name}", values, reference[name]["value"])


def _likeness(report: Report, dataset: Dataset, samples: Pixels, labels: list[str], results: Path, bar: Bar) -> None:
    """The diversity of samples, which may have `labels`, and their similarity to training images."""
    generated, holdout, train = (likeness.hashes(x, bar.advance) for x in (samples, dataset.holdout, dataset.train))
    report.add(
        "bits between pairs",
        {"value": likeness.mean_hamming_distance(generated)},
        likeness.mean_hamming_distance(holdout),
    )
    found, reference = likeness.nearest(generated, train), likeness.nearest(holdout, train)
    report.add("bits to nearest training image", {"value": found.bits.mean()}, float(reference.bits.mean()))
    report.add(
        MEMORIZED,
        {"value": likeness.memorized_fraction(found, reference)},
        likeness.memorized_fraction(reference, reference),
    )
    names = [entry["name"] for entry in files.read_json(dataset.folder / DESCRIPTION)["images"]]
    write_closest(results, Pairs(samples, labels, dataset.train, names, found), reference)
