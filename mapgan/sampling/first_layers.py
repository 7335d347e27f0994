"""The layers of a generator that take its latent: what truncation and the directions of SeFa work on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from mapgan.networks.modern import Generator
from mapgan.networks.unconditional import unconditional
from mapgan.networks.up_blocks import Style
from mapgan.sampling.latent_shape import LatentShape


def first_layers(generator: nn.Module) -> list[nn.Module]:
    """The layers that take the latent: the first one, or with a learned constant those that modulate the blocks."""
    inner = unconditional(generator)
    if isinstance(inner, Generator):
        styles = [module for module in inner.modules() if isinstance(module, Style)]
        return [style.affine for style in styles] or [inner.project]
    weighted = nn.Linear, nn.ConvTranspose2d
    return [next(module for module in inner.modules() if isinstance(module, weighted))]


def input_weights(generator: nn.Module, shape: LatentShape) -> Tensor:
    """What one unit of each dimension of the latent, at all sites, adds to the outputs of the first layers.

    Returns:
        `[outputs, dimensions]` float64, on the CPU.
    """
    matrices = [_matrix(layer)[:, : shape.dimensions] for layer in first_layers(generator)]
    return torch.cat(matrices).detach().double().cpu()


def _matrix(layer: nn.Module) -> Tensor:
    weight = layer.weight
    assert isinstance(weight, Tensor)
    if isinstance(layer, nn.ConvTranspose2d):  # of a latent as an image of one pixel
        return weight.flatten(1).T
    return weight.sum(dim=(2, 3)) if isinstance(layer, nn.Conv2d) else weight


@contextlib.contextmanager
def truncated(generator: nn.Module, truncation: float, shape: LatentShape) -> Iterator[None]:
    """Within the block, latents are drawn towards their mean: 1 leaves them, 0 makes all maps the mean one.

    The truncation trick (Karras et al. 2019, arXiv:1812.04948, appendix B); the mean of latents of N(0, 1) is 0. Some
    generators scale latents to a fixed length, which would undo it, so it happens behind that: where the first layers
    take the latent. Embeddings of labels are left as they are.
    """
    if truncation == 1:
        yield
        return

    def shrink(_: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        z: Tensor = inputs[0]
        kept = z[:, shape.dimensions :]
        return (torch.cat([truncation * z[:, : shape.dimensions], kept], dim=1), *inputs[1:])

    with hooked(first_layers(generator), shrink):
        yield


@contextlib.contextmanager
def hooked(layers: list[nn.Module], hook: Callable[[nn.Module, tuple[Any, ...]], tuple[Any, ...]]) -> Iterator[None]:
    """Within the block, `hook` replaces the inputs of `layers`."""
    handles = [layer.register_forward_pre_hook(hook) for layer in layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
