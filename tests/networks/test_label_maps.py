"""Networks with a label for each square: what reaches which pixels, at any size."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mapgan import networks
from mapgan.errors import MapganError
from mapgan.networks import label_maps
from mapgan.networks.pair import Pair
from mapgan.params import Dcgan, DcganModern
from mapgan.sampling.large import generate_large

NARROW = DcganModern(latent=5, theme=3, generator_channels=4, discriminator_channels=4, max_channels=8, last_channels=4)
LABELS, SQUARE = 3, 8


def build(square: int = SQUARE, side: int = 64, **changes: object) -> Pair:
    settings = NARROW.model_copy(update=changes)
    return networks.build("dcgan-modern", settings, side, side, labels=LABELS, label_square=square)


def plan(rows: int, columns: int) -> Tensor:
    return torch.randint(0, LABELS, (1, rows, columns), generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def test_a_label_changes_its_square_and_those_near_it() -> None:
    generator = build().generator
    assert isinstance(generator, label_maps.Generator)
    latent = networks.resize(generator, 256, 256, seamless=False)
    z, labels = torch.randn(1, latent), torch.zeros(1, 32, 32, dtype=torch.int64)
    changed = labels.clone()
    changed[0, 13, 20] = 1
    difference = (generator(z, labels) - generator(z, changed)).abs().mean(1)[0]
    squares = difference.view(32, SQUARE, 32, SQUARE).mean((1, 3))
    rows, columns = (axis.tolist() for axis in torch.where(squares > 0))
    assert (13, 20) in zip(rows, columns, strict=True)
    reach = (generator.inner.halo + 1) * generator.inner.labels_per_site
    assert max(abs(row - 13) for row in rows) <= reach
    assert max(abs(column - 20) for column in columns) <= reach


@pytest.mark.parametrize("square", [2, 4, 16, 32])
def test_squares_of_any_size_are_labelled(square: int) -> None:
    pair = build(square)
    labels = plan(64 // square, 64 // square)
    images = pair.generator(torch.randn(1, pair.latent), labels)
    assert images.shape == (1, 3, 64, 64)
    assert pair.discriminator(images, labels).shape == (1,)


@torch.no_grad()
@pytest.mark.parametrize("size", [(208, 176), (200, 168)])
def test_windows_are_parts_of_one_pass(size: tuple[int, int]) -> None:
    """Of a plan that is alike at opposite edges, where a single pass wraps around, and windows do not."""
    generator = build().generator
    latent = networks.resize(generator, *size, seamless=False)
    labels = plan(size[1] // SQUARE, size[0] // SQUARE)
    labels[:, :8], labels[:, -8:], labels[:, :, :8], labels[:, :, -8:] = 0, 0, 0, 0
    z = torch.randn(1, latent)
    whole = (generator(z, labels)[0].permute(1, 2, 0) + 1) * 127.5
    windows = torch.from_numpy(generate_large(generator, z, labels, size=4))
    assert (whole - windows).abs().max() <= 1


@torch.no_grad()
def test_minus_one_is_any_and_one_label_is_a_plan_of_it() -> None:
    pair = build()
    z = torch.randn(2, pair.latent)
    hidden, label = torch.full((2, 8, 8), -1), torch.ones(2, 8, 8, dtype=torch.int64)
    assert torch.equal(pair.generator(z, hidden), pair.generator(z, torch.tensor([-1, -1])))
    assert torch.equal(pair.generator(z, label), pair.generator(z, torch.tensor([1, 1])))
    assert not torch.equal(pair.generator(z, label), pair.generator(z, hidden))
    images = pair.generator(z, label)
    assert not torch.equal(pair.discriminator(images, label), pair.discriminator(images, hidden))


def test_both_networks_learn_their_embeddings() -> None:
    pair = build()
    labels = plan(8, 8)
    pair.discriminator(pair.generator(torch.randn(1, pair.latent), labels), labels).sum().backward()
    for network in (pair.generator, pair.discriminator):
        assert isinstance(network, label_maps.Generator | label_maps.Discriminator)
        assert network.embedding.weight.grad is not None
        assert network.embedding.weight.grad[:LABELS].abs().sum(1).min() > 0


@pytest.mark.parametrize("changes", [{"latent_kind": "vector"}, {"latent_kind": "constant"}])
def test_a_latent_that_is_not_spatial_is_one_line(changes: dict[str, str]) -> None:
    with pytest.raises(MapganError, match="map needs a spatial latent"):
        build(**changes)
    with pytest.raises(MapganError, match="map needs a spatial latent"):
        networks.build("dcgan", Dcgan(), 32, 32, labels=2, label_square=8)
