"""Random numbers as functions of (seed, purpose, step, index).

`index` is the index of an image in the global batch, so the numbers do not depend on the number of workers, processes
or micro-batches. The bits are those of Philox (Salmon et al. 2011, 'Parallel random numbers: as easy as 1, 2, 3'),
whose stream NumPy guarantees never to change; the conversion from bits to numbers is done here, as NumPy does not
guarantee its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Words = NDArray[np.uint32]

ROUNDS = 10
MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)


def key(seed: int, purpose: str, step: int, index: int, bits: int = 63) -> int:
    """A number of `bits` bits that depends on all arguments, to seed another generator with."""
    name = f"{seed}/{purpose}/{step}/{index}".encode()
    return int.from_bytes(hashlib.blake2b(name, digest_size=16).digest(), "little") >> (128 - bits)


def _bits(seed: int, purpose: str, step: int, index: int, count: int) -> NDArray[np.uint64]:
    return np.random.Philox(key=key(seed, purpose, step, index, bits=128)).random_raw(count)


def uniform(seed: int, purpose: str, step: int, index: int, count: int) -> Floats:
    """`count` uniform numbers in [0, 1), `[count]` float64."""
    return np.asarray((_bits(seed, purpose, step, index, count) >> np.uint64(11)) * 2.0**-53, np.float64)


def normal(seed: int, purpose: str, step: int, index: int, count: int) -> Floats:
    """`count` numbers from N(0, 1), `[count]` float64, by the Box-Muller transform."""
    pairs = (count + 1) // 2
    u = uniform(seed, purpose, step, index, 2 * pairs)
    radius = np.sqrt(-2.0 * np.log1p(-u[:pairs]))
    angle = 2.0 * np.pi * u[pairs:]
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:count]


def integer(seed: int, purpose: str, step: int, index: int, below: int) -> int:
    """An integer from 0 to `below` - 1."""
    return int(uniform(seed, purpose, step, index, 1)[0] * below)


def permutation(seed: int, purpose: str, step: int, length: int) -> NDArray[np.int64]:
    """A permutation of the integers below `length`, `[length]` int64."""
    return np.argsort(_bits(seed, purpose, step, 0, length), kind="stable")


def words(seed: int, step: int, indices: range, counts: Mapping[str, int]) -> dict[str, Words]:
    """Random 32-bit words for several purposes and all images of a batch, in one vectorized pass of Philox4x32.

    Args:
        seed: the run's seed.
        step: the step.
        indices: of the images in the global batch; the words of an image depend on its own index only.
        counts: words per image, by purpose.

    Returns:
        `[len(indices), count]` uint32, by purpose.
    """
    blocks = {purpose: -(-count // 4) for purpose, count in counts.items()}
    counter = np.concatenate([np.arange(size, dtype=np.uint64) for size in blocks.values()])
    keys = np.repeat([_purpose_key(seed, purpose) for purpose in blocks], list(blocks.values()), axis=0)
    shape = (len(indices), len(counter))
    found = philox(
        np.broadcast_to(counter, shape),
        np.broadcast_to(np.array(indices, np.uint64)[:, None], shape),
        np.full(shape, step & 0xFFFFFFFF, np.uint64),
        np.full(shape, step >> 32, np.uint64),
        keys[:, 0],
        keys[:, 1],
    )
    split = np.split(found, np.cumsum(list(blocks.values()))[:-1], axis=1)
    return {
        purpose: part.reshape(len(indices), -1)[:, :count]
        for (purpose, count), part in zip(counts.items(), split, strict=True)
    }


def philox(
    c0: NDArray[np.uint64],
    c1: NDArray[np.uint64],
    c2: NDArray[np.uint64],
    c3: NDArray[np.uint64],
    k0: NDArray[np.uint64],
    k1: NDArray[np.uint64],
) -> Words:
    """Philox4x32-10 (Salmon et al. 2011, section 3.3) of counters and keys that broadcast; `[..., 4]` uint32."""
    for _ in range(ROUNDS):
        p0, p1 = c0 * MULTIPLIERS[0], c2 * MULTIPLIERS[1]
        c0, c1, c2, c3 = (p1 >> HALF) ^ c1 ^ k0, p1 & LOW, (p0 >> HALF) ^ c3 ^ k1, p0 & LOW
        k0, k1 = (k0 + WEYL[0]) & LOW, (k1 + WEYL[1]) & LOW
    return np.stack([c0, c1, c2, c3], axis=-1).astype(np.uint32)


@lru_cache(maxsize=256)
def _purpose_key(seed: int, purpose: str) -> tuple[np.uint64, np.uint64]:
    bits = key(seed, purpose, 0, 0, bits=64)
    return np.uint64(bits & 0xFFFFFFFF), np.uint64(bits >> 32)
