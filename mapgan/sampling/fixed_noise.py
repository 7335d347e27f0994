"""Noise inputs that stay the same along a walk: texture would flicker if each latent brought its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from mapgan.networks.noise import Noise, noise_corners
from mapgan.sampling.first_layers import hooked


@contextlib.contextmanager
def fixed_noise(generator: nn.Module, z: Tensor) -> Iterator[None]:
    """Within the block, the noise inputs of `generator` are those of the latent `z`, `[latent]`."""
    corners = noise_corners(z[None])

    def replace(_: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        x, field, own, window = inputs
        return x, field, corners.to(own.device).expand_as(own), window

    with hooked([module for module in generator.modules() if isinstance(module, Noise)], replace):
        yield
