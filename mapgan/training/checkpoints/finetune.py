"""Fine-tuning: starting from the weights of an earlier run (`train.init_from`), which may be one on smaller images."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from mapgan import files
from mapgan.dataset import Dataset
from mapgan.errors import MapganError
from mapgan.networks.generator_file import About, load_network, network_settings
from mapgan.networks.grow import FINE_CHANNELS, grow
from mapgan.networks.pair import Pair
from mapgan.params import Train
from mapgan.sampling.labels import describe_labels

DISCRIMINATOR = "discriminator.safetensors"
MIN_COPIED = 0.5  # fraction of a network's parameters; with less, little of what was learned is left


def load_initial_weights(pair: Pair, settings: Train, dataset: Dataset) -> None:
    """Load the generator that `train.init_from` names into `pair`, and the discriminator beside it if there is one.

    Raises:
        MapganError: a file is missing or damaged, or holds another network, or one for larger images or other labels
            than those of `dataset`.
    """
    path = _generator(settings)
    _load(pair.generator, path, "generator", settings, dataset)
    if (beside := path.with_name(DISCRIMINATOR)).is_file():
        _load(pair.discriminator, beside, "discriminator", settings, dataset)


def digests(settings: Train) -> list[str]:
    """The SHA-256 of the files that `train.init_from` names, for the run's fingerprint."""
    if not settings.init_from:
        return []
    path = _generator(settings)
    return [files.sha256_file(file) for file in (path, path.with_name(DISCRIMINATOR)) if file.is_file()]


def _generator(settings: Train) -> Path:
    named = Path(settings.init_from)
    return named / "generator.safetensors" if named.is_dir() else named


def _load(network: nn.Module, path: Path, part: str, settings: Train, dataset: Dataset) -> None:
    stored, about = load_network(path)
    if about.part != part:
        raise MapganError(f"{path}: holds a {about.part}, not a {part}", "name the generator in train.init_from")
    grows = about.width < dataset.width and about.height < dataset.height
    if differing := _differing(about, settings, dataset, grows):
        raise MapganError(
            f"train.init_from: {path} has {differing}", "fine-tuning needs the same network, size and labels"
        )
    if not grows:
        network.load_state_dict(stored.state_dict(), strict=False)  # the decoder may be in only one of them
    elif grow(network, stored) < MIN_COPIED:
        raise MapganError(
            f"train.init_from: {path} is for {about.width} x {about.height} pixels, and most of its layers have other "
            "shapes than here",
            "halve generator_channels and discriminator_channels for images of twice the size",
        )


def _differing(about: About, settings: Train, dataset: Dataset, grows: bool) -> str:
    """What differs between the file and this run, as text; empty if nothing does."""
    if not grows and (about.width, about.height) != (dataset.width, dataset.height):
        return f"{about.width} x {about.height} pixels, where the training set has {dataset.width} x {dataset.height}"
    if tuple(about.labels) != dataset.labels:
        return f"{describe_labels(about.labels)}, where the training set has {describe_labels(dataset.labels)}"
    if bool(about.label_square) != bool(dataset.label_square):
        kinds = ("a label for each square", "a label for each image")
        return "{}, where the training set has {}".format(*(kinds if about.label_square else reversed(kinds)))
    if about.network != settings.network:
        return f"network {about.network}, where train.network is {settings.network}"
    has, wanted = network_settings(about).model_dump(), settings.networks.of(settings.network).model_dump()
    may_differ = FINE_CHANNELS if grows else ()
    other = [name for name in wanted if has[name] != wanted[name] and name not in may_differ]
    return f"another {', '.join(other)} in its {about.network}" if other else ""
