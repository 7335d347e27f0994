"""From arrays by name to images and labels."""

from __future__ import annotations

import numpy as np
import pytest

from mapgan.errors import MapganError
from mapgan.sets.parts import from_arrays

GREY = np.arange(5 * 8 * 6, dtype=np.uint8).reshape(5, 8, 6)
NUMBERS = np.array([3, 1, 4, 1, 5])


def test_names_tell_the_parts_and_shapes_the_images() -> None:
    arrays = {"x_train": GREY, "y_train": NUMBERS, "x_test": GREY[:2], "y_test": NUMBERS[:2], "val_images": GREY}
    found = from_arrays(arrays, "x.npz")
    assert len(found.train.images) == 5
    assert list(found.train.labels) == ["3", "1", "4", "1", "5"]
    assert found.test is not None
    assert list(found.test.labels) == ["3", "1"]
    assert found.side == 6


def test_a_test_part_alone_is_trained_on() -> None:
    found = from_arrays({"t10k-images": GREY}, "x")
    assert (len(found.train.images), found.test, list(found.train.labels)) == (5, None, [])


def test_numbers_stand_for_words_where_these_are_known() -> None:
    words = ("t-shirt", "trousers", "pullover", "dress", "coat", "sandal")
    assert from_arrays({"x": GREY, "y": NUMBERS[:, None]}, "x", words).train.labels[:2] == ["dress", "trousers"]
    with pytest.raises(MapganError, match="a label of 5, where there are 4"):
        from_arrays({"x": GREY, "y": NUMBERS}, "x", words[:4])


def test_labels_may_be_words_but_never_control_a_terminal() -> None:
    labels = np.array(["cave", "town\x1b[31m", "coast\n", "", "é"])
    assert list(from_arrays({"x": GREY, "y": labels}, "x").train.labels) == ["cave", "town[31m", "coast", "?", "é"]


LAYOUTS = {
    "grey": (GREY, (8, 6)),
    "one channel": (GREY[..., None], (8, 6)),
    "one channel first": (GREY[:, None], (8, 6)),
    "color": (np.stack([GREY] * 3, axis=-1), (8, 6, 3)),
    "colour first": (np.stack([GREY] * 3, axis=1), (8, 6, 3)),
    "shares": (GREY / 255, (8, 6)),
    "floats": (GREY.astype(np.float32), (8, 6)),
    "whole numbers": (GREY.astype(np.int64), (8, 6)),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_any_usual_layout_gives_the_same_images(name: str) -> None:
    array, shape = LAYOUTS[name]
    images = from_arrays({"x": array}, "x").train.images
    first = np.asarray(images[3])
    assert (first.shape, first.dtype) == (shape, np.uint8)
    assert np.array_equal(first if first.ndim == 2 else first[..., 1], GREY[3])


def test_ink_and_paper_become_black_and_white() -> None:
    assert set(np.unique(from_arrays({"x": GREY > 100}, "x").train.images)) == {0, 255}


WRONG = {
    "nothing": ({}, "holds nothing"),
    "labels alone": ({"y": NUMBERS}, r"holds y \[5\]"),
    "two": ({"a": GREY, "b": GREY}, r"a \[5, 8, 6\]; b \[5, 8, 6\]"),
    "five axes": ({"x": GREY[None, None]}, "are not images"),
    "two channels": ({"x": np.zeros((5, 8, 6, 2), np.uint8)}, "are not images"),
    "none": ({"x": GREY[:0]}, "are not images"),
    "below 0": ({"x": GREY - 300.0}, "values from -300 to"),
    "above 255": ({"x": GREY * 3.0}, "values from 0 to 717"),
    "not a number": ({"x": GREY * np.nan}, "not brightnesses"),
    "words": ({"x": GREY.astype(str)}, "not brightnesses"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_set_is_one_line(name: str) -> None:
    arrays, line = WRONG[name]
    with pytest.raises(MapganError, match=line):
        from_arrays(arrays, "x")  # type: ignore[arg-type]
