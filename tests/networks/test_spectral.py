"""Spectral normalization."""

from __future__ import annotations

import torch
from torch import nn

from mapgan import networks
from mapgan.networks import spectral
from mapgan.params import DcganModern


def test_the_largest_singular_value_is_one() -> None:
    torch.manual_seed(0)
    layer = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Linear(20, 4))
    spectral.add_spectral_norm(layer)
    for _ in range(30):
        spectral.power_iteration(layer)
    for part in layer:
        assert abs(torch.linalg.matrix_norm(part.weight.detach().flatten(1), 2).item() - 1) < 1e-3


def test_the_power_iteration_runs_once_per_step_and_not_in_each_pass() -> None:
    settings = DcganModern(latent=4, generator_channels=2, discriminator_channels=4, max_channels=8, spectral_norm=True)
    pair = networks.build("dcgan-modern", settings, 32, 32)
    buffers = {name: buffer.clone() for name, buffer in pair.discriminator.named_buffers()}
    images = torch.randn(2, 3, 32, 32)
    logits = pair.discriminator(images)
    assert torch.equal(logits, pair.discriminator(images))
    assert buffers.keys() <= pair.discriminator.state_dict().keys()
    assert all(torch.equal(buffer, buffers[name]) for name, buffer in pair.discriminator.named_buffers())
    spectral.power_iteration(pair.discriminator)
    logits.sum().backward()  # also works for a forward pass before the iteration
    assert not all(torch.equal(buffer, buffers[name]) for name, buffer in pair.discriminator.named_buffers())
