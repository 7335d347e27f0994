"""Near duplicates among many hashes: from the best image down, each is compared with those kept so far.

The list is halved again and again. When the first half is settled, its kept hashes are indexed and the second half is
looked up in the index, so each of log n levels costs about n. The index splits hashes into bits + 1 chunks: of two
hashes that differ in at most `bits` bits, one chunk at least is equal (multi-index hashing; Norouzi, Punjani and Fleet,
"Fast Search in Hamming Space with Multi-Index Hashing", 2012), so no pair is missed. With many bits, chunks are too
short to tell hashes apart, and all pairs are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mapgan.curate.hashes import BITS, WORDS, Hashes, popcount

LEAF = 128  # images that are settled one after the other
MIN_INDEXED = 1024  # fewer hashes are compared with all faster than looked up
MIN_CHUNKS = 8  # chunks of at most 32 bits
MAX_INDEXED_BITS = 28  # above, an index is slower than comparing all pairs
FILTER = np.uint64(1 << 20)  # entries of a table that fits a core's cache
PAIRS = 1 << 18  # compared at a time: limits the memory
NONE = np.iinfo(np.int64).max

Indices = NDArray[np.int64]
Check = Callable[[Indices, Indices, int], NDArray[np.bool_]]  # of later, earlier and an orientation


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


def nearest_kept(
    hashes: Hashes,
    bits: int,
    always: NDArray[np.bool_] | None = None,
    is_copy: Check | None = None,
    wide: int = 0,
) -> list[Match | None]:
    """For each image, the nearest earlier kept image within `bits`; an image without one is kept itself.

    So a chain of near duplicates (A like B, B like C) is always resolved the same way: an image near a kept one is
    rejected, and a rejected image does not cause any other to be rejected. Of equally near ones, the first counts.

    Args:
        hashes: of the images in T orientations, the given one first, `[N, T, 4]` uint64, the best image first.
        bits: maximum Hamming distance of an orientation of the later image to the earlier image as given.
        always: images that are kept anyway, `[N]`.
        is_copy: a second check of the pairs within `bits`: which of them count.
        wide: `bits` for images as given, if more.
    """
    limits = [max(bits, wide), *[bits] * (hashes.shape[1] - 1)]
    forced = np.zeros(len(hashes), dtype=bool) if always is None else always
    words = np.ascontiguousarray(hashes.transpose(1, 2, 0))  # by orientation, by word
    best = np.full(len(hashes), NONE)  # distance, index and orientation in one number, so that the least is the best

    def near_pairs(later: Indices, earlier: Indices, orientation: int) -> tuple[Indices, Indices, Indices]:
        near, distance = _within(words, limits[orientation], later, earlier, orientation)
        later, earlier = later[near], earlier[near]
        code = distance << 40 | earlier << 8 | orientation
        copies = is_copy(later, earlier, orientation) if is_copy else np.ones(len(later), dtype=bool)
        return later[copies], earlier[copies], code[copies]

    def settle_pairs(start: int, stop: int) -> None:
        """Compare all pairs of a short range, and settle its images one after the other."""
        triples = [np.empty((0, 3), np.int64)]
        for later, earlier, orientation in _all_pairs(words, limits, np.arange(start, stop), start, stop):
            before = earlier < later
            triples.append(np.stack(near_pairs(later[before], earlier[before], orientation), axis=-1))
        pairs = np.concatenate(triples)
        for later_one, earlier_one, code in pairs[np.argsort(pairs[:, 0], kind="stable")].tolist():
            if best[earlier_one] == NONE or forced[earlier_one]:
                best[later_one] = min(best[later_one], code)

    def settle(start: int, stop: int) -> None:
        if stop - start <= LEAF:
            settle_pairs(start, stop)
            return
        middle = (start + stop) // 2
        settle(start, middle)
        kept = start + np.flatnonzero((best[start:middle] == NONE) | forced[start:middle])
        search = _equal_chunks if max(limits) <= MAX_INDEXED_BITS and len(kept) >= MIN_INDEXED else _all_pairs
        for later, earlier, orientation in search(words, limits, kept, middle, stop):
            found, _, code = near_pairs(later, earlier, orientation)
            np.minimum.at(best, found, code)
        settle(middle, stop)

    settle(0, len(hashes))
    return [None if code == NONE else Match(code >> 8 & 0xFFFFFFFF, code >> 40, code & 0xFF) for code in best.tolist()]


def _within(words: Hashes, bits: int, later: Indices, earlier: Indices, orientation: int) -> tuple[Indices, Indices]:
    """Which of the pairs are within `bits`, and their distances."""
    near = np.arange(len(later))
    distance = np.zeros(len(later), dtype=np.int64)
    for turned, given in zip(words[orientation], words[0], strict=True):
        # most pairs are too far apart by the first word already
        distance = distance + popcount(turned[later[near]] ^ given[earlier[near]])
        close = distance <= bits
        near, distance = near[close], distance[close]
    return near, distance


Candidates = Iterator[tuple[Indices, Indices, int]]  # later, earlier, orientation


def _all_pairs(words: Hashes, limits: Sequence[int], kept: Indices, start: int, stop: int) -> Candidates:
    """Pairs whose first words (64 bits; with many bits two or three) are within the limit of the orientation."""
    rows = max(1, PAIRS // max(1, len(kept)))
    for orientation, (turned, bits) in enumerate(zip(words, limits, strict=True)):
        compared = 1 if bits <= 16 else 2 if bits <= 48 else 3
        known = words[0, :compared][:, kept]
        for first in range(start, stop, rows):
            block = turned[:compared, first : min(first + rows, stop), None]
            distance = popcount(block[0] ^ known[0])
            for word in range(1, compared):
                distance += popcount(block[word] ^ known[word])  # at most 192: fits uint8
            later, earlier = np.divmod(np.flatnonzero(distance <= bits), len(kept))  # np.nonzero takes tenfold
            yield first + later, kept[earlier], orientation


def _equal_chunks(words: Hashes, limits: Sequence[int], kept: Indices, start: int, stop: int) -> Candidates:
    """Pairs of one of `kept` and one of `start` to `stop` that have one chunk of the hash in common."""
    edges = np.linspace(0, BITS, max(max(limits) + 1, MIN_CHUNKS) + 1).astype(int).tolist()
    first_kept = int(kept[0])
    given = words[0, :, first_kept : int(kept[-1]) + 1]
    for low, high in pairwise(edges):
        keys, order = _sorted(_chunk(given, low, high)[kept - first_kept], kept)
        present = np.zeros(FILTER, dtype=bool)  # rules most lookups out before they cost a search
        present[keys % FILTER] = True
        for orientation, turned in enumerate(words):
            wanted = _chunk(turned[:, start:stop], low, high)
            some = np.flatnonzero(present[wanted % FILTER])
            wanted, later = _sorted(wanted[some], start + some)
            first = np.searchsorted(keys, wanted, "left")
            counts = np.searchsorted(keys, wanted, "right") - first
            for block in _blocks(counts):
                repeats = counts[block]
                within = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
                yield np.repeat(later[block], repeats), order[np.repeat(first[block], repeats) + within], orientation


def _chunk(words: Hashes, low: int, high: int) -> Hashes:
    """Bits `low` to `high`, at most 32, of hashes `[4, N]`."""
    word, shift = divmod(low, 64)
    chunk: Hashes = words[word] << np.uint64(shift)
    if shift and word + 1 < WORDS:
        chunk |= words[word + 1] >> np.uint64(64 - shift)
    chunk >>= np.uint64(64 - (high - low))
    return chunk


def _sorted(keys: Hashes, indices: Indices) -> tuple[Hashes, Indices]:
    """Keys of at most 32 bits, sorted, and their indices; one sort of both is far faster than argsort."""
    both = np.sort(keys << np.uint64(32) | indices.astype(np.uint64))
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
