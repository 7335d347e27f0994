"""Fine-tuning: weights of an earlier run to begin with."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from mapgan import files
from mapgan.errors import MapganError
from mapgan.networks.generator_file import About, load_network
from mapgan.networks.pair import Pair
from mapgan.params import Train

DISCRIMINATOR = "discriminator.safetensors"


def take_weights(pair: Pair, settings: Train, size: tuple[int, int]) -> None:
    """Give `pair` the weights of the generator that `train.init_from` names, and of the D beside it if there is one.

    Raises:
        MapganError: a file is missing or damaged, or holds another network or size (width, height).
    """
    path = _generator(settings)
    _take(pair.generator, path, "generator", settings, size)
    if (beside := path.with_name(DISCRIMINATOR)).is_file():
        _take(pair.discriminator, beside, "discriminator", settings, size)


def digests(settings: Train) -> list[str]:
    """What the files that `train.init_from` names hold, for the run's fingerprint."""
    if not settings.init_from:
        return []
    path = _generator(settings)
    return [files.sha256_file(found) for found in (path, path.with_name(DISCRIMINATOR)) if found.is_file()]


def _generator(settings: Train) -> Path:
    named = Path(settings.init_from)
    return named / "generator.safetensors" if named.is_dir() else named


def _take(network: nn.Module, path: Path, part: str, settings: Train, size: tuple[int, int]) -> None:
    stored, about = load_network(path)
    if about.part != part:
        raise MapganError(f"{path}: holds a {about.part}, not a {part}", "name the generator in train.init_from")
    wanted = settings.networks.of(settings.network).model_dump()
    if differing := _differing(about, settings.network, wanted, size):
        raise MapganError(f"train.init_from: {path} has {differing}", "fine-tuning needs the same network and size")
    network.load_state_dict(stored.state_dict())


def _differing(about: About, network: str, settings: dict[str, object], size: tuple[int, int]) -> str:
    """What the file has otherwise than this run, in words."""
    if (about.width, about.height) != size:
        return f"{about.width} x {about.height} pixels, where the training set has {size[0]} x {size[1]}"
    if about.network != network:
        return f"network {about.network}, where train.network is {network}"
    other = [name for name in settings if about.settings.get(name) != settings[name]]
    return f"another {', '.join(other)} in its {network}" if other else ""
