"""R3GAN's blocks."""

from __future__ import annotations

import pytest
import torch

from mapgan import networks
from mapgan.errors import SettingsError
from mapgan.networks.inverted import InvertedResidual
from mapgan.params import DcganModern, load


@pytest.mark.parametrize("channels", [1, 2, 20, 25, 64])
@pytest.mark.parametrize("circular", [False, True])
def test_a_residual_is_nothing_at_first_and_learns_from_the_first_step(channels: int, circular: bool) -> None:
    residual = InvertedResidual(channels, depth=8, circular=circular)
    x = torch.randn(2, channels, 6, 5)
    y = residual(x)
    assert torch.equal(x, y)
    y.square().sum().backward()
    assert residual.reduce.weight.grad is not None
    assert residual.reduce.weight.grad.abs().max() > 0


def test_weights_shrink_with_the_depth_as_in_fixup() -> None:
    torch.manual_seed(0)
    shallow, deep = (InvertedResidual(128, depth).expand.weight.std().item() for depth in (1, 16))
    assert shallow == pytest.approx((2 / 1.04 / 128) ** 0.5, rel=0.03)
    assert deep == pytest.approx(shallow / 2, rel=0.03)


def test_groups_have_sixteen_channels() -> None:
    assert InvertedResidual(64, 1).grouped.weight.shape == (128, 16, 3, 3)
    assert InvertedResidual(4, 1).grouped.weight.shape == (8, 8, 3, 3)


def test_every_resolution_has_its_residuals() -> None:
    settings = DcganModern(blocks="inverted", convolutions=2, generator_channels=4, discriminator_channels=4)
    pair = networks.build("dcgan-modern", settings, 64, 64)
    sizes = {"generator": list[tuple[int, ...]](), "discriminator": list[tuple[int, ...]]()}
    for name, found in sizes.items():
        for module in getattr(pair, name).modules():
            if isinstance(module, InvertedResidual):
                module.register_forward_hook(lambda _, __, y, found=found: found.append(tuple(y.shape[1:])))
    pair.discriminator(pair.generator(torch.randn(1, pair.latent)))
    assert sizes["generator"] == [shape for shape in ((16, 8, 8), (8, 16, 16), (4, 32, 32), (16, 64, 64)) for _ in "12"]
    assert sizes["discriminator"] == [
        shape for shape in ((4, 32, 32), (8, 16, 16), (16, 8, 8), (32, 4, 4)) for _ in "12"
    ]


def test_spectral_norm_is_refused() -> None:
    modern = "train.networks.dcgan-modern"
    with pytest.raises(SettingsError, match="inverted blocks begin with weights of 0"):
        load(settings=[f"{modern}.blocks=inverted", f"{modern}.spectral_norm=true"])
