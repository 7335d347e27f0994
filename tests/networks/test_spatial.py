"""Generators with a spatial latent: any size, and no seams."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mapgan import networks
from mapgan.errors import MapganError
from mapgan.networks.he_init import he_init
from mapgan.networks.inverted import InvertedResidual
from mapgan.networks.modern import Generator
from mapgan.params import DcganModern
from mapgan.sampling.generate import generate
from mapgan.sampling.large import generate_large, to_pixels

WIDE = {
    "latent": 4,
    "generator_channels": 8,
    "discriminator_channels": 2,
    "max_channels": 8,
    "last_channels": 8,
    "convolutions": 2,
}


def generator(**changes: object) -> Generator:
    settings = DcganModern(**{**WIDE, **changes, "latent_kind": "spatial"})  # type: ignore[arg-type]
    built = networks.build("dcgan-modern", settings, 64, 48).generator
    assert isinstance(built, Generator)
    for module in built.modules():
        if isinstance(module, InvertedResidual):  # in place of 0
            he_init(module.reduce)
    return built.eval()


@pytest.mark.parametrize(("width", "height"), [(64, 48), (300, 180), (16, 16), (17, 650)])
def test_any_size_can_be_generated(width: int, height: int) -> None:
    network = generator(noise=0.1, excitation=True)
    latent = networks.resize(network, width, height, seamless=False)
    one, same = (next(generate(network, latent, [3])) for _ in range(2))
    assert one.shape == (height, width, 3)
    assert np.array_equal(one, same)
    assert np.array_equal(one, list(generate(network, latent, [1, 3]))[1])


@torch.no_grad()
@pytest.mark.parametrize(
    "settings", [{}, {"blocks": "inverted"}, {"blocks": "inverted", "upsample": "bilinear", "output_skips": True}]
)
def test_a_shifted_latent_gives_a_shifted_image(settings: dict[str, object]) -> None:
    """With wrap-around in both directions: there is no seam anywhere."""
    network = generator(**settings).double()
    for parameter in network.parameters():
        parameter.mul_(1.5)  # for more contrast
    networks.resize(network, 128, 96, seamless=True)
    cell = network.cell
    z = torch.randn(1, 4, 96 // cell, 128 // cell, dtype=torch.float64)
    theme = torch.randn(1, network.theme, dtype=torch.float64)
    image, shifted = (
        network(torch.cat([sites.flatten(1), theme], dim=1)) for sites in (z, z.roll((1, 2), dims=(2, 3)))
    )
    assert image.std() > 0.01
    assert torch.allclose(image.roll((cell, 2 * cell), dims=(2, 3)), shifted, atol=1e-9)


@torch.no_grad()
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_the_edge_is_like_any_other_column(noise: float) -> None:
    network = generator(noise=noise)
    latent = networks.resize(network, 192, 192, seamless=True)
    for parameter in network.parameters():
        parameter.mul_(1.5)
    images = np.stack(list(generate(network, latent, range(12)))).astype(float)
    differences = np.abs(images - np.roll(images, 1, axis=2)).mean(axis=(0, 1, 3))  # between neighbouring columns
    assert differences[0] < 1.3 * np.quantile(differences[1:], 0.9)


@pytest.mark.parametrize(
    "settings",
    [
        {"noise": 0.3},
        {"theme": 0, "convolutions": 1, "upsample": "bilinear"},
        {"blocks": "inverted", "noise": 0.3, "norm": "group"},
        {"blocks": "inverted", "convolutions": 1, "upsample": "bilinear", "output_skips": True},
    ],
)
@pytest.mark.parametrize(("width", "height"), [(203, 150), (64, 160)])
def test_windows_are_parts_of_one_pass(settings: dict[str, object], width: int, height: int) -> None:
    network = generator(**settings)
    latent = networks.resize(network, width, height, seamless=False)
    z = torch.randn(1, latent, generator=torch.Generator().manual_seed(0))
    one_pass = to_pixels(network(z))[0].astype(int)
    in_windows = generate_large(network, z, size=3).astype(int)
    assert one_pass.std() > 2
    assert np.abs(one_pass - in_windows).max() <= 1


@pytest.mark.parametrize("blocks", ["plain", "inverted"])
@pytest.mark.parametrize("upsample", ["nearest", "bilinear"])
def test_the_halo_is_as_wide_as_it_needs_to_be(upsample: str, blocks: str) -> None:
    """A latent influences the image within the halo, and nearly up to its edge."""
    network = generator(latent=4, theme=0, upsample=upsample, blocks=blocks)
    assert network.halo is not None
    side = 2 * network.halo + 3
    networks.resize(network, side * network.cell, side * network.cell, seamless=True)
    sites = torch.randn(1, 4, side, side)
    other = sites.clone()
    other[:, :, side // 2, side // 2] += 1
    one, two = (network(z.flatten(1)) for z in (sites, other))
    changed = (one != two).any(1)[0].nonzero()
    reach = max(side // 2 * network.cell - int(changed.min()), int(changed.max()) - (side // 2 + 1) * network.cell + 1)
    assert (network.halo - 1) * network.cell < reach <= network.halo * network.cell


@torch.no_grad()
def test_the_theme_reaches_every_site() -> None:
    network = generator(theme=8)
    latent = networks.resize(network, 256, 256, seamless=False)
    z = torch.randn(1, latent)
    other = z.clone()
    other[:, -8:] = torch.randn(8)
    changed = (network(z) != network(other)).any(1).float()
    assert torch.nn.functional.avg_pool2d(changed, 16).min() > 0


def test_a_size_that_cannot_be_seamless_is_a_one_line_error() -> None:
    with pytest.raises(MapganError, match="100 x 70 pixels have a seam; use multiples of 8, such as 96x72"):
        networks.resize(generator(), 100, 70, seamless=True)


@pytest.mark.parametrize("kind", ["vector", "constant"])
def test_other_generators_have_a_fixed_size(kind: str) -> None:
    settings = DcganModern(latent_kind=kind, generator_channels=2, max_channels=4)  # type: ignore[arg-type]
    with pytest.raises(MapganError, match="this generator has a fixed size"):
        networks.resize(networks.build("dcgan-modern", settings, 32, 32).generator, 64, 64, seamless=False)
