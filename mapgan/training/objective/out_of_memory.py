"""Running out of memory in the middle of a step: smaller micro-batches, or an orderly end."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mapgan.errors import MapganError

# the CPU's allocator and cuBLAS raise plain RuntimeErrors
MESSAGES = (
    "can't allocate memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "MPS backend out of memory",
)


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether `error` says that the device has no memory left."""
    return isinstance(error, torch.OutOfMemoryError) or any(message in str(error) for message in MESSAGES)


def halve_micro_batch(network: str, micro_batch: int, step: int) -> int:
    """Half of `micro_batch`, with which the update of `network` (D or G) in `step` is to be repeated; logs it."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    print(
        f"mapgan: train: out of memory in {network}'s update of step {step + 1}; repeating it with "
        f"machine.micro_batch {micro_batch // 2} instead of {micro_batch}",
        file=sys.stderr,
        flush=True,
    )
    return micro_batch // 2


@dataclass(frozen=True)
class StepProgress:
    """How far a step got: the number of D's updates that are done, and the metrics of the last one."""

    d_steps: int = 0
    metrics: dict[str, Tensor] = field(default_factory=dict)


class StepOutOfMemory(MapganError):
    """Memory ran out in an update and a smaller micro-batch cannot help; all weights are as before that update.

    Attributes:
        progress: the part of the step that was done before.
    """

    def __init__(self, network: str, step: int, micro_batch: int, divisible: bool) -> None:
        remedy = "set machine.checkpointing=all, or a smaller size; `mapgan plan` shows what fits"
        if micro_batch > 1 and divisible:
            remedy = f"set machine.micro_batch={micro_batch // 2} and run again"
        elif micro_batch > 1:
            remedy = "set machine.checkpointing=all, or a smaller train.ghost_batch or size"
        super().__init__(f"train: out of memory in {network}'s update of step {step + 1}", remedy)
        self.progress = StepProgress()
