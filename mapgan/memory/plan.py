"""Configurations of a training step that trade arithmetic for memory, and the choice among them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from mapgan.errors import MapganError
from mapgan.memory.budget import gib
from mapgan.networks.stack import Checkpointing


@dataclass(frozen=True)
class StepConfig:
    """A configuration of a training step; it changes memory and arithmetic, not the result.

    Args:
        micro_batch: images in memory at a time.
        checkpointing: which blocks are recomputed in the backward pass.
    """

    micro_batch: int
    checkpointing: Checkpointing


@dataclass(frozen=True)
class StepCost:
    """The cost of a step configuration.

    Args:
        config: the configuration.
        peak: maximum of bytes that tensors take, weights and optimizer states included.
        flops: of the step in one process, recomputation included.
    """

    config: StepConfig
    peak: int
    flops: int


@dataclass(frozen=True)
class Plan:
    """The chosen configuration.

    Args:
        cost: of the configuration.
        budget: bytes that tensors may take on the device.
        resident: whether the whole training set fits on the device too.
    """

    cost: StepCost
    budget: int
    resident: bool


def step_configs(
    local_batch: int, micro_batch: int = 0, checkpointing: Literal["auto"] | Checkpointing = "auto"
) -> list[StepConfig]:
    """All configurations of a step of `local_batch` images, by arithmetic, then by falling micro-batch.

    Args:
        local_batch: images of one process.
        micro_batch: the only one to consider, up to `local_batch` (0: `local_batch` and all powers of two below it).
        checkpointing: the only kind to consider (auto: all of them).
    """
    powers = [1 << power for power in range(local_batch.bit_length()) if 1 << power < local_batch]
    sizes = [min(micro_batch, local_batch)] if micro_batch else [local_batch, *reversed(powers)]
    modes: tuple[Checkpointing, ...] = get_args(Checkpointing) if checkpointing == "auto" else (checkpointing,)
    return [StepConfig(size, mode) for mode in modes for size in sizes]


def choose_config(costs: Iterable[StepCost], budget: int, remedy: str) -> StepCost:
    """The configuration with the least arithmetic that fits `budget` bytes; of equal ones, the larger micro-batch.

    Raises:
        MapganError: none fits; `remedy` is the end of its text.
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
