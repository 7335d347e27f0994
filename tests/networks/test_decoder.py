"""The decoder that rebuilds what the discriminator sees."""

from __future__ import annotations

import copy

import pytest
import torch

from mapgan import networks
from mapgan.networks.pair import Pair
from mapgan.networks.stack import Checkpointing, set_checkpointing
from mapgan.params import DcganModern
from mapgan.training.objective.reconstruction import l1_distance

NARROW = DcganModern(latent=5, generator_channels=2, discriminator_channels=8, max_channels=32, last_channels=2)


def build(width: int = 64, height: int = 64, labels: int = 0, reconstruction: bool = True) -> Pair:
    return networks.build("dcgan-modern", NARROW, width, height, labels=labels, reconstruction=reconstruction)


@pytest.mark.parametrize(
    ("width", "height", "rebuilt"), [(16, 16, (4, 4)), (64, 64, (16, 16)), (100, 64, (16, 24)), (512, 512, (64, 64))]
)
def test_images_are_rebuilt_at_a_quarter_of_their_size_or_at_sixteen_times_that_of_the_maps(
    width: int, height: int, rebuilt: tuple[int, int]
) -> None:
    logits, images = build(width, height).discriminator(torch.randn(2, 3, height, width), rebuild=True)
    assert logits.shape == (2,)
    assert images.shape == (2, 3, *rebuilt)


@pytest.mark.parametrize("labels", [0, 3])
def test_a_decoder_changes_no_other_weight_and_no_logit(labels: int) -> None:
    plain, rebuilding = (build(labels=labels, reconstruction=wanted).discriminator for wanted in (False, True))
    inputs = [torch.randn(4, 3, 64, 64), *([torch.tensor([0, 2, 1, 2])] if labels else [])]
    logits, images = rebuilding(*inputs, rebuild=True)
    assert torch.equal(logits, plain(*inputs))
    assert images.shape == (4, 3, 16, 16)
    added = rebuilding.state_dict().keys() - plain.state_dict().keys()
    assert added
    assert all(".decoder." in f".{name}" for name in added)


@pytest.mark.parametrize("mode", ["high", "all"])
def test_checkpointing_changes_no_gradient(mode: Checkpointing) -> None:
    plain = build().discriminator
    recomputing = copy.deepcopy(plain)
    set_checkpointing(recomputing, mode)
    images = torch.randn(2, 3, 64, 64)
    for network in (plain, recomputing):
        logits, rebuilt = network(images, rebuild=True)
        (logits.sum() + l1_distance(rebuilt, images).sum()).backward()
    for (name, a), b in zip(plain.named_parameters(), recomputing.parameters(), strict=True):
        assert a.grad is not None, name
        assert torch.equal(a.grad, b.grad), name


def test_a_few_steps_of_the_decoder_bring_images_back() -> None:
    torch.manual_seed(0)
    discriminator = build().discriminator
    shades = torch.tensor([-0.8, -0.2, 0.3, 0.9])
    images = shades.view(4, 1, 1, 1).expand(4, 3, 64, 64)
    adam = torch.optim.Adam(discriminator.parameters(), 0.003)
    distances = []
    for _ in range(40):
        adam.zero_grad()
        distance = l1_distance(discriminator(images, rebuild=True)[1], images).mean()
        distance.backward()
        adam.step()
        distances.append(distance.item())
    assert distances[-1] < 0.3 * distances[0]
