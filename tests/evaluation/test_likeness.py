"""Copies are caught, however turned; what is new is not."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from mapgan.curate.hashes import eight_hashes
from mapgan.evaluation.likeness import bits_apart, hashes, nearest, share_memorised, turned
from tests.evaluation.test_swd import Pictures


def plans(count: int, seed: int, size: int = 48) -> Pictures:
    """Pictures of a few blocks each."""
    random = np.random.default_rng(seed)
    pictures = np.full((count, size, size, 3), 40, np.uint8)
    for picture in pictures:
        for _ in range(7):
            top, left, height, width = (
                random.integers(0, size - 8),
                random.integers(0, size - 8),
                *random.integers(4, 20, 2),
            )
            picture[top : top + height, left : left + width] = random.integers(60, 255, 3)
    return pictures


@pytest.mark.parametrize("turn", range(8))
def test_a_turn_is_the_one_that_the_hash_numbers_so(turn: int) -> None:
    picture = plans(1, 0)[0]
    first = eight_hashes(Image.fromarray(np.ascontiguousarray(turned(picture, turn))))[0]
    assert np.bitwise_count(first ^ eight_hashes(Image.fromarray(picture))[turn]).sum() <= 8


def test_copies_are_caught_also_turned_blurred_or_noisy() -> None:
    train, held_out = plans(60, 0), hashes(plans(40, 1))
    known = hashes(train)
    mark = nearest(held_out, known)
    copies = np.array([turned(picture, place % 8) for place, picture in enumerate(train[:40])])
    soft = np.array([Image.fromarray(picture).filter(ImageFilter.GaussianBlur(2)) for picture in copies])
    noisy = (copies + np.random.default_rng(0).normal(0, 20, copies.shape)).clip(0, 255).astype(np.uint8)
    for pictures in (copies, soft, noisy):
        found = nearest(hashes(pictures), known)
        assert (found.place == np.arange(40)).all()
        assert share_memorised(found, mark) == 1
    assert share_memorised(nearest(hashes(plans(40, 2)), known), mark) <= 0.1
    assert share_memorised(mark, mark) <= 0.01


def test_a_flat_grey_picture_is_no_copy_of_all() -> None:
    known = hashes(plans(60, 0))
    mark = nearest(hashes(plans(40, 1)), known)
    flat = np.full((4, 48, 48, 3), 110, np.uint8)
    assert share_memorised(nearest(hashes(flat), known), mark) == 0


def test_collapse_shows_in_the_bits_between_pairs() -> None:
    pictures = plans(20, 0)
    assert bits_apart(hashes(pictures)) > 100
    assert bits_apart(hashes(np.repeat(pictures[:1], 20, axis=0))) == 0
    assert bits_apart(hashes(pictures)) == bits_apart(hashes(pictures[::-1]))


def test_a_picture_is_not_its_own_nearest() -> None:
    found = hashes(plans(10, 0))
    assert (nearest(found, found).bits == 0).all()
    assert (nearest(found, found, same=True).bits > 20).all()
