"""Picking: the measures, the choice, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapgan.errors import MapganError
from mapgan.networks.generator_file import load_generator, load_network
from mapgan.params import Pick
from mapgan.sampling.measures import Critic, edge_density, starts
from mapgan.sampling.pick import pick
from mapgan.sampling.recipe import Cell, Recipe
from mapgan.sampling.render import Renderer, open_generator
from mapgan.sampling.unlike import farthest
from tests.sampling.vivid import vivid


def test_edges_are_where_neighbours_differ() -> None:
    image = np.full((11, 11, 3), 100, np.uint8)
    assert edge_density(image) == 0
    image[:, 5:] = 200
    assert edge_density(image) == pytest.approx(0.1)
    image[:, 5:] = 110
    assert edge_density(image) == 0


@given(st.integers(1, 400), st.integers(1, 100))
def test_windows_cover_a_map_evenly(side: int, window: int) -> None:
    if side < window:
        return
    found = starts(side, window)
    assert found[0] == 0
    assert found[-1] == side - window
    gaps = np.diff(found)
    assert (gaps <= window).all()
    assert len(found) == 1 or gaps.max() - gaps.min() <= 1


def test_the_logit_of_a_map_is_the_mean_over_its_windows(tmp_path: Path) -> None:
    path = vivid(tmp_path / "g.safetensors", labels=["cave", "town"])
    critic = Critic(tmp_path / "discriminator.safetensors", "cpu")
    image = np.random.default_rng(0).integers(0, 256, (24, 80, 3), np.uint8)
    halves = [critic.logit(half, 1) for half in (image[:, :40], image[:, 40:])]
    assert critic.logit(image, 1) == pytest.approx(np.mean(halves), abs=1e-5)
    with pytest.raises(MapganError, match="sees 40 x 24 pixels at a time"):
        critic.check(load_generator(path)[1], (39, 24))
    with pytest.raises(MapganError, match="of another run"):
        critic.check(load_generator(vivid(tmp_path / "other.safetensors"))[1], (40, 24))
    with pytest.raises(MapganError, match="holds a generator"):
        Critic(path, "cpu")


def test_the_farthest_are_chosen() -> None:
    points = np.array([[0.0], [0.1], [10.0], [5.0], [9.9]])
    assert farthest(points, 3) == [0, 2, 3]
    assert sorted(farthest(np.zeros((4, 2)), 4)) == [0, 1, 2, 3]


@pytest.mark.parametrize("by", ["edges", "logit"])
def test_the_best_are_picked_in_their_order(tmp_path: Path, by: str) -> None:
    generator = vivid(tmp_path / "g.safetensors")
    discriminator = tmp_path / "discriminator.safetensors"
    picked = pick(Pick(seeds="0-19", top=5, keep=0.25, by=by, squares="8x5"), generator, discriminator)  # type: ignore[arg-type]
    trained = open_generator(generator)
    renderer = Renderer(trained, Recipe(generator=trained.digest, width=64, height=40, cells=[Cell(latent="0")]))
    critic = Critic(discriminator, "cpu")
    images = {seed: renderer.image(Cell(latent=str(seed))) for seed in range(20)}
    scores = {seed: critic.logit(image) if by == "logit" else edge_density(image) for seed, image in images.items()}
    assert picked.seeds == sorted(scores, key=lambda seed: -scores[seed])[:5]
    assert picked.scores == pytest.approx([scores[seed] for seed in picked.seeds])


def test_it_takes_the_discriminator_where_there_is_one(tmp_path: Path) -> None:
    generator = vivid(tmp_path / "g.safetensors")
    few = Pick(seeds="0-3", top=2)
    assert pick(few, generator, tmp_path / "discriminator.safetensors").by == "logit"
    assert pick(few, generator, tmp_path / "none.safetensors").by == "edges"
    assert load_network(tmp_path / "discriminator.safetensors")[1].part == "discriminator"


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (Pick(seeds="0-3", top=5), "--top 5: there are 4 seeds"),
        (Pick(seeds="3,3,3", top=2), "there are 1 seeds"),
        (Pick(label="town"), "has no labels"),
        (Pick(seeds="0-3", top=2, by="logit"), "none.safetensors: no such file"),
    ],
)
def test_what_cannot_be_picked_is_one_line(tmp_path: Path, settings: Pick, why: str) -> None:
    with pytest.raises(MapganError, match=why):
        pick(settings, vivid(tmp_path / "g.safetensors"), tmp_path / "none.safetensors")
