"""Seeds, pictures and sheets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mapgan import networks, stages
from mapgan.errors import MapganError
from mapgan.networks import conditional
from mapgan.networks.generator_file import About, save_network
from mapgan.params import Dcgan, DcganModern, Mapmaker, Mlp, NetworkName, Sample
from mapgan.params.section import Section
from mapgan.sampling.drawing import draw
from mapgan.sampling.latents import latent
from mapgan.sampling.sheet import GAP, LABEL, PAPER, check_page, sheet

NARROW: list[tuple[NetworkName, Section]] = [
    ("dcgan", Dcgan(latent=5, generator_maps=4, discriminator_maps=4, max_maps=16)),
    ("mlp", Mlp(latent=5, generator_units=4, generator_dropout=0.5)),
    ("mapmaker", Mapmaker(latent=5, generator_maps=4)),
    ("dcgan-modern", DcganModern(latent=5, generator_maps=4, discriminator_maps=4, max_maps=16)),
]


@pytest.mark.parametrize(("name", "settings"), NARROW)
def test_a_seed_gives_the_same_picture_whatever_else_is_drawn(name: NetworkName, settings: Section) -> None:
    generator = networks.build(name, settings, 40, 24).generator.eval()
    alone = next(draw(generator, 5, [3]))
    among = list(draw(generator, 5, [7, 1, 3, 9]))
    assert alone.shape == (24, 40, 3)
    assert alone.dtype == np.uint8
    assert np.array_equal(alone, among[2])
    assert not np.array_equal(alone, among[0])


def test_a_spatial_latent_draws_any_size_from_the_file_alone(tmp_path: Path) -> None:
    made = DcganModern(latent=5, latent_kind="spatial", generator_maps=4, max_maps=8, last_maps=4, noise=0.1)
    generator = networks.build("dcgan-modern", made, 40, 24).generator
    about = About(network="dcgan-modern", settings=made.model_dump(), width=40, height=24, steps=1, seed=0, data="abc")
    save_network(tmp_path / "g.safetensors", generator.state_dict(), about)
    for size, tile, expected in [("", False, (40, 24)), ("100x70", False, (100, 70)), ("96x72", True, (96, 72))]:
        wanted = Sample(seeds="3,7", sheet="2x1", size=size, tile=tile)
        stages.sample(wanted, tmp_path / "g.safetensors", tmp_path / "out")
        with Image.open(tmp_path / "out/singles/seed-000007.png") as single:
            assert single.size == expected
    with pytest.raises(MapganError, match="have a seam"):
        stages.sample(Sample(size="100x70", tile=True), tmp_path / "g.safetensors", tmp_path / "out")
    with pytest.raises(MapganError, match="a sheet of 36 pictures"):
        stages.sample(Sample(size="16384x16384"), tmp_path / "g.safetensors", tmp_path / "out")


def test_a_label_is_drawn_if_the_generator_knows_labels() -> None:
    name, settings = NARROW[1]
    pair = conditional.build(networks.BUILDERS[name], settings, 32, 32, labels=3)
    pictures = list(draw(pair.generator.eval(), pair.latent, [3, 3, 3], [0, 2, 0]))
    assert np.array_equal(pictures[0], pictures[2])
    assert not np.array_equal(pictures[0], pictures[1])


def test_a_latent_depends_on_its_seed_alone() -> None:
    assert torch.equal(latent(5, 8), latent(5, 8))
    assert not torch.equal(latent(5, 8), latent(6, 8))


def test_a_sheet_that_no_viewer_opens_is_one_line() -> None:
    with pytest.raises(MapganError, match="take fewer pictures or a smaller zoom"):
        check_page((2048, 2048), count=256, columns=16)


def test_a_sheet_shows_each_picture_in_its_place_with_its_label() -> None:
    pictures = [np.full((10, 20, 3), shade, np.uint8) for shade in (10, 60, 110)]
    page = np.asarray(sheet(pictures, ["1", "22", "333"], columns=2, zoom=2))
    assert page.shape == (2 * (20 + GAP + LABEL) + GAP, 2 * (40 + GAP) + GAP, 3)
    for number, shade in enumerate((10, 60, 110)):
        top, left = GAP + number // 2 * (20 + GAP + LABEL), GAP + number % 2 * (40 + GAP)
        assert (page[top : top + 20, left : left + 40] == shade).all()
        label = page[top + 20 : top + 20 + LABEL, left : left + 40]
        assert (label != PAPER).any()
    assert (page[-LABEL:, -40:] == PAPER).all()  # nothing in the empty place
