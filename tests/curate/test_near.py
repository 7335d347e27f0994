import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgan.curate import near
from mapgan.curate.hashes import popcount
from mapgan.curate.near import Match, nearest_kept


def random_words(seed, *shape):
    return np.random.default_rng(seed).integers(0, 2**64, shape, dtype=np.uint64)


def related(seed, count, orientations, most):
    """Hashes that descend from a few, with up to `most` bits changed: chains and groups of near duplicates."""
    generator = np.random.default_rng(seed)
    hashes = random_words(seed, count, orientations, 4)
    for index in range(1, count):
        if generator.random() < 0.8:
            flips = np.zeros(256, dtype=np.uint8)
            flips[generator.permutation(256)[: generator.integers(0, most + 1)]] = 1
            parent = hashes[generator.integers(0, index), 0]
            changed = np.packbits(flips).view(">u8").astype(np.uint64)
            hashes[index, generator.integers(0, orientations)] = parent ^ changed
    return hashes


def two_of_three(later, earlier, orientation):
    """A second check that knows the pair and nothing else."""
    return (7 * later + 3 * earlier + orientation) % 3 > 0


def plain(hashes, bits, always, is_copy):
    """One image after the other against all that are kept."""
    kept, found = [], []
    for index, orientations in enumerate(hashes):
        triples = [
            (int(popcount(words ^ hashes[other, 0]).sum(dtype=int)), other, orientation)
            for other in kept
            for orientation, words in enumerate(orientations)
        ]
        copies = [found for found in triples if not is_copy or is_copy(index, *found[1:])]
        nearest = min((triple for triple in copies if triple[0] <= bits), default=None)
        found.append(None if nearest is None else Match(nearest[1], nearest[0], nearest[2]))
        if nearest is None or always[index]:
            kept.append(index)
    return found


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    count=st.integers(0, 60),
    orientations=st.sampled_from([1, 8]),
    bits=st.sampled_from([0, 1, 7, 12, 13, 28, 29, 64, 128]),
    leaf=st.sampled_from([1, 4, 1000]),
    pairs=st.sampled_from([3, 100000]),
    forced=st.booleans(),
    is_copy=st.sampled_from([None, two_of_three]),
)
def test_the_same_as_a_plain_search(seed, count, orientations, bits, leaf, pairs, forced, is_copy):
    hashes = related(seed, count, orientations, 2 * bits + 2 if bits < 100 else 128)
    always = np.random.default_rng(seed).random(count) < (0.2 if forced else 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "LEAF", leaf)
        patch.setattr(near, "MIN_INDEXED", leaf)
        patch.setattr(near, "PAIRS", pairs)
        assert nearest_kept(hashes, bits, always, is_copy) == plain(hashes, bits, always, is_copy)


@pytest.mark.parametrize("bits", [12, 40])
def test_no_pair_within_the_radius_is_missed_among_thousands(bits):
    """Each of 3,000 hashes has one copy, exactly at the radius: changed bits spread over all chunks."""
    generator = np.random.default_rng(bits)
    first = random_words(bits, 3000, 1, 4)
    flips = np.zeros((3000, 256), dtype=np.uint8)
    for row in flips:
        row[generator.permutation(256)[:bits]] = 1
    copies = first ^ np.packbits(flips, axis=1).view(">u8").astype(np.uint64)[:, None]
    found = nearest_kept(np.concatenate([first, copies]), bits)
    assert found == [None] * 3000 + [Match(index, bits, 0) for index in range(3000)]


def test_a_large_group_takes_little_memory():
    """20,000 copies of one image are 200 million pairs, of which only those with the kept one count."""
    hashes = np.broadcast_to(random_words(1, 1, 1, 4), (20_000, 1, 4)).copy()
    hashes[:, 0, 3] ^= np.arange(20_000, dtype=np.uint64) % 8
    found = nearest_kept(hashes, 12)
    assert found[0] is None
    assert {match.index for match in found[1:]} == {0}
