"""Every random draw, as a function of (seed, purpose, step, index) and of nothing else.

`index` is the picture's place in the global batch, so a draw does not know how many workers,
processes or micro-batches share the work (rule 1 of the design). The bits are those of Philox
(Salmon et al. 2011), whose stream NumPy promises never to change; the step from bits to numbers
is written out here because NumPy promises nothing for its own.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def key(seed: int, purpose: str, step: int, index: int, bits: int = 63) -> int:
    """A number of so many bits that stands for the draw, to seed a device's own generator with."""
    name = f"{seed}/{purpose}/{step}/{index}".encode()
    return int.from_bytes(hashlib.blake2b(name, digest_size=16).digest(), "little") >> (128 - bits)


def _bits(seed: int, purpose: str, step: int, index: int, count: int) -> NDArray[np.uint64]:
    return np.random.Philox(key=key(seed, purpose, step, index, bits=128)).random_raw(count)


def uniform(seed: int, purpose: str, step: int, index: int, count: int) -> Floats:
    """`count` numbers in [0, 1), float64."""
    return np.asarray((_bits(seed, purpose, step, index, count) >> np.uint64(11)) * 2.0**-53, np.float64)


def normal(seed: int, purpose: str, step: int, index: int, count: int) -> Floats:
    """`count` numbers from N(0, 1), float64, by Box and Muller's transform."""
    pairs = (count + 1) // 2
    u = uniform(seed, purpose, step, index, 2 * pairs)
    radius = np.sqrt(-2.0 * np.log1p(-u[:pairs]))
    angle = 2.0 * np.pi * u[pairs:]
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:count]


def integer(seed: int, purpose: str, step: int, index: int, below: int) -> int:
    """One whole number from 0 to `below` - 1."""
    return int(uniform(seed, purpose, step, index, 1)[0] * below)


def permutation(seed: int, purpose: str, step: int, length: int) -> NDArray[np.int64]:
    """The numbers 0 to `length` - 1 in an order that (seed, purpose, step) decides."""
    return np.argsort(_bits(seed, purpose, step, 0, length), kind="stable")
