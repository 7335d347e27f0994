"""Step configurations, and the choice among them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapgan.errors import MapganError
from mapgan.memory.plan import StepConfig, StepCost, choose_config, step_configs
from mapgan.networks.stack import Checkpointing


def cost(micro_batch: int, checkpointing: Checkpointing, peak: int, flops: int) -> StepCost:
    return StepCost(StepConfig(micro_batch, checkpointing), peak, flops)


@pytest.mark.parametrize(
    ("local_batch", "micro_batch", "sizes"),
    [(1, 0, [1]), (2, 0, [2, 1]), (8, 0, [8, 4, 2, 1]), (12, 0, [12, 8, 4, 2, 1]), (8, 6, [6]), (8, 99, [8])],
)
def test_micro_batches_are_powers_of_two_or_the_whole(local_batch: int, micro_batch: int, sizes: list[int]) -> None:
    assert step_configs(local_batch, micro_batch) == [
        StepConfig(size, mode) for mode in ("none", "high", "all") for size in sizes
    ]
    assert step_configs(local_batch, micro_batch, "high") == [StepConfig(size, "high") for size in sizes]


TABLE = [
    cost(4, "none", 90, 100),
    cost(2, "none", 50, 100),
    cost(1, "none", 30, 100),
    cost(4, "high", 45, 110),
    cost(2, "high", 28, 110),
    cost(4, "all", 25, 130),
    cost(2, "all", 15, 130),
]


@pytest.mark.parametrize(
    ("budget", "config"),
    [
        (1000, StepConfig(4, "none")),
        (90, StepConfig(4, "none")),
        (89, StepConfig(2, "none")),
        (49, StepConfig(1, "none")),
        (29, StepConfig(2, "high")),
        (27, StepConfig(4, "all")),
        (15, StepConfig(2, "all")),
    ],
)
def test_least_arithmetic_is_chosen_then_the_larger_micro_batch(budget: int, config: StepConfig) -> None:
    assert choose_config(TABLE, budget, "").config == config
    assert choose_config(reversed(TABLE), budget, "").config == config


def test_the_error_says_how_much_is_needed_and_what_to_do() -> None:
    table = [cost(2, "none", 5 * 2**30, 1), cost(1, "all", 3 * 2**30, 2)]
    with pytest.raises(MapganError) as error:
        choose_config(table, 2**31, "use a larger card")
    assert str(error.value) == (
        "a training step does not fit: it needs 3.00 GiB at least (micro-batch 1, checkpointing all) "
        "and tensors may take 2.00 GiB here; use a larger card"
    )


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9)), min_size=1),
    st.integers(0, 10),
)
def test_no_other_configuration_that_fits_is_better(rows: list[tuple[int, int, int]], budget: int) -> None:
    table = [cost(micro_batch, "none", peak, flops) for micro_batch, peak, flops in rows]
    fitting = [row for row in rows if row[1] <= budget]
    if not fitting:
        with pytest.raises(MapganError):
            choose_config(table, budget, "")
        return
    best = choose_config(table, budget, "")
    assert best.peak <= budget
    assert (best.flops, -best.config.micro_batch) == min((flops, -micro_batch) for micro_batch, _, flops in fitting)
