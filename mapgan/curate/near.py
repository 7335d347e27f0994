"""Near duplicates among many hashes: from the best image down, each is compared with those kept so far.

The list is halved again and again. When the first half is settled, its kept hashes are indexed and the second half is
looked up in the index, so each of log n levels costs about n. The index splits hashes into bits + 1 chunks: of two
hashes that differ in at most `bits` bits, one chunk at least is equal (multi-index hashing; Norouzi, Punjani and Fleet,
"Fast Search in Hamming Space with Multi-Index Hashing", 2012), so no pair is missed. With many bits, chunks are too
short to tell hashes apart, and all pairs are compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mapgan.curate.hashes import BITS, WORDS, Hashes, popcount

LEAF = 128  # images that are settled one after the other
MIN_INDEXED = 1024  # fewer hashes are compared with all faster than looked up
MIN_CHUNKS = 8  # chunks of at most 32 bits
MAX_INDEXED_BITS = 28  # above, an index is slower than comparing all pairs
PAIRS = 1 << 22  # compared at a time: limits the memory
NONE = np.iinfo(np.int64).max

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Match:
    """What an image is a near duplicate of.

    Attributes:
        index: of the kept image.
        bits: in which the hashes differ.
        orientation: of the duplicate in which they do; 0: as given.
    """

    index: int
    bits: int
    orientation: int


def nearest_kept(hashes: Hashes, bits: int, always: NDArray[np.bool_] | None = None) -> list[Match | None]:
    """For each image, the nearest earlier kept image within `bits`; an image without one is kept itself.

    So a chain of near duplicates (A like B, B like C) is always resolved the same way: an image near a kept one is
    rejected, and a rejected image does not cause any other to be rejected. Of equally near ones, the first counts.

    Args:
        hashes: of the images in T orientations, the given one first, `[N, T, 4]` uint64, the best image first.
        bits: maximum Hamming distance of an orientation of the later image to the earlier image as given.
        always: images that are kept anyway, `[N]`.
    """
    forced = np.zeros(len(hashes), dtype=bool) if always is None else always
    best = np.full(len(hashes), NONE)  # distance, index and orientation in one number, so that the least is the best

    def settle(start: int, stop: int) -> None:
        if stop - start <= LEAF:
            _settle_pairs(hashes, bits, forced, best, start, stop)
            return
        middle = (start + stop) // 2
        settle(start, middle)
        kept = start + np.flatnonzero((best[start:middle] == NONE) | forced[start:middle])
        for later, earlier, orientation in _candidates(hashes, bits, kept, middle, stop):
            near, distance = _within(hashes, bits, later, earlier, orientation)
            np.minimum.at(best, later[near], distance << 40 | earlier[near] << 8 | orientation[near])
        settle(middle, stop)

    settle(0, len(hashes))
    return [None if code == NONE else Match(code >> 8 & 0xFFFFFFFF, code >> 40, code & 0xFF) for code in best.tolist()]


def _settle_pairs(hashes: Hashes, bits: int, forced: NDArray[np.bool_], best: Indices, start: int, stop: int) -> None:
    """Compare all pairs of a short range, and settle its images one after the other."""
    indices = np.arange(start, stop)
    triples = []
    for later, earlier, orientation in _all_pairs(hashes, bits, indices, start, stop):
        near, distance = _within(hashes, bits, later, earlier, orientation)
        near_pairs = later[near], earlier[near], distance << 40 | earlier[near] << 8 | orientation[near]
        before = near_pairs[1] < near_pairs[0]
        triples.append(np.stack([column[before] for column in near_pairs], axis=-1))
    pairs = np.concatenate(triples) if triples else np.empty((0, 3), np.int64)
    for later, earlier, code in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].tolist():
        if best[earlier] == NONE or forced[earlier]:
            best[later] = min(best[later], code)


def _within(
    hashes: Hashes, bits: int, later: Indices, earlier: Indices, orientation: Indices
) -> tuple[Indices, Indices]:
    """Which of the pairs are within `bits`, and their distances."""
    near = np.arange(len(later))
    distance = np.zeros(len(later), dtype=np.int64)
    for word in range(WORDS):  # most pairs are too far apart by the first word already
        changed = hashes[later[near], orientation[near], word] ^ hashes[earlier[near], 0, word]
        distance = distance + popcount(changed)
        close = distance <= bits
        near, distance = near[close], distance[close]
    return near, distance


Candidates = Iterator[tuple[Indices, Indices, Indices]]  # later, earlier, orientation


def _candidates(hashes: Hashes, bits: int, kept: Indices, start: int, stop: int) -> Candidates:
    """All pairs of one of `kept` and one of `start` to `stop` that may be within `bits`."""
    search = _equal_chunks if bits <= MAX_INDEXED_BITS and len(kept) >= MIN_INDEXED else _all_pairs
    return search(hashes, bits, kept, start, stop)


def _all_pairs(hashes: Hashes, bits: int, kept: Indices, start: int, stop: int) -> Candidates:
    """Pairs whose first words (64 bits; with many bits the first two) are within `bits`."""
    words = 1 if 4 * bits <= BITS // WORDS else 2
    known = np.ascontiguousarray(hashes[kept, 0, :words].T)
    rows = max(1, PAIRS // max(1, len(kept)))
    for orientation in range(hashes.shape[1]):
        for first in range(start, stop, rows):
            block = hashes[first : min(first + rows, stop), orientation, :words]
            distance = popcount(block[:, :1] ^ known[0])
            if words == 2:
                distance += popcount(block[:, 1:2] ^ known[1])  # at most 128: fits uint8
            later, earlier = np.nonzero(distance <= bits)
            yield first + later, kept[earlier], np.full(len(later), orientation)


def _equal_chunks(hashes: Hashes, bits: int, kept: Indices, start: int, stop: int) -> Candidates:
    """Pairs that have one chunk of the hash in common."""
    edges = np.linspace(0, BITS, max(bits + 1, MIN_CHUNKS) + 1).astype(int).tolist()
    for low, high in pairwise(edges):
        keys, order = _sorted_keys(hashes[kept, 0], low, high)
        for orientation in range(hashes.shape[1]):
            wanted, query_order = _sorted_keys(hashes[start:stop, orientation], low, high)
            first = np.searchsorted(keys, wanted, "left")
            counts = np.searchsorted(keys, wanted, "right") - first
            for some in _blocks(counts):
                repeats = counts[some]
                later = np.repeat(start + query_order[some], repeats)
                within = np.arange(len(later)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
                earlier = kept[order[np.repeat(first[some], repeats) + within]]
                yield later, earlier, np.full(len(later), orientation)


def _sorted_keys(words: Hashes, low: int, high: int) -> tuple[Hashes, Indices]:
    """Bits `low` to `high` of each hash, at most 32, sorted, and where each was."""
    word, shift = divmod(low, 64)
    chunk = words[:, word] << np.uint64(shift)
    if shift and word + 1 < WORDS:
        chunk = chunk | words[:, word + 1] >> np.uint64(64 - shift)
    key = chunk >> np.uint64(64 - (high - low))
    # one sort of both: far faster than argsort
    both = np.sort(key << np.uint64(32) | np.arange(len(words), dtype=np.uint64))
    return both >> np.uint64(32), (both & np.uint64(0xFFFFFFFF)).astype(np.int64)


def _blocks(counts: Indices) -> Iterator[slice]:
    """Slices of about PAIRS pairs each, at least one query long."""
    ends = np.cumsum(counts)
    start = 0
    while start < len(counts):
        done = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + PAIRS, "right")))
        yield slice(start, stop)
        start = stop
