"""Truncation, and the directions of SeFa, for every kind of generator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mapgan.networks.generator_file import latent_size, load_generator
from mapgan.sampling.directions import sefa
from mapgan.sampling.first_layers import first_layers, input_weights, truncated
from mapgan.sampling.fixed_noise import fixed_noise
from mapgan.sampling.generate import generate_from
from mapgan.sampling.latent_shape import LatentShape, latent_shape
from tests.sampling.vivid import KINDS, latents_of, vivid


def opened(folder: Path, kind: str, labels: list[str] | None = None) -> tuple[nn.Module, LatentShape, torch.Tensor]:
    generator, about = load_generator(vivid(folder / "g.safetensors", kind, labels))
    size = latent_size(about)
    return generator, latent_shape(generator, size), latents_of(2, size)


def drawn(generator: nn.Module, z: torch.Tensor, label: int | None = None) -> np.ndarray:  # type: ignore[type-arg]
    return next(generate_from(generator, z[None], None if label is None else [label])).astype(int)


@pytest.mark.parametrize("kind", KINDS)
def test_truncation_draws_towards_the_mean_and_leaves_no_trace(tmp_path: Path, kind: str) -> None:
    generator, shape, (one, other) = opened(tmp_path, kind)
    apart = []
    for truncation in (1.0, 0.05, 0.0):
        with fixed_noise(generator, one), truncated(generator, truncation, shape):
            apart.append(np.abs(drawn(generator, one) - drawn(generator, other)).mean())
    assert apart[0] > apart[1] > apart[2] == 0
    before = drawn(generator, one)
    with truncated(generator, 0.0, shape):
        drawn(generator, one)
    assert np.array_equal(drawn(generator, one), before)


@pytest.mark.parametrize("kind", ["theme", "vector", "mlp"])
def test_the_mean_map_of_a_label_keeps_the_label(tmp_path: Path, kind: str) -> None:
    generator, shape, (one, other) = opened(tmp_path, kind, ["cave", "town"])
    with fixed_noise(generator, one), truncated(generator, 0.0, shape):
        # embeddings that are scaled together with the latent differ a little
        cave, other_cave, town = drawn(generator, one, 0), drawn(generator, other, 0), drawn(generator, one, 1)
        assert np.abs(cave - other_cave).mean() < np.abs(cave - town).mean()


@pytest.mark.parametrize("kind", ["theme", "vector"])
def test_noise_stays_where_the_latent_changes(tmp_path: Path, kind: str) -> None:
    generator, _, (one, other) = opened(tmp_path, kind)
    own = drawn(generator, one)
    with fixed_noise(generator, one):
        assert np.array_equal(drawn(generator, one), own)
    with fixed_noise(generator, other):
        assert not np.array_equal(drawn(generator, one), own)


@pytest.mark.parametrize("kind", KINDS)
def test_directions_are_those_that_move_the_first_layers_farthest(tmp_path: Path, kind: str) -> None:
    generator, shape, _ = opened(tmp_path, kind)
    directions = sefa(generator, shape)
    assert torch.allclose(directions @ directions.T, torch.eye(shape.dimensions).double(), atol=1e-9)
    moved = (input_weights(generator, shape) @ directions.T).norm(dim=0)
    assert torch.equal(moved, moved.sort(descending=True).values)
    assert (directions.gather(1, directions.abs().argmax(1, keepdim=True)) > 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_weights_say_what_a_dimension_does_at_all_sites(tmp_path: Path, kind: str) -> None:
    generator, shape, _ = opened(tmp_path, kind)
    layer, change = first_layers(generator)[0], torch.eye(shape.dimensions)[-1]
    inputs = change[None]
    if isinstance(layer, nn.Conv2d):
        inputs = inputs[:, :, None, None].expand(-1, -1, 4, 6)
    elif isinstance(layer, nn.ConvTranspose2d):
        inputs = inputs[:, :, None, None]
    with torch.no_grad():
        moved = (layer(inputs) - layer(0 * inputs))[0].double()
    expected = input_weights(generator, shape)[:, -1]
    if isinstance(layer, nn.Conv2d):
        moved = moved[:, 1, 1]
    assert torch.allclose(moved.flatten(), expected[: moved.numel()], atol=1e-6)
