"""Seeds, pictures and sheets."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mapgan import networks
from mapgan.errors import MapganError
from mapgan.networks import conditional
from mapgan.params import Dcgan, DcganModern, NetworkName
from mapgan.params.section import Section
from mapgan.sampling.drawing import draw
from mapgan.sampling.latents import latent
from mapgan.sampling.sheet import GAP, LABEL, PAPER, check_page, sheet

NARROW: list[tuple[NetworkName, Section]] = [
    ("dcgan", Dcgan(latent=5, generator_maps=4, discriminator_maps=4, max_maps=16)),
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
