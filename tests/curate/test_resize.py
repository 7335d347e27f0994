import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mapgan import stages
from mapgan.collect.demo import __file__ as demo
from mapgan.curate.prune import prune
from mapgan.curate.prune_record import read_list
from mapgan.curate.resize import resize
from mapgan.dataset import Entry, count_labels, open_dataset, write_dataset
from mapgan.errors import MapganError
from mapgan.params.collecting import DatasetSettings, Prune, Resize

from .conftest import THREAD, encoded, map_image, threads

TILES = Resize(width=32, height=16, tile_zoom=1.0, tile_contrast=0.02, holdout=0.3)


@pytest.fixture
def pruned(raw, tmp_path):
    """Six images of three maps, kept."""
    for seed in range(6):
        raw.put(map_image(seed, (96, 64)), group=f"map {seed // 2}")
    prune(Prune(), raw.folder, tmp_path / "pruned", THREAD)
    return tmp_path / "pruned"


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_pack_holds_the_files_in_order(raw, pruned, tmp_path):
    counts = resize(TILES, raw.folder, pruned, tmp_path / "maps", THREAD)
    data = open_dataset(tmp_path / "maps")
    for part, pixels in (("train", data.train), ("holdout", data.holdout)):
        files = sorted((tmp_path / "maps" / part).iterdir())
        assert len(files) == len(pixels) == getattr(counts, part) > 0
        assert all(np.array_equal(np.asarray(Image.open(f)), p) for f, p in zip(files, pixels, strict=True))
    assert counts.train_groups + counts.holdout_groups == 3


def test_no_group_is_on_both_sides(raw, pruned, tmp_path):
    resize(TILES, raw.folder, pruned, tmp_path / "maps", THREAD)
    said = json.loads((tmp_path / "maps" / "dataset.json").read_text())
    sides = [said["images"][: said["train"]], said["images"][said["train"] :]]
    groups = [{image["group"] for image in side} for side in sides]
    assert groups[0].isdisjoint(groups[1])
    for part, side in zip(("train", "holdout"), sides, strict=True):
        assert {image["name"] for image in side} == {path.name for path in (tmp_path / "maps" / part).iterdir()}


def test_same_bytes_whatever_the_workers(raw, pruned, tmp_path):
    for out, workers in (("one", 1), ("three", 3)):
        resize(TILES, raw.folder, pruned, tmp_path / out, threads(workers))
    assert tree(tmp_path / "one") == tree(tmp_path / "three")


def test_a_second_run_leaves_nothing_of_the_first(raw, pruned, tmp_path):
    resize(TILES, raw.folder, pruned, tmp_path / "maps", THREAD)
    crop = TILES.model_copy(update={"mode": "crop"})
    resize(crop, raw.folder, pruned, tmp_path / "maps", THREAD)
    resize(crop, raw.folder, pruned, tmp_path / "fresh", THREAD)
    assert tree(tmp_path / "maps") == tree(tmp_path / "fresh")


def test_a_failed_run_leaves_the_old_set(raw, pruned, tmp_path):
    resize(TILES, raw.folder, pruned, tmp_path / "maps", THREAD)
    before = tree(tmp_path / "maps")
    with pytest.raises(MapganError, match="6 are too small"):
        resize(TILES.model_copy(update={"width": 512}), raw.folder, pruned, tmp_path / "maps", THREAD)
    assert tree(tmp_path / "maps") == before


def test_folders_of_someone_else_are_not_touched(raw, pruned, tmp_path):
    (tmp_path / "maps" / "train").mkdir(parents=True)
    (tmp_path / "maps" / "train" / "thesis.txt").write_text("mine")
    with pytest.raises(MapganError, match="in the way"):
        resize(TILES, raw.folder, pruned, tmp_path / "maps", THREAD)
    assert (tmp_path / "maps" / "train" / "thesis.txt").read_text() == "mine"


def test_bad_and_enlarged_are_counted(raw, tmp_path, capsys):
    raw.put(map_image(1, (24, 24)), group="small")
    gone = raw.put(map_image(2), group="gone")
    prune(Prune(min_side=16), raw.folder, tmp_path / "pruned", THREAD)
    (raw.folder / gone).unlink()
    counts = resize(TILES, raw.folder, tmp_path / "pruned", tmp_path / "m", THREAD)
    assert (counts.train, counts.bad, counts.enlarged) == (1, 1, 1)
    assert f"{gone} left out: undecodable: the file is missing" in capsys.readouterr().err


def test_no_holdout_if_not_asked_for(raw, pruned, tmp_path):
    counts = resize(TILES.model_copy(update={"holdout": 0.0}), raw.folder, pruned, tmp_path / "maps", THREAD)
    assert counts.holdout == 0
    assert open_dataset(tmp_path / "maps").holdout.shape == (0, 16, 32, 3)


def test_labels_go_into_the_set_if_they_are_wanted(raw, tmp_path):
    for seed in range(6):
        raw.put(map_image(seed, (96, 64)), group=f"map {seed}", label=("cave", "town", "")[seed % 3])
    prune(Prune(), raw.folder, tmp_path / "pruned", THREAD)
    counts = resize(TILES, raw.folder, tmp_path / "pruned", tmp_path / "maps", THREAD, condition="folder")
    assert counts.unlabelled == 2
    assert counts.train_groups + counts.holdout_groups == 4
    data = open_dataset(tmp_path / "maps")
    assert data.labels == ("cave", "town")
    said = json.loads((tmp_path / "maps" / "dataset.json").read_text())
    for image in said["images"]:
        assert data.labels[image["label"]] == ("cave", "town")[int(image["group"][-1]) % 3]

    resize(TILES, raw.folder, tmp_path / "pruned", tmp_path / "plain", THREAD)
    assert open_dataset(tmp_path / "plain").labels == ()


def test_labels_need_subfolders(raw, pruned, tmp_path):
    with pytest.raises(MapganError, match="no image is in a subfolder"):
        resize(TILES, raw.folder, pruned, tmp_path / "maps", THREAD, condition="folder")


def test_without_prune(raw, tmp_path):
    with pytest.raises(MapganError, match="prune first"):
        resize(TILES, raw.folder, tmp_path / "pruned", tmp_path / "maps", THREAD)


def test_a_line_counts_each_label(raw, tmp_path):
    for seed in range(6):
        raw.put(map_image(seed, (96, 64)), group=f"map {seed}", label="cave" if seed else "lone")
    prune(Prune(), raw.folder, tmp_path / "pruned", THREAD)
    whole = TILES.model_copy(update={"mode": "crop", "holdout": 0.9})
    chosen = DatasetSettings(condition="folder")
    said = stages.resize(chosen, whole, raw.folder, tmp_path / "pruned", tmp_path / "maps", tmp_path, THREAD)
    assert "; labels: cave 1 (4 held out), lone 1 (none held out)" in said


def test_of_many_labels_the_line_says_how_many_there_are(tmp_path):
    image = np.zeros((16, 16, 3), np.uint8)
    names = [Entry(f"{number}", f"{number}", f"{number:02}") for number in range(23)]
    write_dataset(tmp_path, (16, 16), names, [], [image] * 23)
    assert count_labels(open_dataset(tmp_path)).endswith("19 1 (none held out) and 3 more")


def test_a_label_is_called_as_its_folder_if_that_can_be_shown(raw, tmp_path):
    for seed, name in enumerate(["-old", "=sum", "ho\u0308hle", "x" * 200]):
        raw.put(map_image(seed, (96, 64)), group=f"map {seed}", label=name)
    prune(Prune(), raw.folder, tmp_path / "pruned", THREAD)
    resize(TILES, raw.folder, tmp_path / "pruned", tmp_path / "maps", THREAD, condition="folder")
    assert open_dataset(tmp_path / "maps").labels == ("-old", "=sum", "h\u00f6hle", "x" * 100)


GRIDDED = Resize(width=64, height=64, tile_zoom=2.0, tile_contrast=0.0, tile_overlap=0.0, holdout=0.0)


@pytest.fixture
def scaled_maps(raw, tmp_path):
    """Maps of the demo at three scales: squares of 11.2, 16 and 25.6 pixels."""
    paths = sorted((Path(demo).parent / "maps").glob("rock-*.webp"))[:6]
    for path, scale in zip(paths, (0.7, 1, 1.6, 0.7, 1, 1.6), strict=True):
        with Image.open(path) as image:
            size = round(scale * image.width), round(scale * image.height)
            raw.put(image.convert("RGB").resize(size, Image.Resampling.LANCZOS))
    prune(Prune(), raw.folder, tmp_path / "pruned", THREAD)
    return tmp_path / "pruned"


def test_maps_with_a_grid_are_brought_to_one_scale_and_cut_at_squares(raw, scaled_maps, tmp_path):
    counts = resize(GRIDDED, raw.folder, scaled_maps, tmp_path / "maps", THREAD)
    data = open_dataset(tmp_path / "maps")
    assert counts.pixels_per_square == data.pixels_per_square == 8
    edges = np.abs(np.diff(data.train.astype(np.float64).mean(-1), axis=2)).sum((0, 1))  # between columns
    by_position = [edges[(position - 1) % 8 :: 8].mean() for position in range(8)]
    assert int(np.argmax(by_position)) == 0  # walls are at whole squares
    assert by_position[0] > 2 * np.median(by_position)


def test_squares_too_small_to_show_are_no_grid(raw, scaled_maps, tmp_path):
    counts = resize(GRIDDED.model_copy(update={"tile_zoom": 12.0}), raw.folder, scaled_maps, tmp_path / "maps", THREAD)
    assert counts.pixels_per_square == 0


def test_without_a_common_grid_tiles_are_cut_by_zoom(raw, scaled_maps, tmp_path):
    resize(GRIDDED.model_copy(update={"grid": "off"}), raw.folder, scaled_maps, tmp_path / "maps", THREAD)
    data = open_dataset(tmp_path / "maps")
    assert data.pixels_per_square == 0
    names = [path.stem.split("-")[1:] for path in (tmp_path / "maps/train").iterdir()]
    assert {(0, 0)} < {(int(x), int(y)) for x, y in names}


CROP = Resize(width=32, height=32, mode="crop", holdout=0.0)


def made(settings, raw, tmp_path, image, kind="PNG", **options):
    """The only training image of an image: as the pack has it, and its file."""
    raw.put(encoded(image, kind, **options), suffix=kind.lower())
    prune(Prune(min_side=8), raw.folder, tmp_path / "pruned", THREAD)
    resize(settings, raw.folder, tmp_path / "pruned", tmp_path / "maps", THREAD)
    (path,) = (tmp_path / "maps/train").iterdir()
    return open_dataset(tmp_path / "maps").train[0], path


@pytest.mark.parametrize(("form", "suffix", "exact"), [("png", ".png", 1), ("webp", ".webp", 1), ("jpeg", ".jpg", 0)])
def test_formats_of_training_images(form, suffix, exact, raw, tmp_path):
    image = map_image(1, (32, 32))
    pack, path = made(CROP.model_copy(update={"format": form, "quality": 90}), raw, tmp_path, image)
    assert path.suffix == suffix
    assert np.array_equal(pack, np.asarray(Image.open(path)))
    assert np.array_equal(pack, np.asarray(image)) == bool(exact)
    assert np.abs(pack.astype(int) - np.asarray(image)).mean() < 8


def test_borders_are_trimmed_when_asked_for(raw, tmp_path):
    inside = map_image(1, (64, 64))
    image = Image.new("RGB", (200, 100), "white")
    image.paste(inside, (100, 20))
    pack, path = made(CROP.model_copy(update={"trim": True}), raw, tmp_path, image)
    expected = np.asarray(inside.resize((32, 32), Image.Resampling.LANCZOS), dtype=int)
    assert np.abs(pack - expected).mean() < 2
    assert path.stem.endswith("-100-20")


def test_the_decoders_own_reduction_loses_nothing_visible(raw, tmp_path):
    image = map_image(1, (1200, 896))
    pack, path = made(CROP, raw, tmp_path, image, "JPEG", quality=90)
    whole = Image.open(io.BytesIO(encoded(image, "JPEG", quality=90)))
    expected = whole.crop((152, 0, 1048, 896)).resize((32, 32), Image.Resampling.LANCZOS)
    assert np.abs(pack - np.asarray(expected, dtype=int)).max() <= 4
    assert path.stem.endswith("-152-0")  # in pixels of the file


def test_what_would_be_enlarged_too_much_is_left_out(raw, tmp_path, capsys):
    raw.put(map_image(1, (64, 64)))
    small = raw.put(map_image(2, (20, 24)))
    prune(Prune(min_side=8), raw.folder, tmp_path / "pruned", THREAD)
    settings = CROP.model_copy(update={"max_enlargement": 1.5})
    counts = resize(settings, raw.folder, tmp_path / "pruned", tmp_path / "maps", THREAD)
    assert (counts.train, counts.small, counts.bad) == (1, 1, 0)
    assert f"{small} left out: too small: it would be enlarged 1.6 times" in capsys.readouterr().err


def test_each_training_image_names_its_source(raw, pruned, tmp_path):
    resize(TILES, raw.folder, pruned, tmp_path / "maps", THREAD)
    said = json.loads((tmp_path / "maps" / "dataset.json").read_text())
    kept = {row.file for row in read_list(pruned / "kept.csv")}
    assert {image["source"] for image in said["images"]} == kept
    assert all(image["name"].startswith(image["source"][:16]) for image in said["images"])
