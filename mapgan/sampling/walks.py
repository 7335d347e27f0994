"""Walks through the latent space, as rows of expressions: what a sheet shows, and a film plays."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from mapgan.errors import MapganError
from mapgan.params.exploring import Kind, Walk
from mapgan.params.parsing import parse_seeds
from mapgan.sampling.expression import Term, terms
from mapgan.sampling.latent_shape import LatentShape
from mapgan.sampling.recipe import EMPTY, Cell

Rows = list[list[Cell]]
MAX_ROWS = 100


def walk_rows(settings: Walk, shape: LatentShape, steps: int) -> Rows:
    """The rows of a walk, each of `steps` images; a loop has a row for each seed, which ends before the next one.

    Raises:
        MapganError: there are too few seeds or too many rows, or a dimension does not exist.
    """
    rows = WALKS[settings.kind](settings, shape, steps)
    if len(rows) > MAX_ROWS:
        raise MapganError(f"walk: {len(rows)} rows", f"{MAX_ROWS} can be drawn; name fewer seeds or numbers")
    return rows


def _dimensions(settings: Walk, shape: LatentShape, steps: int) -> Rows:
    around = f"({settings.around}) + " if settings.around else ""
    return [
        [
            Cell(latent=f"{around}{value:g} * axis({number})", noise=settings.around or "ones", caption=caption)
            for value, caption in _captioned(settings.dimension_range, steps, f"z{number}")
        ]
        for number in _numbers(settings, shape)
    ]


def _sefa(settings: Walk, shape: LatentShape, steps: int) -> Rows:
    return _directions(settings, shape, steps, "sefa")


def _pca(settings: Walk, shape: LatentShape, steps: int) -> Rows:
    return _directions(settings, shape, steps, "pca")


def _directions(settings: Walk, shape: LatentShape, steps: int, name: str) -> Rows:
    around = settings.around or str(parse_seeds(settings.seeds)[0])
    return [
        [
            Cell(latent=f"({around}) + {value:g} * {name}({number})", noise=around, caption=caption)
            for value, caption in _captioned(settings.direction_range, steps, f"{name} {number}")
        ]
        for number in _numbers(settings, shape)
    ]


def _all(settings: Walk, _: LatentShape, steps: int) -> Rows:
    return [
        [
            Cell(latent=f"{seed} + {value:g} * ones", noise=str(seed), caption=caption)
            for value, caption in _captioned(settings.all_range, steps, str(seed))
        ]
        for seed in parse_seeds(settings.seeds)
    ]


def _linear(settings: Walk, _: LatentShape, steps: int) -> Rows:
    return _between(settings, steps, "lerp")


def _spherical(settings: Walk, _: LatentShape, steps: int) -> Rows:
    return _between(settings, steps, "slerp")


def _between(settings: Walk, steps: int, function: str) -> Rows:
    seeds = _several(settings)
    return [
        [
            Cell(
                latent=f"{function}({one}, {other}, {alpha:g})",
                noise=str(one),
                caption=_between_caption(one, other, alpha),
            )
            for alpha in _positions(settings.alpha, steps)
        ]
        for one, other in pairwise(seeds)
    ]


def _loop(settings: Walk, _: LatentShape, steps: int) -> Rows:
    seeds = _several(settings)
    fractions = [round(step / steps, 6) for step in range(steps)]
    return [
        [
            Cell(
                latent=f"slerp({one}, {other}, {fraction:g})",
                noise=str(seeds[0]),
                caption=_between_caption(one, other, fraction),
            )
            for fraction in fractions
        ]
        for one, other in pairwise([*seeds, seeds[0]])
    ]


WALKS: dict[Kind, Callable[[Walk, LatentShape, int], Rows]] = {
    "dimension": _dimensions,
    "all": _all,
    "linear": _linear,
    "spherical": _spherical,
    "loop": _loop,
    "direction": _sefa,
    "pca": _pca,
}


def arithmetic_rows(text: str) -> Rows:
    """The sum `text` as a column for each term, and one for the result, as in Radford et al. 2015, figure 7.

    A term stands in the last row; above a mean stand its members.

    Raises:
        MapganError: it is not an expression.
    """
    summands = terms(text)
    height = max(len(term.members) for term in summands)
    rows = [[_member(term, number - height) for term in summands] + [EMPTY] for number in range(height)]
    last = [_term(term, first=number == 0) for number, term in enumerate(summands)]
    return [*rows, [*last, Cell(latent=text, caption=f"= {text}")]]


def _member(term: Term, from_last: int) -> Cell:
    """The member of a mean in a row, counted from the last one, -1."""
    if len(term.members) + from_last < 0:
        return EMPTY
    member = term.members[from_last]
    return Cell(latent=member, caption=member)


def _term(term: Term, first: bool) -> Cell:
    sign = "" if first and term.sign == "+" else f"{term.sign} "
    return Cell(latent=term.text, caption=sign + ("mean" if term.members else term.text))


def _captioned(ends: list[float], steps: int, name: str) -> list[tuple[float, str]]:
    return [(value, f"{name} {value:+.3g}") for value in _positions(ends, steps)]


def _positions(ends: list[float], steps: int) -> list[float]:
    """`steps` numbers from one end to the other, as they are written in expressions."""
    first, last = ends
    return [float(f"{first + (last - first) * step / (steps - 1):g}") + 0.0 for step in range(steps)]


def _between_caption(one: int, other: int, fraction: float) -> str:
    """The seed, at either end, and elsewhere the fraction."""
    return {0.0: str(one), 1.0: str(other)}.get(fraction, f"{fraction:+.2f}")


def _numbers(settings: Walk, shape: LatentShape) -> list[int]:
    numbers = parse_seeds(settings.numbers)
    if max(numbers) >= shape.dimensions:
        raise MapganError(
            f"--numbers {settings.numbers}: this latent has {shape.dimensions} dimensions",
            f"name some from 0 to {shape.dimensions - 1}",
        )
    return numbers


def _several(settings: Walk) -> list[int]:
    seeds = parse_seeds(settings.seeds)
    if len(seeds) < 2:
        raise MapganError(f"--seeds {settings.seeds}: a walk between seeds needs two or more", "such as --seeds 0-3")
    return seeds
