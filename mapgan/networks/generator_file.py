"""A network as one safetensors file with its own configuration.

The configuration is canonical JSON under a single metadata key: with several keys, the bytes of the file would
differ from process to process. Nothing in the file is executable.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import AfterValidator, Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from mapgan import files, networks
from mapgan.dataset.label_names import check_label_names
from mapgan.errors import MapganError
from mapgan.params.networks import NetworkName, Networks, NetworkSettings
from mapgan.params.section import Section, Side

KEY = "mapgan"


class About(Section):
    """The configuration of a network."""

    format: Literal[2] = 2
    part: Literal["generator", "discriminator"] = "generator"
    network: NetworkName
    settings: dict[str, Any]
    width: Side
    height: Side
    steps: int
    seed: int
    data: str
    """digest of the training set"""

    pixels_per_square: float = 0.0
    """of the battle grid; 0 if it is not known"""

    train: dict[str, Any] = {}
    """settings of the section `train` that decided its weights"""

    labels: Annotated[list[str], AfterValidator(check_label_names)] = []
    """the labels that the network is conditioned on; empty if there are none"""

    label_square: Annotated[int, Field(ge=0)] = 0
    """side of the squares that have a label each, pixels; 0 if each image has one"""

    plan_colors: dict[str, list[int]] = {}
    """if it was trained on label images, so that it draws plans: the colour of each label, 0 to 255"""


def save_network(path: Path, weights: dict[str, Tensor], about: About) -> None:
    """Write the state dict `weights` (float32 or float16, on any device) and the configuration of a network."""
    tensors = {name: tensor.detach().to("cpu").contiguous() for name, tensor in weights.items()}
    with files.atomic_write(path) as scratch:
        save_file(tensors, scratch, metadata={KEY: files.canonical_json(about.model_dump())})


def load_generator(path: Path) -> tuple[nn.Module, About]:
    """Load the generator in `path`, on the CPU and in evaluation mode, and its configuration.

    Raises:
        MapganError: the file is missing, damaged, not a generator of mapgan's, or of another version.
    """
    network, about = load_network(path)
    if about.part != "generator":
        raise MapganError(f"{path}: holds a {about.part}", "name the generator.safetensors beside it")
    return network, about


def load_network(path: Path) -> tuple[nn.Module, About]:
    """Load the network in `path`, on the CPU and in evaluation mode, and its configuration.

    Weights that are stored in float16 are converted to float32.

    Raises:
        MapganError: the file is missing, damaged, not a network of mapgan's, or of another version.
    """
    try:
        with safe_open(path, framework="pt") as stored:
            metadata = stored.metadata() or {}
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    except (FileNotFoundError, IsADirectoryError):
        remedy = "name a generator.safetensors, a run's folder, or a model that `mapgan models` lists"
        raise MapganError(f"{path}: no such file", remedy) from None
    except (SafetensorError, OSError) as error:
        raise MapganError(f"{path}: not a safetensors file, or damaged ({error})") from None
    weights = {name: tensor.float() if tensor.dtype == torch.half else tensor for name, tensor in tensors.items()}
    about = _read_about(metadata, path)
    return _assemble(about, weights, path), about


def _read_about(metadata: dict[str, str], path: Path) -> About:
    if KEY not in metadata:
        raise MapganError(f"{path}: not a generator that mapgan wrote", "it has no `mapgan` metadata")
    try:
        return About.model_validate(json.loads(metadata[KEY]))
    except (ValueError, ValidationError, RecursionError):
        raise MapganError(f"{path}: written by another version of mapgan, or damaged") from None


def _assemble(about: About, weights: dict[str, Tensor], path: Path) -> nn.Module:
    """The network described by `about`, built on `meta`, with `weights`."""
    try:
        settings = network_settings(about)
        with torch.device("meta"):
            pair = networks.build(
                about.network,
                settings,
                about.width,
                about.height,
                labels=len(about.labels),
                label_square=about.label_square,
                reconstruction=about.train.get("reconstruction", 0) > 0,
            )
        network = getattr(pair, about.part)
        wanted = {name: tensor.dtype for name, tensor in network.state_dict().items()}
        if {name: tensor.dtype for name, tensor in weights.items()} != wanted:
            raise ValueError("names or number types differ")
        network.load_state_dict(weights, strict=True, assign=True)
    except (MapganError, ValidationError, RuntimeError, TypeError, ValueError, OverflowError) as error:
        first = str(error).splitlines()[0]
        raise MapganError(f"{path}: its weights do not fit its description ({first})") from None
    if not all(tensor.isfinite().all() for tensor in weights.values()):
        raise MapganError(f"{path}: its weights are not finite", "it comes from a run that diverged; train again")
    assert isinstance(network, nn.Module)
    return network.eval()


def latent_size(about: About) -> int:
    """The size of a latent of the network."""
    settings = network_settings(about)
    size = (about.width, about.height)
    return networks.latent_size(about.network, settings, *size, len(about.labels), about.label_square)


def network_settings(about: About) -> NetworkSettings:
    """The settings of the network, validated."""
    return type(Networks().of(about.network)).model_validate(about.settings)
