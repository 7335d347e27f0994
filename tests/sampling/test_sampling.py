"""Seeds, images and sheets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mapgan import networks, stages
from mapgan.errors import MapganError
from mapgan.networks.generator_file import About, latent_size, load_generator, save_network
from mapgan.params import Dcgan, DcganModern, Mapmaker, Mlp, NetworkName, Sample
from mapgan.params.section import Section
from mapgan.sampling import sheet as drawn_sheet
from mapgan.sampling.generate import generate
from mapgan.sampling.labels import labels_for_seeds, parse_labels
from mapgan.sampling.latents import latent
from mapgan.sampling.sheet import GAP, INK, LABEL, PAPER, check_page, sheet

NARROW: list[tuple[NetworkName, Section]] = [
    ("dcgan", Dcgan(latent=5, generator_channels=4, discriminator_channels=4, max_channels=16)),
    ("mlp", Mlp(latent=5, generator_units=4, generator_dropout=0.5)),
    ("mapmaker", Mapmaker(latent=5, generator_channels=4)),
    ("dcgan-modern", DcganModern(latent=5, latent_kind="vector", generator_channels=4, max_channels=16)),
]


@pytest.mark.parametrize(("name", "settings"), NARROW)
def test_a_seed_gives_the_same_image_whatever_else_is_drawn(name: NetworkName, settings: Section) -> None:
    generator = networks.build(name, settings, 40, 24).generator.eval()
    alone = next(generate(generator, 5, [3]))
    among = list(generate(generator, 5, [7, 1, 3, 9]))
    assert alone.shape == (24, 40, 3)
    assert alone.dtype == np.uint8
    assert np.array_equal(alone, among[2])
    assert not np.array_equal(alone, among[0])


def test_a_spatial_latent_draws_any_size_from_the_file_alone(tmp_path: Path) -> None:
    made = DcganModern(
        latent=5, latent_kind="spatial", generator_channels=4, max_channels=8, last_channels=4, noise=0.1
    )
    generator = networks.build("dcgan-modern", made, 40, 24).generator
    about = About(network="dcgan-modern", settings=made.model_dump(), width=40, height=24, steps=1, seed=0, data="abc")
    save_network(tmp_path / "g.safetensors", generator.state_dict(), about)
    for size, tile, expected in [("", False, (40, 24)), ("100x70", False, (100, 70)), ("96x72", True, (96, 72))]:
        wanted = Sample(seeds="3,7", sheet="2x1", size=size, seamless=tile)
        stages.sample(wanted, tmp_path / "g.safetensors", tmp_path / "out")
        with Image.open(tmp_path / "out/singles/seed-000007.png") as single:
            assert single.size == expected
    with pytest.raises(MapganError, match="have a seam"):
        stages.sample(Sample(size="100x70", seamless=True), tmp_path / "g.safetensors", tmp_path / "out")
    with pytest.raises(MapganError, match="a sheet of 6 images"):
        stages.sample(Sample(size="16384x16384"), tmp_path / "g.safetensors", tmp_path / "out")


def test_a_label_is_drawn_if_the_generator_knows_labels() -> None:
    name, settings = NARROW[1]
    pair = networks.build(name, settings, 32, 32, labels=3)
    images = list(generate(pair.generator.eval(), pair.latent, [3, 3, 3], [0, 2, 0]))
    assert np.array_equal(images[0], images[2])
    assert not np.array_equal(images[0], images[1])


LABELS = ["cave", "town", "well, old"]


def test_other_generators_have_a_fixed_size(tmp_path: Path) -> None:
    with pytest.raises(MapganError, match="this generator has a fixed size"):
        stages.sample(Sample(size="300x200"), told(tmp_path / "g.safetensors"), tmp_path / "out")


def told(path: Path, labels: list[str] = LABELS) -> Path:
    """A generator that was told these labels."""
    settings = Mlp(latent=5, generator_units=4)
    generator = networks.build("mlp", settings, 40, 24, labels=len(labels)).generator
    about = About(network="mlp", settings=settings.model_dump(), width=40, height=24, steps=1, seed=0, data="",
                  labels=labels)  # fmt: skip
    save_network(path, generator.state_dict(), about)
    return path


@pytest.mark.parametrize(
    ("wanted", "indices"),
    [
        ("", [0, 1, 2, 0]),
        ("town", [1, 1, 1, 1]),
        ("town, cave", [1, 0, 1, 0]),
        ("well, old", [2, 2, 2, 2]),
        ("town,", [1, 1, 1, 1]),
        (" , ", [0, 1, 2, 0]),
    ],
)
def test_labels_take_turns_by_seed(wanted: str, indices: list[int]) -> None:
    named = parse_labels(wanted, LABELS, "it")
    assert labels_for_seeds(range(4), LABELS, named) == indices
    assert labels_for_seeds([3, 2], LABELS, named) == [indices[3], indices[2]]
    assert labels_for_seeds(range(4), []) is None


def test_a_name_is_the_same_however_its_signs_are_written() -> None:
    assert parse_labels("ho\u0308hle,well", ["h\u00f6hle", "well"], "it") == ["h\u00f6hle", "well"]


def test_a_label_that_was_asked_for_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network, about = load_generator(told(tmp_path / "g.safetensors"))
    under: list[str] = []
    monkeypatch.setattr(drawn_sheet, "_write", lambda _, text, *__: under.append(text))
    for label, indices in [("", [2, 0]), ("town", [1, 1])]:
        stages.sample(Sample(seeds="2,3", label=label), tmp_path / "g.safetensors", tmp_path / "out")
        generated = list(generate(network, latent_size(about), [2, 3], indices))
        for seed, index, expected in zip([2, 3], indices, generated, strict=True):
            with Image.open(tmp_path / f"out/singles/seed-00000{seed}-label-{index}.png") as single:
                assert np.array_equal(np.asarray(single), expected)
    assert len(list((tmp_path / "out/singles").iterdir())) == 4  # no label's image replaced another's
    assert under == ["2 well, old", "3 cave", "2 town", "3 town"]


@pytest.mark.parametrize(
    ("labels", "line"),
    [
        (LABELS, r"sample\.label: 'swamp': .*g\.safetensors has the labels cave, town, well, old; use some of these"),
        ([], r"sample\.label: 'cave': .*g\.safetensors has no labels; leave it empty"),
    ],
)
def test_a_label_that_is_not_there_is_one_line(tmp_path: Path, labels: list[str], line: str) -> None:
    with pytest.raises(MapganError, match=line):
        stages.sample(Sample(label="cave,swamp"), told(tmp_path / "g.safetensors", labels), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_latent_depends_on_its_seed_alone() -> None:
    assert torch.equal(latent(5, 8), latent(5, 8))
    assert not torch.equal(latent(5, 8), latent(6, 8))


def test_a_sheet_that_no_viewer_opens_is_one_line() -> None:
    with pytest.raises(MapganError, match="take fewer images or a smaller zoom"):
        check_page((2048, 2048), count=256, columns=16)


def test_a_sheet_shows_each_image_in_its_place_with_its_label() -> None:
    images = [np.full((10, 20, 3), shade, np.uint8) for shade in (10, 60, 110)]
    page = np.asarray(sheet(images, ["1", "22", "333"], columns=2, zoom=2))
    assert page.shape == (2 * (20 + GAP + LABEL) + GAP, 2 * (40 + GAP) + GAP, 3)
    for number, shade in enumerate((10, 60, 110)):
        top, left = GAP + number // 2 * (20 + GAP + LABEL), GAP + number % 2 * (40 + GAP)
        assert (page[top : top + 20, left : left + 40] == shade).all()
        label = page[top + 20 : top + 20 + LABEL, left : left + 40]
        assert (label != PAPER).any()
    assert (page[-LABEL:, -40:] == PAPER).all()  # nothing in the empty place


def test_a_long_label_stays_below_its_image() -> None:
    images = [np.full((10, 40, 3), 60, np.uint8)] * 2
    short, long = (np.asarray(sheet(images, [text, ""], columns=2)) for text in ("1", "1 " + "town" * 20))
    assert (long[:, : 40 + GAP] != short[:, : 40 + GAP]).any()
    assert (long[:, 40 + 2 * GAP :] == short[:, 40 + 2 * GAP :]).all()


@pytest.mark.parametrize(
    ("text", "room", "shown"),
    [("100007 cave", 11, "100007 cave"), ("100007 cave", 10, "100007 ca…"), ("100007 cave", 8, "100007"),
     ("100007 cave", 3, "100007"), ("100007", 3, "100007"), ("7 well, old", 8, "7 well,…")],
)  # fmt: skip
def test_a_seed_is_never_cut_short(text: str, room: int, shown: str) -> None:
    assert drawn_sheet._cut(text, len, room) == shown


def test_captions_are_written_in_ink() -> None:
    page = np.asarray(sheet([np.full((64, 64, 3), 255, np.uint8)], ["7 cave"], columns=1))
    assert (page == INK).all(axis=2).any()
