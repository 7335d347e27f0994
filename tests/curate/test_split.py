import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapgan.curate.split import fraction, held_out

groups = st.sets(st.text(max_size=5), min_size=1, max_size=20)
GROUPS = sorted((f"map {number}" for number in range(40)), key=fraction)


@given(groups, st.sampled_from([0.01, 0.1, 0.3, 0.5]))
def test_neither_part_is_empty(known, share):
    out = held_out(known, share)
    assert out < known
    assert out or len(known) == 1


def test_a_group_keeps_its_side_when_others_come():
    few, many = held_out(GROUPS[::2], 0.3), held_out(GROUPS, 0.3)
    assert few == many & set(GROUPS[::2])


def test_share_is_about_kept():
    assert 60 < len(held_out((str(number) for number in range(1000)), 0.1)) < 140


@pytest.mark.parametrize(
    ("known", "share", "expected"),
    [
        (GROUPS, 0.0, []),
        (GROUPS[-2:], 0.1, GROUPS[-2:-1]),
        (GROUPS[:2], 0.5, GROUPS[:1]),
        (GROUPS[:1], 0.5, []),
    ],
)
def test_ends(known, share, expected):
    assert held_out(known, share) == set(expected)
