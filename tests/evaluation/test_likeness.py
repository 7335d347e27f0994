"""Copies are caught, however turned; what is new is not."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from mapgan.curate.hashes import orientation_hashes
from mapgan.evaluation.likeness import hashes, mean_hamming_distance, memorized_fraction, nearest, oriented
from tests.evaluation.test_swd import Images


def plans(count: int, seed: int, size: int = 48) -> Images:
    """Images of a few blocks each."""
    random = np.random.default_rng(seed)
    images = np.full((count, size, size, 3), 40, np.uint8)
    for image in images:
        for _ in range(7):
            top, left, height, width = (
                random.integers(0, size - 8),
                random.integers(0, size - 8),
                *random.integers(4, 20, 2),
            )
            image[top : top + height, left : left + width] = random.integers(60, 255, 3)
    return images


@pytest.mark.parametrize("orientation", range(8))
def test_a_turn_is_the_one_that_the_hash_numbers_so(orientation: int) -> None:
    image = plans(1, 0)[0]
    first = orientation_hashes(Image.fromarray(np.ascontiguousarray(oriented(image, orientation))))[0]
    assert np.bitwise_count(first ^ orientation_hashes(Image.fromarray(image))[orientation]).sum() <= 8


def test_copies_are_caught_also_turned_blurred_or_noisy() -> None:
    train, held_out = plans(60, 0), hashes(plans(40, 1))
    known = hashes(train)
    mark = nearest(held_out, known)
    copies = np.array([oriented(image, index % 8) for index, image in enumerate(train[:40])])
    soft = np.array([Image.fromarray(image).filter(ImageFilter.GaussianBlur(2)) for image in copies])
    noisy = (copies + np.random.default_rng(0).normal(0, 20, copies.shape)).clip(0, 255).astype(np.uint8)
    for images in (copies, soft, noisy):
        found = nearest(hashes(images), known)
        assert (found.index == np.arange(40)).all()
        assert memorized_fraction(found, mark) == 1
    assert memorized_fraction(nearest(hashes(plans(40, 2)), known), mark) <= 0.1
    assert memorized_fraction(mark, mark) <= 0.01


def test_a_flat_grey_image_is_no_copy_of_all() -> None:
    known = hashes(plans(60, 0))
    mark = nearest(hashes(plans(40, 1)), known)
    flat = np.full((4, 48, 48, 3), 110, np.uint8)
    assert memorized_fraction(nearest(hashes(flat), known), mark) == 0


def test_collapse_shows_in_the_bits_between_pairs() -> None:
    images = plans(20, 0)
    assert mean_hamming_distance(hashes(images)) > 100
    assert mean_hamming_distance(hashes(np.repeat(images[:1], 20, axis=0))) == 0
    assert mean_hamming_distance(hashes(images)) == mean_hamming_distance(hashes(images[::-1]))


def test_an_image_is_not_its_own_nearest() -> None:
    found = hashes(plans(10, 0))
    assert (nearest(found, found).bits == 0).all()
    assert (nearest(found, found, same=True).bits > 20).all()
