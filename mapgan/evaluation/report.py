"""The numbers of the evaluate stage, each for drawn pictures and, as the mark to come near to, for real ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from mapgan import files
from mapgan.dataset import DESCRIPTION, Dataset, open_dataset
from mapgan.errors import MapganError
from mapgan.evaluation import distances, likeness
from mapgan.evaluation.closest import Pairs, write_closest
from mapgan.evaluation.extractors import Extractor, NotHere, features, open_extractor
from mapgan.evaluation.pictures import Chosen, Pictures, Pixels, choose, kept_on_disk
from mapgan.evaluation.swd import sliced_wasserstein
from mapgan.networks.generator_file import About, latent_size, load_generator
from mapgan.params import Evaluate
from mapgan.progress import Bar
from mapgan.sampling.drawing import draw
from mapgan.sampling.labels import in_words

FEWEST = 2
SHARE = "share nearer to training than 99 % of held-out"


@dataclass
class Report:
    """What was found.

    Attributes:
        facts: counts and digests.
        numbers: by name, `samples` (with `low` and `high` where there is an interval) and `real`.
        levels: the sliced Wasserstein distances by level, of samples and of real pictures.
        notes: lines on what could not be measured, and why.
    """

    facts: dict[str, Any]
    numbers: dict[str, dict[str, float]] = field(default_factory=dict)
    levels: dict[str, tuple[float, float]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def take(self, name: str, samples: dict[str, float], real: float) -> None:
        """Add a number; `samples` has its `value` and perhaps `low` and `high`."""
        values = {"samples" if key == "value" else key: value for key, value in samples.items()} | {"real": real}
        self.numbers[name] = {key: round(value, 6) for key, value in values.items()}


def measure(settings: Evaluate, generator: Path, maps: Path, results: Path, seed: int, device: str) -> Report:
    """Compare what `generator` draws with the hold-out of `maps`, and with what it was trained on.

    As many samples, held-out and training pictures are compared, since most numbers depend on their count; for
    likeness to training pictures all of each are looked at. `results` gets the sheet of the closest pairs. If the
    generator takes labels, samples have those of the held-out pictures that they are compared with, over and over.

    Raises:
        MapganError: the generator draws another size or labels, or the extractor's file is no good.
    """
    dataset = open_dataset(maps)
    network, about = load_generator(generator)
    if (about.width, about.height) != (dataset.width, dataset.height):
        raise MapganError(
            f"{generator}: draws {about.width} x {about.height}, the hold-out is {dataset.width} x {dataset.height}",
            "train again on this training set",
        )
    if about.labels and tuple(about.labels) != dataset.labels:
        raise MapganError(
            f"{generator}: has {in_words(about.labels)}, the hold-out has {in_words(dataset.labels)}",
            "train again on this training set",
        )
    count = min(settings.pictures, len(dataset.holdout), len(dataset.train))
    report = Report({"data": dataset.digest, "pictures": count, "drawn": settings.pictures, "steps": about.steps})
    if count < FEWEST:  # no reason to lose the sheets that come after
        report.notes.append("fewer than 2 pictures are held out, so there is nothing to compare with; "
                            "raise resize.holdout")  # fmt: skip
        return report
    extractor = _extractor(settings, count, device, report)
    total = 2 * settings.pictures + len(dataset.train) + len(dataset.holdout) + (3 * count if extractor else 0)
    with Bar("evaluate", total=total) as bar:
        holdout = choose(dataset.holdout, count, seed, "held out")
        labels = _labels(dataset, holdout, settings.pictures) if about.labels else None
        samples = _draw(network.to(device), about, settings.pictures, labels, results, bar)
        parts = (samples[:count], holdout, choose(dataset.train, count, seed, "trained on"))
        _wasserstein(report, settings, parts, seed)
        if extractor is not None:
            _by_features(report, extractor, parts, seed, bar)
        _likeness(report, dataset, samples, [about.labels[label] for label in labels or ()], results, bar)
    return report


def _labels(dataset: Dataset, holdout: Chosen, count: int) -> list[int]:
    """Labels for `count` samples: those of the held-out pictures, over and over."""
    labels: list[int] = np.resize(dataset.holdout_labels[holdout.places], count).tolist()
    return labels


def _draw(network: nn.Module, about: About, count: int, labels: list[int] | None, scratch: Path, bar: Bar) -> Pixels:
    """The pictures of the first `count` seeds, each of its label if there are `labels`."""

    def drawn() -> Iterator[Pixels]:
        for picture in draw(network, latent_size(about), range(count), labels):
            bar.advance()
            yield picture

    return kept_on_disk(drawn(), (count, about.height, about.width, 3), scratch)


def _extractor(settings: Evaluate, count: int, device: str, report: Report) -> Extractor | None:
    """The extractor, or None and a note on why there is none."""
    what = "no FID, KID, precision, recall, density and coverage"
    if not settings.extractor:
        report.notes.append(f"{what}: evaluate.extractor names nothing (say inception, or the path of an ONNX file)")
        return None
    try:
        extractor = open_extractor(settings.extractor, device)
    except NotHere as reason:
        report.notes.append(f"{what}: {reason}")
        return None
    if count < distances.FEWEST:
        report.notes.append(f"{what}: {count} held-out pictures are too few; raise resize.holdout")
        return None
    return extractor


def _wasserstein(report: Report, settings: Evaluate, parts: tuple[Pictures, ...], seed: int) -> None:
    samples, holdout, real = parts
    found, mark = (
        sliced_wasserstein(pictures, holdout, settings.patches, settings.directions, seed)
        for pictures in (samples, real)
    )
    report.levels = {level: (found[level], mark[level]) for level in found}
    report.take("SWD", {"value": found["mean"]}, mark["mean"])


def _by_features(report: Report, extractor: Extractor, parts: tuple[Pictures, ...], seed: int, bar: Bar) -> None:
    samples, holdout, real = (features(extractor, pictures, bar.advance) for pictures in parts)
    found, mark = distances.distances(samples, holdout, seed), distances.distances(real, holdout, seed)
    report.facts |= {"extractor": extractor.name, "extractor_sha256": extractor.digest}
    for name, values in found.items():
        report.take(f"{name} by {extractor.name}", values, mark[name]["value"])


def _likeness(report: Report, dataset: Dataset, samples: Pixels, labels: list[str], results: Path, bar: Bar) -> None:
    """Diversity among samples, which may have `labels`, and whether they are training pictures again."""
    drawn, holdout, train = (likeness.hashes(x, bar.advance) for x in (samples, dataset.holdout, dataset.train))
    report.take("bits between pairs", {"value": likeness.bits_apart(drawn)}, likeness.bits_apart(holdout))
    found, mark = likeness.nearest(drawn, train), likeness.nearest(holdout, train)
    report.take("bits to nearest training picture", {"value": found.bits.mean()}, float(mark.bits.mean()))
    report.take(SHARE, {"value": likeness.share_memorised(found, mark)}, likeness.share_memorised(mark, mark))
    names = [entry["name"] for entry in files.read_json(dataset.folder / DESCRIPTION)["pictures"]]
    write_closest(results, Pairs(samples, labels, dataset.train, names, found), mark)
