"""Walks as rows of expressions."""

from __future__ import annotations

import pytest

from mapgan.errors import MapganError
from mapgan.params import Walk
from mapgan.sampling.latent_shape import LatentShape
from mapgan.sampling.walks import WALKS, arithmetic_rows, walk_rows

SHAPE = LatentShape(6, rows=2, columns=3, theme=4)


def latents(settings: Walk, steps: int = 3) -> list[list[str]]:
    return [[cell.latent for cell in row] for row in walk_rows(settings, SHAPE, steps)]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Walk(kind="dimension", numbers="9"), [["-0.05 * axis(9)", "0 * axis(9)", "0.05 * axis(9)"]]),
        (
            Walk(kind="dimension", numbers="0,2", around="7", dimension_range=[0.0, 3.0]),
            [[f"(7) + {value} * axis({number})" for value in ("0", "1.5", "3")] for number in (0, 2)],
        ),
        (Walk(kind="all", seeds="7"), [["7 + -1 * ones", "7 + 0 * ones", "7 + 1 * ones"]]),
        (Walk(kind="linear", seeds="3,7"), [["lerp(3, 7, -0.5)", "lerp(3, 7, 0.5)", "lerp(3, 7, 1.5)"]]),
        (
            Walk(kind="spherical", seeds="3,7,4", alpha=[0.0, 1.0]),
            [[f"slerp({pair}, {alpha})" for alpha in ("0", "0.5", "1")] for pair in ("3, 7", "7, 4")],
        ),
        (
            Walk(kind="loop", seeds="3,7"),
            [[f"slerp({pair}, {part})" for part in ("0", "0.333333", "0.666667")] for pair in ("3, 7", "7, 3")],
        ),
        (
            Walk(kind="direction", seeds="5", numbers="1"),
            [["(5) + -3 * sefa(1)", "(5) + 0 * sefa(1)", "(5) + 3 * sefa(1)"]],
        ),
        (
            Walk(kind="pca", seeds="5", numbers="0", around="7"),
            [["(7) + -3 * pca(0)", "(7) + 0 * pca(0)", "(7) + 3 * pca(0)"]],
        ),
    ],
    ids=lambda value: value.kind if isinstance(value, Walk) else "",
)
def test_what_a_walk_shows(settings: Walk, expected: list[list[str]]) -> None:
    assert latents(settings) == expected


def test_noise_stays_along_each_row() -> None:
    for kind in WALKS:
        for row in walk_rows(Walk(kind=kind), SHAPE, 4):
            assert len({cell.noise for cell in row}) == 1
            assert row[0].noise


def test_captions_name_the_seeds_where_the_walk_passes_them() -> None:
    [row] = walk_rows(Walk(kind="linear", seeds="3,7"), SHAPE, 5)
    assert [cell.caption for cell in row] == ["-0.50", "3", "+0.50", "7", "+1.50"]


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (Walk(kind="dimension", numbers="10"), "this latent has 10 dimensions; name some from 0 to 9"),
        (Walk(kind="loop", seeds="7"), "a walk between seeds needs two or more"),
        (Walk(kind="all", seeds="0-100"), "101 rows; 100 can be drawn"),
    ],
)
def test_what_cannot_be_walked_is_one_line(settings: Walk, why: str) -> None:
    with pytest.raises(MapganError, match=why):
        walk_rows(settings, SHAPE, 3)


def test_operands_stand_beside_the_result() -> None:
    [row] = arithmetic_rows("12 - 7 + 31")
    assert [(cell.latent, cell.caption) for cell in row] == [
        ("12", "12"), ("7", "- 7"), ("31", "+ 31"), ("12 - 7 + 31", "= 12 - 7 + 31"),
    ]  # fmt: skip


def test_members_stand_above_their_mean() -> None:
    rows = arithmetic_rows("mean(1,2,3) - mean(4,5) + 6")
    assert [[cell.latent for cell in row] for row in rows] == [
        ["1", "", "", ""],
        ["2", "4", "", ""],
        ["3", "5", "", ""],
        ["mean(1, 2, 3)", "mean(4, 5)", "6", "mean(1,2,3) - mean(4,5) + 6"],
    ]
    assert [cell.caption for cell in rows[-1]][:3] == ["mean", "- mean", "+ 6"]
