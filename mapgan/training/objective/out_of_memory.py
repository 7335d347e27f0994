"""When memory runs out in the middle of a step: smaller pieces, or a good end."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mapgan.errors import MapganError

# the CPU's allocator and cuBLAS raise plain RuntimeErrors
SIGNS = (
    "can't allocate memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "MPS backend out of memory",
)


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether `error` says that the device has no memory left."""
    return isinstance(error, torch.OutOfMemoryError) or any(sign in str(error) for sign in SIGNS)


def smaller(player: str, micro_batch: int, step: int) -> int:
    """Half of `micro_batch`, said in the log, after a half of a step that is to be done again."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    print(
        f"mapgan: train: out of memory in {player}'s half of step {step + 1}; doing it again with "
        f"machine.micro_batch {micro_batch // 2} instead of {micro_batch}",
        file=sys.stderr,
        flush=True,
    )
    return micro_batch // 2


@dataclass(frozen=True)
class StepProgress:
    """What is done of a step: so many of D's steps, of which the last one had these metrics."""

    d_steps: int = 0
    metrics: dict[str, Tensor] = field(default_factory=dict)


class StepOutOfMemory(MapganError):
    """Memory ran out and this process cannot help itself; everything is as it was before that half of the step.

    Attributes:
        begun: what was done of the step before.
    """

    def __init__(self, player: str, step: int, micro_batch: int, divisible: bool) -> None:
        remedy = "set machine.checkpointing=all, or a smaller size; `mapgan plan` shows what fits"
        if micro_batch > 1 and divisible:
            remedy = f"set machine.micro_batch={micro_batch // 2} and run again"
        elif micro_batch > 1:
            remedy = "set machine.checkpointing=all, or a smaller train.ghost_batch or size"
        super().__init__(f"train: out of memory in {player}'s half of step {step + 1}", remedy)
        self.progress = StepProgress()
