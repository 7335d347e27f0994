import csv

import pytest
from PIL import Image

from mapgan.curate.prune import prune
from mapgan.curate.prune_record import read_list
from mapgan.errors import MapganError
from mapgan.params.collecting import Prune

from .conftest import THREAD, encoded, map_image, threads


def reasons(out):
    return {row.file: row.reason for row in read_list(out / "rejected.csv")}


# what is put in beside a good image, and the reason it is put aside for
HARD = {
    "too small": map_image(2, (63, 200)),
    "aspect ratio": map_image(2, (1000, 200)),
    "blank": Image.new("RGB", (100, 100), (90, 20, 30)),
    "too large": map_image(2, (1200, 1200)),
    "truncated": encoded(map_image(2), "JPEG")[:1500],
    "undecodable": b"<html>",
}


@pytest.mark.parametrize("kind", HARD)
def test_hard_reasons(kind, raw, tmp_path):
    good, bad = raw.put(map_image(1)), raw.put(HARD[kind])
    counts = prune(Prune(max_megapixels=1.0), raw.folder, tmp_path / "out", THREAD)
    assert (counts.kept, counts.rejected) == (1, {kind: 1})
    assert [row.file for row in read_list(tmp_path / "out" / "kept.csv")] == [good]
    assert reasons(tmp_path / "out")[bad].startswith(kind)


def test_exact_double_in_another_format(raw, tmp_path):
    image = map_image(1)
    files = [raw.put(image), raw.put(encoded(image, "BMP"), suffix="bmp")]
    assert prune(Prune(), raw.folder, tmp_path / "out", THREAD).rejected == {"exact duplicate": 1}
    kept = read_list(tmp_path / "out" / "kept.csv")[0].file
    files.remove(kept)
    assert reasons(tmp_path / "out") == {files[0]: f"exact duplicate of {kept}"}


def test_the_largest_of_doubles_stays(raw, tmp_path):
    image = map_image(1, (320, 256))
    small, large = raw.put(image.resize((160, 128))), raw.put(image)
    prune(Prune(), raw.folder, tmp_path / "out", THREAD)
    assert reasons(tmp_path / "out")[small].startswith(f"near duplicate of {large} (")


def test_of_equal_sizes_the_longer_file_stays(raw, tmp_path):
    image = map_image(1)
    coarse = raw.put(encoded(image, "JPEG", quality=30), suffix="jpg")
    raw.put(encoded(image, "JPEG", quality=90), suffix="jpg")
    prune(Prune(), raw.folder, tmp_path / "out", THREAD)
    assert list(reasons(tmp_path / "out")) == [coarse]


@pytest.mark.parametrize(("orientations", "kept"), [(True, 1), (False, 2)])
def test_turned_doubles(orientations, kept, raw, tmp_path):
    raw.put(map_image(1))
    raw.put(map_image(1).transpose(Image.Transpose.ROTATE_90))
    counts = prune(Prune(duplicate_rotations=orientations), raw.folder, tmp_path / "out", THREAD)
    assert counts.kept == kept


def test_one_file_listed_twice(raw, tmp_path):
    raw.put(map_image(1))
    raw.put(map_image(1))
    assert prune(Prune(), raw.folder, tmp_path / "out", THREAD).rejected == {"exact duplicate": 1}


def test_same_bytes_whatever_the_workers(raw, tmp_path):
    for seed in range(6):
        raw.put(map_image(seed % 4, (160 + seed, 128)))
    outs = [tmp_path / "one", tmp_path / "three"]
    for out, workers in zip(outs, (1, 3), strict=True):
        prune(Prune(), raw.folder, out, threads(workers))
    for name in ("kept.csv", "rejected.csv", "measures.csv", "report.html"):
        assert (outs[0] / name).read_bytes() == (outs[1] / name).read_bytes()


def test_failed_rows_are_not_looked_at(raw, tmp_path):
    raw.put(map_image(1))
    raw.put(map_image(2), status="failed", reason="404")
    assert prune(Prune(), raw.folder, tmp_path / "out", THREAD).kept == 1


def test_nothing_kept_says_why_and_writes_the_report(raw, tmp_path):
    raw.put(b"<html>")
    with pytest.raises(MapganError, match="1 undecodable"):
        prune(Prune(), raw.folder, tmp_path / "out", THREAD)
    assert (tmp_path / "out" / "report.html").is_file()


def test_lists_are_what_was_written(raw, tmp_path):
    raw.put(map_image(1), title='a "map", x', author="Ü", licence="CC0", group="g")
    prune(Prune(), raw.folder, tmp_path, THREAD)
    row = read_list(tmp_path / "kept.csv")[0]
    assert (row.title, row.author, row.group, row.width, row.kind) == ('a "map", x', "Ü", "g", 160, "")
    assert len(row.hash) == 64


def test_damaged_list(tmp_path):
    with pytest.raises(MapganError, match="prune first"):
        read_list(tmp_path / "kept.csv")
    with (tmp_path / "kept.csv").open("w") as stream:
        csv.writer(stream).writerows([["file"], ["a"]])
    with pytest.raises(MapganError, match="prune again"):
        read_list(tmp_path / "kept.csv")
