import json

import numpy as np
import pytest

from mapgan.dataset import Entry, is_dataset, open_dataset, write_dataset
from mapgan.errors import MapganError
from mapgan.files import read_json


def images(count, height=4, width=6):
    return np.random.default_rng(0).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def entries(count, prefix="t"):
    return [Entry(f"{prefix}{number}.png", f"map {number}") for number in range(count)]


@pytest.fixture
def folder(tmp_path):
    write_dataset(tmp_path / "maps", (6, 4), entries(5), entries(2, "h"), iter(images(7)))
    return tmp_path / "maps"


def test_what_is_written_is_what_is_read(folder):
    data = open_dataset(folder)
    assert (data.width, data.height, data.folder) == (6, 4, folder)
    assert np.array_equal(data.train, images(7)[:5])
    assert np.array_equal(data.holdout, images(7)[5:])


def test_statistics_are_those_of_the_training_part(folder):
    description, train = read_json(folder / "dataset.json"), images(7)[:5] / 255
    assert description["mean"] == pytest.approx(train.mean(axis=(0, 1, 2)))
    assert description["std"] == pytest.approx(train.std(axis=(0, 1, 2)))


def test_statistics_and_digest_do_not_depend_on_the_pieces(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("mapgan.dataset.dataset.CHUNK_BYTES", 1)
    write_dataset(tmp_path / "again", (6, 4), entries(5), entries(2, "h"), images(7))
    assert (tmp_path / "again" / "dataset.json").read_bytes() == (folder / "dataset.json").read_bytes()


def test_pixels_cannot_be_written_to(folder):
    with pytest.raises(ValueError, match="read-only"):
        open_dataset(folder).train[0] = 0


def test_pixels_are_mapped_not_loaded(folder):
    assert isinstance(open_dataset(folder).train, np.memmap)


LABELS = ["town", "cave", "cave", "coast", "town", "cave", "town"]


@pytest.fixture
def labelled(tmp_path):
    named = [Entry(f"{index}.png", f"map {index}", label) for index, label in enumerate(LABELS)]
    write_dataset(tmp_path / "labelled", (6, 4), named[:5], named[5:], images(7))
    return tmp_path / "labelled"


def test_labels_are_names_and_a_place_for_each_image(labelled):
    data = open_dataset(labelled)
    assert data.labels == ("cave", "coast", "town")
    assert [data.labels[index] for index in [*data.train_labels, *data.holdout_labels]] == LABELS


def test_the_digest_covers_labels(labelled, folder):
    assert open_dataset(labelled).digest != open_dataset(folder).digest
    swapped = json.loads((labelled / "dataset.json").read_text())["labels"][::-1]
    edit(labels=swapped)(labelled)
    with pytest.raises(MapganError, match="its pixels are not those"):
        open_dataset(labelled)


def test_a_set_without_labels_says_nothing_of_them(folder):
    said = json.loads((folder / "dataset.json").read_text())
    assert said["format"] == 3
    assert "labels" not in said
    assert set(said["images"][0]) == {"name", "group"}
    data = open_dataset(folder)
    assert (data.labels, data.train_labels.tolist(), data.holdout_labels.tolist()) == ((), [0] * 5, [0] * 2)


BAD_NAMES = [["cave", "coast", wrong] for wrong in ("cave", "", "two\nlines", "\x1b[2J", "town" * 26)]


@pytest.mark.parametrize("labels", [None, [], ["cave"], [1, 2, 3], "cave", *BAD_NAMES])
def test_damaged_labels_are_found(labels, labelled):
    edit(labels=labels)(labelled)
    with pytest.raises(MapganError, match="damaged"):
        open_dataset(labelled)


def test_some_labels_are_none(tmp_path):
    with pytest.raises(ValueError, match="some have none"):
        write_dataset(tmp_path, (6, 4), [Entry("a", "a", "cave"), Entry("b", "b")], [], images(2))


def test_is_dataset(folder, tmp_path):
    assert is_dataset(folder)
    assert not is_dataset(tmp_path)


def test_digest_tells_where_the_holdout_begins(folder, tmp_path):
    write_dataset(tmp_path / "other", (6, 4), entries(6), entries(1, "h"), images(7))
    assert open_dataset(tmp_path / "other").digest != open_dataset(folder).digest


def edit(**changes):
    def damage(folder):
        path = folder / "dataset.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return damage


def flip_a_pixel(folder):
    content = bytearray((folder / "pack.npy").read_bytes())
    content[-1] ^= 1
    (folder / "pack.npy").write_bytes(content)


def save(array, **options):
    return lambda folder: np.save(folder / "pack.npy", array, **options)


DAMAGE = {
    "no description": (lambda folder: (folder / "dataset.json").unlink(), "no training set"),
    "no pack": (lambda folder: (folder / "pack.npy").unlink(), "no such file"),
    "broken description": (lambda folder: (folder / "dataset.json").write_text("{"), "JSON"),
    "a list": (lambda folder: (folder / "dataset.json").write_text("[]"), "format None"),
    "newer format": (edit(format=4), "format 4, where this version of mapgan reads format 3"),
    "no count": (edit(train=None), "damaged"),
    "another width": (edit(width=8), "holds uint8"),
    "another split": (edit(train=4, holdout=3), "its pixels are not those"),
    "nothing to train on": (edit(train=0, holdout=7), "0 for training"),
    "another digest": (edit(digest="0"), "its pixels are not those"),
    "one bit": (flip_a_pixel, "its pixels are not those"),
    "cut": (
        lambda folder: (folder / "pack.npy").write_bytes((folder / "pack.npy").read_bytes()[:-9]),
        "damaged",
    ),
    "empty": (lambda folder: (folder / "pack.npy").write_bytes(b""), "damaged"),
    "text": (lambda folder: (folder / "pack.npy").write_text("pack"), "damaged"),
    "floats": (save(np.zeros((7, 4, 6, 3))), "holds float64"),
    "pickled": (save(np.array([{}]), allow_pickle=True), "damaged"),
    "a folder": (lambda folder: ((folder / "pack.npy").unlink(), (folder / "pack.npy").mkdir()), "damaged"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_found(kind, folder):
    damage, text = DAMAGE[kind]
    damage(folder)
    with pytest.raises(MapganError, match=text):
        open_dataset(folder)


def test_pixels_are_believed_if_asked_to(folder):
    flip_a_pixel(folder)
    assert open_dataset(folder, verify=False).train.shape == (5, 4, 6, 3)


def test_nothing_to_train_on(tmp_path):
    with pytest.raises(MapganError, match="no image"):
        write_dataset(tmp_path, (6, 4), [], entries(2), images(2))


@pytest.mark.parametrize("given", [images(2), images(4), images(3, height=5)], ids=["few", "many", "high"])
def test_images_that_do_not_fit_leave_no_file(given, tmp_path):
    with pytest.raises(ValueError, match=r"shape|argument"):
        write_dataset(tmp_path, (6, 4), entries(3), [], given)
    assert list(tmp_path.iterdir()) == []
