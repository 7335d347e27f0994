from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapgan.curate import split
from mapgan.curate.split import unit_hash

groups = st.sets(st.text(max_size=5), min_size=1, max_size=20)


def held_out(known: Iterable[str], fraction: float) -> set[str]:
    """Of groups without labels."""
    return split.held_out([(group, "") for group in known], fraction)


GROUPS = sorted((f"map {number}" for number in range(40)), key=unit_hash)


@given(groups, st.sampled_from([0.01, 0.1, 0.3, 0.5]))
def test_neither_part_is_empty(known, fraction):
    out = held_out(known, fraction)
    assert out < known
    assert out or len(known) == 1


def test_a_group_keeps_its_side_when_others_come():
    few, many = held_out(GROUPS[::2], 0.3), held_out(GROUPS, 0.3)
    assert few == many & set(GROUPS[::2])


def test_share_is_about_kept():
    assert 60 < len(held_out((str(number) for number in range(1000)), 0.1)) < 140


@pytest.mark.parametrize(
    ("known", "fraction", "expected"),
    [
        (GROUPS, 0.0, []),
        (GROUPS[-2:], 0.1, GROUPS[-2:-1]),
        (GROUPS[:2], 0.5, GROUPS[:1]),
        (GROUPS[:1], 0.5, []),
    ],
)
def test_ends(known, fraction, expected):
    assert held_out(known, fraction) == set(expected)


def test_of_each_label_a_group_is_trained_on():
    low, high = ([group for group in GROUPS if (unit_hash(group) < 0.3) is below] for below in (True, False))
    labelled = [(group, "cave") for group in low[:3]] + [(group, "town") for group in [*low[3:], *high]]
    without = held_out(GROUPS, 0.3)
    assert split.held_out(labelled, 0.3) == without - {low[2]}
    assert split.held_out([(low[0], "cave"), (high[0], "town"), (high[1], "town")], 0.3) == {high[0]}
    assert split.held_out([(low[0], "cave"), (low[1], "town")], 0.3) == set()
