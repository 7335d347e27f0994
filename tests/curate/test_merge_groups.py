"""Groups that are one map are never split."""

from mapgan.curate.merge_groups import merge_groups
from mapgan.curate.prune_record import PruneRecord


def row(file: str, group: str, duplicate_of: str = "") -> PruneRecord:
    return PruneRecord(file=file, group=group, duplicate_of=duplicate_of)


def test_a_double_brings_its_whole_group_along():
    rows = [row("1", "castle"), row("2", "castle copy", duplicate_of="1"), row("3", "castle copy"), row("4", "ruin")]
    assert [r.group for r in merge_groups(rows)] == ["castle", "castle", "castle", "ruin"]


def test_chains_of_groups_become_one():
    rows = [row("1", "c"), row("2", "b", duplicate_of="1"), row("3", "b"), row("4", "a", duplicate_of="3")]
    assert {r.group for r in merge_groups(rows)} == {"a"}


def test_nothing_changes_without_doubles():
    rows = [row("1", "a"), row("2", "b")]
    assert merge_groups(rows) == rows
