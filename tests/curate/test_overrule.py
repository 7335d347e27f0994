from pathlib import Path

import pytest

from mapgan.curate.prune import prune
from mapgan.curate.prune_record import read_list
from mapgan.errors import MapganError
from mapgan.params.collecting import Prune

from .conftest import THREAD, encoded, map_image


@pytest.fixture
def lists(tmp_path):
    """Writes keep.txt and drop.txt, and returns the settings that name them."""

    def write(keep="", drop=""):
        for name, text in (("keep", keep), ("drop", drop)):
            (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
        return Prune(keep=str(tmp_path / "keep.txt"), drop=str(tmp_path / "drop.txt"))

    return write


def kept(settings, raw, tmp_path):
    prune(settings, raw.folder, tmp_path / "out", THREAD)
    return {row.file for row in read_list(tmp_path / "out/kept.csv")}


def reasons(tmp_path):
    return {row.file: row.reason for row in read_list(tmp_path / "out/rejected.csv")}


NAMES = {
    "digest": lambda name: name.split(".")[0],
    "file in data/raw": lambda name: name,
    "the user's own file": lambda _: "dungeons/old one.png",
    "without its folder": lambda _: "old one.png",
    "with blanks around": lambda _: "  old one.png  ",
    "title": lambda _: "title: *Under*",
    "title in capitals": lambda _: "title: *UNDER*",
    "licence": lambda _: "licence: CC BY-NC*",
    "page": lambda _: "page:https://*",
    "label": lambda _: "label: caves",
}
COLUMNS = {
    "url": "folder:dungeons/old one.png",
    "title": "The Underworld",
    "licence": "CC BY-NC 4.0",
    "page": "https://maps.example/a",
    "label": "caves",
}


@pytest.mark.parametrize("kind", NAMES)
def test_an_image_is_dropped_by_any_of_its_names(kind, lists, raw, tmp_path):
    other = raw.put(map_image(1))
    name = raw.put(map_image(2), **COLUMNS)
    assert kept(lists(drop=f"# no more\n\n{NAMES[kind](name)}\n"), raw, tmp_path) == {other}
    assert reasons(tmp_path)[name].startswith("dropped: drop.txt, line 3")


def test_the_name_of_a_downloaded_file(lists, raw, tmp_path):
    other = raw.put(map_image(1))
    raw.put(map_image(2), url="https://maps.example/maps/old%20one.png?size=full")
    assert kept(lists(drop="old one.png"), raw, tmp_path) == {other}


OVERRULED = {
    "too small": map_image(2, (30, 40)),
    "aspect ratio": map_image(2, (1000, 100)),
    "near duplicate": map_image(1, (80, 64)),
    "exact duplicate": encoded(map_image(1), "BMP"),
}


@pytest.mark.parametrize("kind", OVERRULED)
def test_a_rule_is_overruled(kind, lists, raw, tmp_path):
    good, bad = raw.put(map_image(1)), raw.put(OVERRULED[kind])
    assert bad in kept(lists(keep=bad), raw, tmp_path)
    # of two that show the same, the listed one takes the place of the other
    expected = {} if "duplicate" not in kind else {good: kind}
    found = reasons(tmp_path)
    assert {file: reason.split(" of ")[0] for file, reason in found.items()} == expected


def test_both_of_two_duplicates_may_be_kept(lists, raw, tmp_path):
    both = {raw.put(map_image(1)), raw.put(encoded(map_image(1), "BMP"), suffix="bmp")}
    assert kept(lists(keep="\n".join(sorted(both))), raw, tmp_path) == both


def test_one_file_listed_twice_is_kept_once(lists, raw, tmp_path):
    name = raw.put(map_image(1))
    raw.put(map_image(1))
    prune(lists(keep=name), raw.folder, tmp_path / "out", THREAD)
    assert [row.file for row in read_list(tmp_path / "out/kept.csv")] == [name]


def test_what_cannot_be_decoded_cannot_be_kept(lists, raw, tmp_path):
    good, bad = raw.put(map_image(1)), raw.put(b"<html>")
    assert kept(lists(keep=bad), raw, tmp_path) == {good}
    assert reasons(tmp_path)[bad].startswith("undecodable")


def test_a_name_counts_more_than_a_pattern(lists, raw, tmp_path):
    one, other = raw.put(map_image(1), title="legend"), raw.put(map_image(2), title="legend")
    assert kept(lists(keep=one, drop="title: legend"), raw, tmp_path) == {one}
    assert set(reasons(tmp_path)) == {other}


@pytest.mark.parametrize("line", ["name", "title: a map"])
def test_kept_and_dropped_is_an_error(line, lists, raw, tmp_path):
    name = raw.put(map_image(1))
    line = name if line == "name" else line
    with pytest.raises(MapganError, match=r"to be kept and dropped \(.*keep.txt line 1, .*drop.txt line 1\)"):
        kept(lists(keep=line, drop=line), raw, tmp_path)


def test_a_line_that_matches_nothing_is_named(lists, raw, tmp_path, capsys):
    raw.put(map_image(1))
    kept(lists(keep="# a comment\nnowhere.png\ntitle: a map"), raw, tmp_path)
    told = [line for line in capsys.readouterr().err.splitlines() if "matches no image" in line]
    assert [line.split("keep.txt")[1] for line in told] == [", line 2: matches no image, left out"]


def test_a_list_that_is_missing(raw, tmp_path, monkeypatch):
    """Nobody needs lists, but a name that was written down must be right."""
    raw.put(map_image(1))
    monkeypatch.chdir(tmp_path)
    assert len(kept(Prune(), raw, tmp_path)) == 1
    with pytest.raises(MapganError, match=r"prune.drop: no file mine.txt"):
        kept(Prune(drop="mine.txt"), raw, tmp_path)


def test_the_lists_of_the_repository_are_empty(raw, tmp_path, monkeypatch):
    raw.put(map_image(1))
    monkeypatch.chdir(Path(__file__).parents[2])
    assert len(kept(Prune(), raw, tmp_path)) == 1
