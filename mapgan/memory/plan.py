"""Ways to do a step in less memory, what each costs, and which one to take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from mapgan.errors import MapganError
from mapgan.memory.budget import gib
from mapgan.networks.stack import Checkpointing


@dataclass(frozen=True)
class Way:
    """A way to do a step: its result is the same, its memory and arithmetic are not.

    Args:
        micro_batch: pictures in memory at a time.
        checkpointing: which blocks are recomputed.
    """

    micro_batch: int
    checkpointing: Checkpointing


@dataclass(frozen=True)
class Need:
    """What a way needs.

    Args:
        way: which.
        peak: bytes that its tensors take at the worst moment, weights and optimizers included.
        flops: multiply-adds times two of one process's part of a step, recomputation included.
    """

    way: Way
    peak: int
    flops: int


@dataclass(frozen=True)
class Plan:
    """What was chosen.

    Args:
        need: of the way that was chosen.
        budget: bytes that tensors may take on this device.
        resident: whether the whole training set fits beside it.
    """

    need: Need
    budget: int
    resident: bool


def ways(share: int, micro_batch: int = 0, checkpointing: Literal["auto"] | Checkpointing = "auto") -> list[Way]:
    """All ways to do a step of `share` pictures, the least arithmetic first and of those the largest micro-batch.

    Args:
        share: pictures of a batch that one process does.
        micro_batch: only this many at a time, or all if they are fewer (0: `share` and every power of two below it).
        checkpointing: only this, unless it is auto.
    """
    powers = [1 << power for power in range(share.bit_length()) if 1 << power < share]
    sizes = [min(micro_batch, share)] if micro_batch else [share, *reversed(powers)]
    modes: tuple[Checkpointing, ...] = get_args(Checkpointing) if checkpointing == "auto" else (checkpointing,)
    return [Way(size, mode) for mode in modes for size in sizes]


def choose(needs: Iterable[Need], budget: int, remedy: str) -> Need:
    """The cheapest in arithmetic that fits into `budget` bytes, and of equals the one with the larger micro-batch.

    Raises:
        MapganError: none fits; `remedy` says what to do then.
    """
    needs = list(needs)
    fitting = [need for need in needs if need.peak <= budget]
    if fitting:
        return min(fitting, key=lambda need: (need.flops, -need.way.micro_batch))
    least = min(needs, key=lambda need: need.peak)
    raise MapganError(
        f"a training step does not fit: it needs {gib(least.peak)} at least (micro-batch {least.way.micro_batch}, "
        f"checkpointing {least.way.checkpointing}) and tensors may take {gib(budget)} here",
        remedy,
    )
