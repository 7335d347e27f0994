"""Ways to do a step in less memory, what each costs, and which one to take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from mapgan.errors import MapganError
from mapgan.memory.budget import gib
from mapgan.networks.stack import Checkpointing


@dataclass(frozen=True)
class StepConfig:
    """A way to do a step: its result is the same, its memory and arithmetic are not.

    Args:
        micro_batch: images in memory at a time.
        checkpointing: which blocks are recomputed.
    """

    micro_batch: int
    checkpointing: Checkpointing


@dataclass(frozen=True)
class StepCost:
    """What a way needs.

    Args:
        way: which.
        peak: bytes that its tensors take at the worst moment, weights and optimizers included.
        flops: multiply-adds times two of one process's part of a step, recomputation included.
    """

    config: StepConfig
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

    cost: StepCost
    budget: int
    resident: bool


def step_configs(
    local_batch: int, micro_batch: int = 0, checkpointing: Literal["auto"] | Checkpointing = "auto"
) -> list[StepConfig]:
    """All ways to do a step of `local_batch` images, the least arithmetic first and of those the largest micro-batch.

    Args:
        share: images of a batch that one process does.
        micro_batch: only this many at a time, or all if they are fewer (0: `local_batch` and every power of two below it).
        checkpointing: only this, unless it is auto.
    """
    powers = [1 << power for power in range(local_batch.bit_length()) if 1 << power < local_batch]
    sizes = [min(micro_batch, local_batch)] if micro_batch else [local_batch, *reversed(powers)]
    modes: tuple[Checkpointing, ...] = get_args(Checkpointing) if checkpointing == "auto" else (checkpointing,)
    return [StepConfig(size, mode) for mode in modes for size in sizes]


def choose_config(costs: Iterable[StepCost], budget: int, remedy: str) -> StepCost:
    """The cheapest in arithmetic that fits into `budget` bytes, and of equals the one with the larger micro-batch.

    Raises:
        MapganError: none fits; `remedy` says what to do then.
    """
    costs = list(costs)
    fitting = [cost for cost in costs if cost.peak <= budget]
    if fitting:
        return min(fitting, key=lambda cost: (cost.flops, -cost.config.micro_batch))
    least = min(costs, key=lambda cost: cost.peak)
    raise MapganError(
        f"a training step does not fit: it needs {gib(least.peak)} at least (micro-batch {least.config.micro_batch}, "
        f"checkpointing {least.config.checkpointing}) and tensors may take {gib(budget)} here",
        remedy,
    )
