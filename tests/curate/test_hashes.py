import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mapgan.curate import hashes
from mapgan.curate.hashes import Kept, as_hex, eight_hashes, ones

from .conftest import encoded, map_picture

TURNS = [None, *Image.Transpose]


def apart(one, other):
    return int(ones(one ^ other).sum(dtype=int))


def random_words(seed, *shape):
    return np.random.default_rng(seed).integers(0, 2**64, shape, dtype=np.uint64)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), turn=st.sampled_from(TURNS))
def test_every_turn_is_among_the_eight(seed, turn):
    picture = map_picture(seed, (160, 160))
    turned = picture if turn is None else picture.transpose(turn)
    alone = eight_hashes(turned)[0]
    assert min(apart(alone, one) for one in eight_hashes(picture)) <= 4


def test_eight_turns_differ():
    assert len({as_hex(words) for words in eight_hashes(map_picture(3))}) == 8


COPIES = {
    "jpeg": lambda picture: Image.open(io.BytesIO(encoded(picture, "JPEG", quality=40))),
    "smaller": lambda picture: picture.resize((97, 78)),
    "larger": lambda picture: picture.resize((400, 320)),
    "darker": lambda picture: picture.point(lambda value: value * 0.8),
}


@pytest.mark.parametrize("kind", COPIES)
def test_copies_are_near(kind):
    picture = map_picture(5)
    assert apart(eight_hashes(picture)[0], eight_hashes(COPIES[kind](picture))[0]) <= 12


def test_others_are_far():
    words = [eight_hashes(map_picture(seed))[0] for seed in range(20)]
    assert min(apart(a, b) for i, a in enumerate(words) for b in words[:i]) > 60


def test_ones_without_numpy_2(monkeypatch):
    words = random_words(1, 3, 4)
    expected = [[bin(word).count("1") for word in row] for row in words.tolist()]
    assert ones(words).tolist() == expected
    monkeypatch.delattr(np, "bitwise_count", raising=False)
    assert hashes.ones(words).tolist() == expected


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), bits=st.integers(0, 128))
def test_nearest_is_what_a_plain_search_finds(seed, bits):
    words = random_words(seed, 12, 4) & random_words(seed + 1, 12, 4) & random_words(seed + 2, 12, 4)
    turns = words[8:]
    kept = Kept(room=10)
    for row in words[:8]:
        kept.add(row)
    plain = [(apart(k, t), i, j) for i, k in enumerate(words[:8]) for j, t in enumerate(turns)]
    assert kept.nearest(turns, bits) == min((found for found in plain if found[0] <= bits), default=None)


def test_nothing_is_near_to_nothing():
    assert Kept(room=3).nearest(random_words(1, 8, 4), 128) is None
