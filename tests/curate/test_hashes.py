import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mapgan.curate import hashes
from mapgan.curate.hashes import as_hex, orientation_hashes, popcount

from .conftest import encoded, map_image

TURNS = [None, *Image.Transpose]


def apart(one, other):
    return int(popcount(one ^ other).sum(dtype=int))


def random_words(seed, *shape):
    return np.random.default_rng(seed).integers(0, 2**64, shape, dtype=np.uint64)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), orientation=st.sampled_from(TURNS))
def test_every_turn_is_among_the_eight(seed, orientation):
    image = map_image(seed, (160, 160))
    turned = image if orientation is None else image.transpose(orientation)
    alone = orientation_hashes(turned)[0]
    assert min(apart(alone, one) for one in orientation_hashes(image)) <= 4


def test_eight_turns_differ():
    assert len({as_hex(words) for words in orientation_hashes(map_image(3))}) == 8


COPIES = {
    "jpeg": lambda image: Image.open(io.BytesIO(encoded(image, "JPEG", quality=40))),
    "smaller": lambda image: image.resize((97, 78)),
    "larger": lambda image: image.resize((400, 320)),
    "darker": lambda image: image.point(lambda value: value * 0.8),
}


@pytest.mark.parametrize("kind", COPIES)
def test_copies_are_near(kind):
    image = map_image(5)
    assert apart(orientation_hashes(image)[0], orientation_hashes(COPIES[kind](image))[0]) <= 12


def test_others_are_far():
    words = [orientation_hashes(map_image(seed))[0] for seed in range(20)]
    assert min(apart(a, b) for i, a in enumerate(words) for b in words[:i]) > 60


def test_ones_without_numpy_2(monkeypatch):
    words = random_words(1, 3, 4)
    expected = [[bin(word).count("1") for word in row] for row in words.tolist()]
    assert popcount(words).tolist() == expected
    monkeypatch.delattr(np, "bitwise_count", raising=False)
    assert hashes.popcount(words).tolist() == expected
