"""Class-conditional networks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mapgan.networks import BUILDERS, conditional, resize
from mapgan.networks.pair import Pair
from mapgan.params import NetworkName, load
from mapgan.sampling.large import generate_large, to_pixels
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


@pytest.mark.parametrize("change", [{"latent_kind": "spatial"}, {"spectral_norm": True}])
def test_spatial_latents_and_spectral_norm_take_labels(change: dict[str, object]) -> None:
    settings = load(settings=TINY).train.networks.of("dcgan-modern").model_copy(update=change)
    pair = conditional.build(BUILDERS["dcgan-modern"], settings, 64, 48, 3)
    z = torch.randn(1, pair.latent).expand(3, -1)
    images = pair.generator(z, torch.arange(3))
    assert (images[0] - images[1]).abs().mean() > 0
    assert pair.discriminator(images, torch.arange(3)).shape == (3,)
    if change.get("spectral_norm"):
        head = pair.discriminator.get_submodule("inner.head")
        assert float(torch.linalg.matrix_norm(head.weight.detach(), 2)) == pytest.approx(1, abs=0.05)


def test_a_large_map_has_its_label() -> None:
    settings = load(settings=TINY).train.networks.of("dcgan-modern").model_copy(update={"latent_kind": "spatial"})
    pair = conditional.build(BUILDERS["dcgan-modern"], settings, 64, 64, 2)
    size = resize(pair.generator, 150, 100, seamless=False)
    z = torch.randn(1, size)
    for label in (0, 1):
        one_pass = to_pixels(pair.generator(z, torch.tensor([label])))[0].astype(int)
        windows = generate_large(pair.generator, z, torch.tensor([label]), size=2).astype(int)
        assert np.abs(one_pass - windows).max() <= 1
