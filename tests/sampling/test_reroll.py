"""Squares drawn anew: the others stay to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mapgan import networks
from mapgan.errors import MapganError
from mapgan.networks.generator_file import load_generator
from mapgan.params import Sample
from mapgan.sampling.generate import generate_from
from mapgan.sampling.latents import latent
from mapgan.sampling.reroll import open_reroll, rerolled
from tests.sampling.test_painting import LABELS, saved

CELL, HALO = 16, 32  # pixels


@pytest.mark.parametrize("labels", [[], LABELS], ids=["plain", "labels"])
def test_only_the_squares_and_their_neighbours_change(tmp_path: Path, labels: list[str]) -> None:
    generator, about = load_generator(saved(tmp_path / "g.safetensors", labels))
    size = networks.resize(generator, 320, 240, seamless=False)
    label = [0] if labels else None

    def drawn(**settings: object) -> np.ndarray:  # type: ignore[type-arg]
        reroll = open_reroll(Sample(**settings), generator, about) if settings else None  # type: ignore[arg-type]
        z = rerolled(latent(3, size), 3, generator, reroll) if reroll else latent(3, size)
        return next(generate_from(generator, z[None], label)).astype(int)

    first, second = drawn(), drawn(reroll="20,10", around=1)
    changed = (first != second).any(2)
    rows, columns = np.nonzero(changed)
    top, left, bottom, right = 9 * 8 // CELL * CELL, 19 * 8 // CELL * CELL, -(-12 * 8 // CELL) * CELL, 176
    assert top - HALO <= rows.min() <= top
    assert bottom - 1 <= rows.max() < bottom + HALO
    assert left - HALO <= columns.min() <= left
    assert right - 1 <= columns.max() < right + HALO
    assert not np.array_equal(second, drawn(reroll="20,10", around=1, attempt=1))
    assert np.array_equal(second, drawn(reroll="20,10", around=1))


def test_a_square_outside_of_the_map_is_one_line(tmp_path: Path) -> None:
    generator, about = load_generator(saved(tmp_path / "g.safetensors"))
    with pytest.raises(MapganError, match="--reroll 8,0: outside of the map of 8 x 8 squares; name a square by"):
        open_reroll(Sample(reroll="8,0"), generator, about)


def test_a_fixed_generator_has_no_squares(tmp_path: Path) -> None:
    generator, about = load_generator(saved(tmp_path / "g.safetensors", latent_kind="vector"))
    with pytest.raises(MapganError, match="no spatial latent"):
        open_reroll(Sample(reroll="1,1"), generator, about)
