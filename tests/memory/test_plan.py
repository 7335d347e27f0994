"""Ways to do a step, and the one that is chosen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapgan.errors import MapganError
from mapgan.memory.plan import Need, Way, choose, ways
from mapgan.networks.stack import Checkpointing


def need(micro_batch: int, checkpointing: Checkpointing, peak: int, flops: int) -> Need:
    return Need(Way(micro_batch, checkpointing), peak, flops)


@pytest.mark.parametrize(
    ("share", "micro_batch", "sizes"),
    [(1, 0, [1]), (2, 0, [2, 1]), (8, 0, [8, 4, 2, 1]), (12, 0, [12, 8, 4, 2, 1]), (8, 6, [6]), (8, 99, [8])],
)
def test_micro_batches_are_powers_of_two_and_the_whole(share: int, micro_batch: int, sizes: list[int]) -> None:
    assert ways(share, micro_batch) == [Way(size, mode) for mode in ("none", "high", "all") for size in sizes]
    assert ways(share, micro_batch, "high") == [Way(size, "high") for size in sizes]


TABLE = [
    need(4, "none", 90, 100),
    need(2, "none", 50, 100),
    need(1, "none", 30, 100),
    need(4, "high", 45, 110),
    need(2, "high", 28, 110),
    need(4, "all", 25, 130),
    need(2, "all", 15, 130),
]


@pytest.mark.parametrize(
    ("budget", "way"),
    [
        (1000, Way(4, "none")),
        (90, Way(4, "none")),
        (89, Way(2, "none")),
        (49, Way(1, "none")),
        (29, Way(2, "high")),
        (27, Way(4, "all")),
        (15, Way(2, "all")),
    ],
)
def test_the_least_arithmetic_that_fits_then_the_larger_micro_batch(budget: int, way: Way) -> None:
    assert choose(TABLE, budget, "").way == way
    assert choose(reversed(TABLE), budget, "").way == way


def test_what_does_not_fit_is_said_with_what_to_do() -> None:
    table = [need(2, "none", 5 * 2**30, 1), need(1, "all", 3 * 2**30, 2)]
    with pytest.raises(MapganError) as error:
        choose(table, 2**31, "use a larger card")
    assert str(error.value) == (
        "a training step does not fit: it needs 3.00 GiB at least (micro-batch 1, checkpointing all) "
        "and tensors may take 2.00 GiB here; use a larger card"
    )


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9)), min_size=1),
    st.integers(0, 10),
)
def test_nothing_that_fits_is_better(rows: list[tuple[int, int, int]], budget: int) -> None:
    table = [need(micro_batch, "none", peak, flops) for micro_batch, peak, flops in rows]
    fitting = [row for row in rows if row[1] <= budget]
    if not fitting:
        with pytest.raises(MapganError):
            choose(table, budget, "")
        return
    best = choose(table, budget, "")
    assert best.peak <= budget
    assert (best.flops, -best.way.micro_batch) == min((flops, -micro_batch) for micro_batch, _, flops in fitting)
