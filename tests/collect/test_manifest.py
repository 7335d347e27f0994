import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgan.collect.groups import group, stem_of
from mapgan.collect.manifest import ManifestRow, deduplicate, read_manifest, write_manifest
from mapgan.errors import MapganError

COLUMNS = [field.name for field in dataclasses.fields(ManifestRow)]
NAME = "a" * 64 + ".png"
TEXT = st.text(st.characters(), max_size=30) | st.sampled_from(["=1+1", "-", '"', "a\r\nb", "\x00", "\ud800", "'="])
COUNT = st.integers(0, 10**14)
ROWS = st.lists(
    st.builds(
        ManifestRow,
        file=st.sampled_from([NAME, "b" * 64 + ".jpg"]),
        **dict.fromkeys(("url", "page", "title", "author", "licence", "mime", "group", "reason"), TEXT),
        **dict.fromkeys(("bytes", "width", "height"), COUNT),
        status=st.sampled_from(["ok", "failed"]),
    ),
    max_size=6,
)


@given(ROWS)
@settings(max_examples=150, deadline=None)
def test_round_trip(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "manifest.csv"
    write_manifest(path, rows)
    assert read_manifest(path) == sorted(rows, key=lambda row: (row.url, row))
    assert len(path.read_bytes().split(b"\n")) == len(rows) + 2  # one line per row, the header, and the end


def test_the_order_of_rows_does_not_change_the_file(tmp_path):
    rows = [ManifestRow(file=NAME, url=f"u:{number}", title="Höhle") for number in range(4)]
    write_manifest(tmp_path / "a.csv", rows)
    write_manifest(tmp_path / "b.csv", reversed(rows))
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert b"\r" not in (tmp_path / "a.csv").read_bytes()


def test_columns():
    assert ",".join(COLUMNS) == (
        "file,url,page,title,author,licence,mime,bytes,width,height,group,label,label_map,status,reason"
    )


@pytest.mark.parametrize(
    ("text", "sanitized"),
    [
        ("The  pit\n\n2", "The pit 2"),
        ("\x1b[31mred", "[31mred"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("\t=1", "'=1"),
        ("a\u202eb", "a b"),
        ("x" * 9999, "x" * 2000),
    ],
)
def test_texts_from_the_net_are_sanitized(text, sanitized):
    assert ManifestRow(title=text).title == sanitized


def test_deduplicate_keeps_one_row_per_image_and_all_failures():
    rows = [
        ManifestRow(file=NAME, url="b"),
        ManifestRow(file=NAME, url="a"),
        *(ManifestRow(url=u, status="failed") for u in "cd"),
    ]
    assert [row.url for row in deduplicate(rows)] == ["a", "c", "d"]


DAMAGED = {
    "other columns": "a,b\n1,2\n",
    "missing cells": ",".join(COLUMNS) + "\nx,y\n",
    "a path as file name": ",".join(COLUMNS) + "\n../x.png,,,,,,,1,1,1,g,ok,\n",
    "an ok row without a file": ",".join(COLUMNS) + "\n,,,,,,,1,1,1,g,ok,\n",
    "an unknown status": ",".join(COLUMNS) + f"\n{NAME},,,,,,,1,1,1,g,fine,\n",
    "a size that is not a number": ",".join(COLUMNS) + f"\n{NAME},,,,,,,1,one,1,g,ok,\n",
    "not CSV": ",".join(COLUMNS) + '\n"a"b,\n',
    "empty": "",
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_manifest_gives_an_error_with_its_path(tmp_path, text):
    (tmp_path / "manifest.csv").write_text(text, encoding="utf-8")
    with pytest.raises(MapganError, match=r"manifest\.csv"):
        read_manifest(tmp_path / "manifest.csv")


def test_rows_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        ManifestRow().url = "x"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "pattern", "expected"),
    [
        ("The_Pit__0_0", r"^(.+?)__", "The_Pit"),
        ("The_Pit", r"^(.+?)__", "The_Pit"),
        ("map12-day", r"map\d+", "map12"),
        ("map12", "", "map12"),
        ("map12", r"(x)?map", "map12"),
        ("map12", r"x*", "map12"),
    ],
)
def test_group(name, pattern, expected):
    assert group(name, pattern) == expected


@pytest.mark.parametrize(
    ("url", "stem"),
    [
        ("https://a.example/maps/The%20Pit.v2.png?ver=3", "The Pit.v2"),
        ("https://a.example/show.php?id=3", "show.php?id=3"),
        ("demo:maps/rock-000.webp", "rock-000"),
        ("https://a.example/", ""),
    ],
)
def test_stem_of(url, stem):
    assert stem_of(url) == stem
