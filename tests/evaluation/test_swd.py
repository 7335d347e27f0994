"""The sliced Wasserstein distance on known answers."""

from __future__ import annotations

import numpy as np
import pytest

from mapgan.evaluation.swd import sliced_wasserstein

Images = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


def rooms(count: int, seed: int, size: int = 32) -> Images:
    """Light rooms of random places on dark ground."""
    random = np.random.default_rng(seed)
    images = np.full((count, size, size, 3), 40, np.uint8)
    for image in images:
        top, left = random.integers(0, size // 2, 2)
        image[top : top + size // 3, left : left + size // 3] = 220
    return images


def noise(count: int, seed: int, size: int = 32) -> Images:
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def distance(one: Images, other: Images) -> dict[str, float]:
    return sliced_wasserstein(one, other, patches=32, directions=64)


def test_the_same_images_are_at_distance_0() -> None:
    assert set(distance(rooms(40, 0), rooms(40, 0)).values()) == {0.0}


def test_images_of_the_same_kind_are_near_and_noise_is_far() -> None:
    near, far = distance(rooms(60, 0), rooms(60, 1)), distance(rooms(60, 0), noise(60, 1))
    assert near["mean"] * 3 < far["mean"]
    assert set(near) == {"32", "16", "mean"}


def test_neither_order_nor_side_matters() -> None:
    one, other = rooms(60, 0), noise(60, 1)
    assert distance(one, other)["mean"] == pytest.approx(distance(other, one)["mean"], rel=1e-5)
    assert distance(one[::-1], other)["mean"] == pytest.approx(distance(one, other)["mean"], rel=1e-5)


def test_blur_shows_at_the_fine_level() -> None:
    sharp = rooms(60, 0)
    soft = sharp.copy()
    soft[:, 1:-1, 1:-1] = np.mean(
        [sharp[:, 1 + y : 31 + y, 1 + x : 31 + x] for y in (-1, 0, 1) for x in (-1, 0, 1)], axis=0
    ).astype(np.uint8)
    fine = distance(rooms(60, 1), soft)
    real = distance(rooms(60, 1), sharp)
    assert fine["32"] - real["32"] > 2 * (fine["16"] - real["16"])


@pytest.mark.parametrize(("height", "width"), [(16, 16), (50, 70)])
def test_any_size_has_levels_down_to_16(height: int, width: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, height, width, 3), dtype=np.uint8)
    levels = [int(name) for name in distance(images, images) if name != "mean"]
    assert levels[0] == height
    assert 16 <= levels[-1] < 32


def test_sets_that_do_not_match_are_refused() -> None:
    with pytest.raises(ValueError, match="as many images"):
        distance(rooms(3, 0), rooms(4, 0))
