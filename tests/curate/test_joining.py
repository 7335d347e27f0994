"""Groups that are one map are never split."""

from mapgan.curate.joining import joined
from mapgan.curate.listed import Listed


def row(file: str, group: str, double_of: str = "") -> Listed:
    return Listed(file, "", "", "", "", "", 1, group, double_of=double_of)


def test_a_double_brings_its_whole_group_along():
    rows = [row("1", "castle"), row("2", "castle copy", double_of="1"), row("3", "castle copy"), row("4", "ruin")]
    assert [r.group for r in joined(rows)] == ["castle", "castle", "castle", "ruin"]


def test_chains_of_groups_become_one():
    rows = [row("1", "c"), row("2", "b", double_of="1"), row("3", "b"), row("4", "a", double_of="3")]
    assert {r.group for r in joined(rows)} == {"a"}


def test_nothing_changes_without_doubles():
    rows = [row("1", "a"), row("2", "b")]
    assert joined(rows) == rows
