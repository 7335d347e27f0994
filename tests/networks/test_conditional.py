"""Class-conditional networks."""

from __future__ import annotations

import pytest
import torch

from mapgan.errors import MapganError
from mapgan.networks import BUILDERS, conditional
from mapgan.networks.pair import Pair
from mapgan.params import NetworkName, load
from mapgan.params.section import Section
from tests.conftest import TINY


def pair_of(name: NetworkName, labels: int = 3, width: int = 32, height: int = 28) -> Pair:
    torch.manual_seed(0)
    settings = load(settings=TINY).train.networks.of(name)
    return conditional.build(BUILDERS[name], settings, width, height, labels)


@pytest.mark.parametrize("name", BUILDERS)
def test_shapes(name: NetworkName) -> None:
    pair = pair_of(name)
    z, labels = torch.randn(4, pair.latent), torch.tensor([0, 2, 1, 2])
    images = pair.generator(z, labels)
    assert images.shape == (4, 3, 28, 32)
    assert pair.discriminator(images, labels).shape == (4,)


@pytest.mark.parametrize("name", BUILDERS)
def test_the_logit_depends_only_on_the_weights_of_its_label(name: NetworkName) -> None:
    discriminator = pair_of(name).discriminator
    images = torch.rand(4, 3, 28, 32) * 2 - 1
    discriminator(images, torch.ones(4, dtype=torch.long)).sum().backward()
    gradient = discriminator.get_submodule("inner.head").get_parameter("weight").grad
    assert gradient is not None
    assert [bool(gradient[label].any()) for label in range(3)] == [False, True, False]


def test_initial_logits_are_those_of_the_unconditional_network() -> None:
    settings = load(settings=TINY).train.networks.of("dcgan-modern")
    torch.manual_seed(0)
    unconditional = BUILDERS["dcgan-modern"](settings.model_copy(update={"latent": settings.latent + 16}), 32, 32)
    conditioned = pair_of("dcgan-modern", width=32, height=32)
    images = torch.rand(4, 3, 32, 32) * 2 - 1
    logits = conditioned.discriminator(images, torch.tensor([0, 1, 2, 0]))
    assert torch.allclose(logits, unconditional.discriminator(images), atol=1e-6)


def test_a_network_without_a_vector_latent_is_a_one_line_error() -> None:
    with pytest.raises(MapganError, match="does not support labels"):
        conditional.build(BUILDERS["dcgan"], Section(), 32, 32, 3)
