"""The size of maps: in squares, in pixels, or chosen."""

from __future__ import annotations

import pytest

from mapgan.errors import MapganError
from mapgan.networks.generator_file import About
from mapgan.params import Sample
from mapgan.sampling.map_size import map_size


def about(square: float) -> About:
    return About(network="mlp", settings={}, width=64, height=48, steps=1, seed=0, data="abc", pixels_per_square=square)


CASES = [
    ({}, 6.4, True, (154, 102)),  # 24 x 16 squares
    ({}, 0.0, True, (192, 96)),
    ({}, 6.4, False, (64, 48)),
    ({"size": ""}, 6.4, True, (64, 48)),
    ({"size": "300x200"}, 6.4, True, (300, 200)),
    ({"squares": "30x20"}, 6.4, True, (192, 128)),
]


@pytest.mark.parametrize(("settings", "square", "spatial", "expected"), CASES)
def test_map_size(settings: dict[str, str], square: float, spatial: bool, expected: tuple[int, int]) -> None:
    assert map_size(Sample(**settings), about(square), spatial) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("squares", "square", "line"),
    [("30x20", 0.0, "the size of a square is not known"), ("900x1", 20.0, "are 18000 x 20 pixels")],
)
def test_squares_that_cannot_be_drawn_are_one_line(squares: str, square: float, line: str) -> None:
    with pytest.raises(MapganError, match=line):
        map_size(Sample(squares=squares), about(square), spatial=True)
