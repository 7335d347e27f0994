"""From named arrays to images and labels."""

from __future__ import annotations

import numpy as np
import pytest

from mapgan.errors import MapganError
from mapgan.sets.splits import from_arrays

GREY = np.arange(5 * 8 * 6, dtype=np.uint8).reshape(5, 8, 6)
NUMBERS = np.array([3, 1, 4, 1, 5])


def test_names_give_the_split_and_shapes_the_images() -> None:
    arrays = {"x_train": GREY, "y_train": NUMBERS, "x_test": GREY[:2], "y_test": NUMBERS[:2], "val_images": GREY}
    ready_set = from_arrays(arrays, "x.npz")
    assert len(ready_set.train.images) == 5
    assert list(ready_set.train.labels) == ["3", "1", "4", "1", "5"]
    assert ready_set.test is not None
    assert list(ready_set.test.labels) == ["3", "1"]
    assert ready_set.side == 6


def test_a_test_split_alone_is_trained_on() -> None:
    ready_set = from_arrays({"t10k-images": GREY}, "x")
    assert (len(ready_set.train.images), ready_set.test, list(ready_set.train.labels)) == (5, None, [])


def test_integer_labels_become_class_names() -> None:
    class_names = ("t-shirt", "trousers", "pullover", "dress", "coat", "sandal")
    assert from_arrays({"x": GREY, "y": NUMBERS[:, None]}, "x", class_names).train.labels[:2] == ["dress", "trousers"]
    with pytest.raises(MapganError, match="labels from 1 to 5, expected 0 to 3"):
        from_arrays({"x": GREY, "y": NUMBERS}, "x", class_names[:4])


def test_string_labels_lose_their_control_characters() -> None:
    labels = np.array(["cave", "town\x1b[31m", "coast\n", "", "é"])
    assert list(from_arrays({"x": GREY, "y": labels}, "x").train.labels) == ["cave", "town[31m", "coast", "?", "é"]


LAYOUTS = {
    "grey": (GREY, (8, 6)),
    "one channel": (GREY[..., None], (8, 6)),
    "one channel, channels first": (GREY[:, None], (8, 6)),
    "color": (np.stack([GREY] * 3, axis=-1), (8, 6, 3)),
    "color, channels first": (np.stack([GREY] * 3, axis=1), (8, 6, 3)),
    "floats up to 1": (GREY / 255, (8, 6)),
    "floats up to 255": (GREY.astype(np.float32), (8, 6)),
    "integers": (GREY.astype(np.int64), (8, 6)),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_all_layouts_give_the_same_images(name: str) -> None:
    array, shape = LAYOUTS[name]
    images = from_arrays({"x": array}, "x").train.images
    first = np.asarray(images[3])
    assert (first.shape, first.dtype) == (shape, np.uint8)
    assert np.array_equal(first if first.ndim == 2 else first[..., 1], GREY[3])


def test_booleans_become_black_and_white() -> None:
    assert set(np.unique(from_arrays({"x": GREY > 100}, "x").train.images)) == {0, 255}


WRONG = {
    "nothing": ({}, "got no arrays"),
    "labels alone": ({"y": NUMBERS}, r"got y \[5\]"),
    "two": ({"a": GREY, "b": GREY}, r"a \[5, 8, 6\]; b \[5, 8, 6\]"),
    "five axes": ({"x": GREY[None, None]}, "is not that of images"),
    "two channels": ({"x": np.zeros((5, 8, 6, 2), np.uint8)}, "is not that of images"),
    "none": ({"x": GREY[:0]}, "is not that of images"),
    "below 0": ({"x": GREY - 300.0}, "values from -300 to"),
    "above 255": ({"x": GREY * 3.0}, "values from 0 to 717"),
    "not a number": ({"x": GREY * np.nan}, "not all finite numbers"),
    "strings": ({"x": GREY.astype(str)}, "not all finite numbers"),
}


@pytest.mark.parametrize("name", WRONG)
def test_unusable_arrays_give_one_line(name: str) -> None:
    arrays, line = WRONG[name]
    with pytest.raises(MapganError, match=line):
        from_arrays(arrays, "x")  # type: ignore[arg-type]
