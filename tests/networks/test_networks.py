"""All networks: sizes, initial weights, gradient checkpointing."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgan import networks
from mapgan.networks.modern_discriminator import minibatch_std
from mapgan.networks.norms import norm
from mapgan.networks.sizes import count_stages, initial_size
from mapgan.networks.stack import Checkpointing, set_checkpointing
from mapgan.params import Dcgan, DcganModern, Mapmaker, Mlp, NetworkName
from mapgan.params.networks import NormName
from mapgan.params.section import Section

NARROW: dict[NetworkName, Section] = {
    "mlp": Mlp(latent=5, generator_units=2, discriminator_units=8, layers=2, generator_dropout=0.1),
    "dcgan": Dcgan(latent=5, generator_channels=2, discriminator_channels=2, max_channels=4),
    "mapmaker": Mapmaker(latent=5, generator_channels=2, discriminator_channels=2),
    "dcgan-modern": DcganModern(
        latent=5, generator_channels=2, discriminator_channels=2, max_channels=4, last_channels=2, convolutions=2
    ),
}
NAMES = list(NARROW)
MODERN = {
    "latent": 5,
    "generator_channels": 2,
    "discriminator_channels": 2,
    "max_channels": 4,
    "last_channels": 2,
    "noise": 0.1,
}
CASES: list[tuple[NetworkName, Section]] = [
    *NARROW.items(),
    ("dcgan-modern", DcganModern(**MODERN, latent_kind="constant", excitation=True)),
    ("dcgan-modern", DcganModern(**MODERN, latent_kind="spatial", excitation=True, spectral_norm=True)),
    ("dcgan-modern", DcganModern(**MODERN, blocks="inverted", convolutions=2, output_skips=True)),
    ("dcgan-modern", DcganModern(**MODERN, blocks="inverted", latent_kind="constant", excitation=True)),
]
CASE_IDS = [*NAMES, "constant", "spatial", "inverted", "inverted constant"]
SIZES = [(16, 16), (28, 28), (17, 31), (64, 64), (128, 128), (128, 96), (16, 300), (750, 1000), (768, 768)]


@pytest.mark.parametrize(("name", "section"), CASES, ids=CASE_IDS)
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_images_have_the_requested_size_and_range(name: NetworkName, section: Section, width: int, height: int) -> None:
    pair = networks.build(name, section, width, height)
    assert networks.latent_size(name, section, width, height) == pair.latent
    images = pair.generator(torch.randn(2, pair.latent))
    assert images.shape == (2, 3, height, width)
    assert images.abs().max() <= 1
    assert pair.discriminator(images).shape == (2,)


@given(st.integers(16, 2048), st.integers(16, 2048))
@settings(max_examples=200, deadline=None)
def test_upsampling_reaches_any_size_with_little_to_crop(width: int, height: int) -> None:
    count = count_stages(width, height)
    for side in (width, height):
        first = initial_size(side, count)
        assert first >= 4 or first == initial_size(min(width, height), count)
        assert side <= first * 2**count < side + 2**count
        assert side // 2**count >= 1  # at least one pixel remains at the end of the discriminator
    assert initial_size(min(width, height), count) in range(4, 9)


@pytest.mark.parametrize("name", NAMES)
def test_weights_depend_on_the_seed_only_and_torchs_rng_state_is_kept(name: NetworkName) -> None:
    before = torch.random.get_rng_state()
    one, same, other = (networks.build(name, NARROW[name], 32, 32, seed).generator for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_dcgan_has_the_weights_and_channels_of_the_paper() -> None:
    pair = networks.build("dcgan", Dcgan(), 64, 64)
    weights = torch.cat([p.flatten() for n, p in pair.generator.named_parameters() if p.dim() == 4])
    assert weights.std().item() == pytest.approx(0.02, rel=0.02)
    assert [tuple(p.shape[:2]) for p in pair.generator.parameters() if p.dim() == 4] == [
        (100, 512), (512, 256), (256, 128), (128, 64), (64, 3),
    ]  # fmt: skip


@pytest.mark.parametrize("mode", ["high", "all"])
@pytest.mark.parametrize(("name", "section"), CASES, ids=CASE_IDS)
def test_checkpointing_changes_neither_gradients_nor_buffers(
    name: NetworkName, section: Section, mode: Checkpointing
) -> None:
    plain = networks.build(name, section, 64, 80)
    checkpointed = copy.deepcopy(plain)
    for pair, checkpointing in [(plain, "none"), (checkpointed, mode)]:
        for network in (pair.generator, pair.discriminator):
            set_checkpointing(network, checkpointing)  # type: ignore[arg-type]
        z = torch.randn(3, pair.latent, generator=torch.Generator().manual_seed(0))
        pair.discriminator(pair.generator(z)).square().mean().backward()
    for network in ("generator", "discriminator"):
        one, other = getattr(plain, network), getattr(checkpointed, network)
        for (key, a), b in zip(one.named_parameters(), other.parameters(), strict=True):
            assert torch.equal(a.grad, b.grad), key
        for (key, a), b in zip(one.named_buffers(), other.buffers(), strict=True):
            assert torch.equal(a, b), key


def test_checkpointing_saves_less_for_the_backward_pass() -> None:
    def saved(mode: Checkpointing) -> int:
        sizes: list[int] = []

        def pack(tensor: torch.Tensor) -> torch.Tensor:
            sizes.append(tensor.numel())
            return tensor

        pair = networks.build("dcgan-modern", NARROW["dcgan-modern"], 64, 64)
        set_checkpointing(pair.generator, mode)
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            pair.generator(torch.randn(8, pair.latent))
        return sum(sizes)

    assert saved("all") < 0.6 * saved("none")
    assert saved("all") < saved("high") < saved("none")


@pytest.mark.parametrize(("name", "section"), CASES, ids=CASE_IDS)
def test_an_image_does_not_depend_on_its_batch(name: NetworkName, section: Section) -> None:
    pair = networks.build(name, section, 64, 64)
    if pair.batch_dependent:
        return
    generator, z = pair.generator.double(), torch.randn(4, pair.latent, dtype=torch.double)
    assert torch.allclose(generator(z)[:1], generator(z[:1]), atol=1e-9)


VARIANTS = [
    {"kernel": 3},
    {"kernel": 5, "stride": 2},
    {"kernel": 8, "stride": 4},
    {"kernel": 2, "stride": 3},
    {"generator_norm": "group", "discriminator_norm": "instance"},
    {"generator_norm": "pixel", "discriminator_norm": "none"},
    {"generator_norm": "none", "discriminator_norm": "batch", "initialisation": "orthogonal"},
    {"generator_activation": "gelu", "discriminator_activation": "silu", "initialisation": "default"},
    {"generator_dropout": 0.5, "discriminator_dropout": 0.3},
    {"generator_channels": 8, "discriminator_channels": 2},
]


@pytest.mark.parametrize("changes", VARIANTS, ids=str)
@pytest.mark.parametrize(("width", "height"), [(28, 28), (17, 31), (100, 75)])
def test_all_variants_of_dcgan_have_the_right_shapes(width: int, height: int, changes: dict[str, object]) -> None:
    section = Dcgan.model_validate(NARROW["dcgan"].model_dump() | changes)
    pair = networks.build("dcgan", section, width, height)
    images = pair.generator(torch.randn(2, pair.latent))
    assert images.shape == (2, 3, height, width)
    assert pair.discriminator(images).shape == (2,)
    assert pair.batch_dependent == ("batch" in (section.generator_norm, section.discriminator_norm))


def test_orthogonal_weights_are_orthogonal() -> None:
    pair = networks.build("dcgan", Dcgan(initialisation="orthogonal", discriminator_channels=16), 32, 32)
    weight = next(pair.discriminator.parameters()).flatten(1)
    assert torch.allclose(weight @ weight.T, torch.eye(16), atol=1e-5)


@pytest.mark.parametrize("name", ["batch", "group", "instance", "pixel"])
def test_normalized_values_have_a_mean_square_of_one(name: NormName) -> None:
    x = norm(name, 16)[0](3 * torch.randn(8, 16, 32, 32, generator=torch.Generator().manual_seed(0)))
    over = {"batch": (0, 2, 3), "group": (2, 3), "instance": (2, 3), "pixel": (1,)}[name]
    assert torch.allclose(x.square().mean(over), torch.tensor(1.0), atol=0.2 if name == "group" else 0.01)


def test_mapmaker_has_the_shapes_of_the_first_map_maker() -> None:
    with torch.device("meta"):
        pair = networks.build("mapmaker", Mapmaker(), 750, 750)
        sizes: list[tuple[int, ...]] = []
        for block in pair.generator.blocks:  # type: ignore[union-attr]
            block.register_forward_hook(lambda _, __, output: sizes.append(tuple(output.shape[1:])))
        assert pair.generator(torch.empty(1, 3 * 20 * 20)).shape == (1, 3, 750, 750)
    assert sizes == [(16, 64, 64), (16, 256, 256), (16, 1024, 1024), (3, 768, 768)]


def test_output_skips_start_from_the_colours_of_every_block() -> None:
    chosen = DcganModern(latent=8, generator_channels=4, max_channels=8, last_channels=4, output_skips=True)
    generator = networks.build("dcgan-modern", chosen, 64, 64).generator
    generator(torch.randn(2, 8 * 16)).sum().backward()
    layers = list(generator.to_rgb)  # type: ignore[arg-type]
    assert len(layers) == 3
    assert all(layer.weight.grad is not None and layer.weight.grad.abs().sum() > 0 for layer in layers)


def test_the_standard_deviation_tells_d_of_images_that_are_alike() -> None:
    chosen = DcganModern(latent=8, discriminator_channels=4, max_channels=8, minibatch_std=True)
    pair = networks.build("dcgan-modern", chosen, 32, 32)
    images = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    alike = images[:1].expand(4, -1, -1, -1)
    assert pair.batch_dependent
    assert torch.allclose(pair.discriminator(alike), pair.discriminator(images[:1]), atol=1e-5)
    assert not torch.allclose(pair.discriminator(images)[:1], pair.discriminator(images[:1]), atol=1e-5)
    maps = torch.tensor([1.0, 3.0]).view(2, 1, 1, 1).expand(2, 1, 2, 2)
    assert torch.allclose(minibatch_std(maps), torch.ones(2, 1))
