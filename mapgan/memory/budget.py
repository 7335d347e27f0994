"""How much of a device's memory tensors may take: never what is free just now, or no two runs would plan alike."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch

from mapgan.params import Machine
from mapgan.system_memory import total_memory

GIB = 2**30


@dataclass(frozen=True)
class Allowance:
    """What of a device's memory is not for tensors.

    Args:
        reserved: bytes that the allocator never gets.
        share: of the rest, the share that tensors may take.
    """

    reserved: int
    fraction: float


# cuda: the driver's context and the kernels' code lie outside of the allocator; inside it, the rest is for holes
# between blocks and cuDNN's workspaces. cpu: half is for Python and torch, what kernels take for themselves (oneDNN's
# bf16 convolutions held up to 18 % more than the tensors on a CPU with AVX2 alone), the page cache that holds the
# images, and everything else that runs. On an H200, bf16 peaks were 0.5 to 10 % above the prediction.
ALLOWANCES = {
    "cuda": Allowance(reserved=3 * GIB // 2, fraction=0.9),
    "mps": Allowance(reserved=0, fraction=0.8),
    "cpu": Allowance(reserved=0, fraction=0.5),
}


def device_budget(machine: Machine, device: torch.device, present: bool = True) -> int:
    """Bytes that the tensors of one process may take on `device`; arguments as for `assumed_memory`."""
    return int(allocator_limit(machine, device, present) * ALLOWANCES[device.type].fraction)


def allocator_limit(machine: Machine, device: torch.device, present: bool = True) -> int:
    """Bytes that the allocator may hold on `device`: those of the tensors, and the holes between them."""
    return max(0, assumed_memory(machine, device, present) - ALLOWANCES[device.type].reserved)


def assumed_memory(machine: Machine, device: torch.device, present: bool = True) -> int:
    """Bytes of memory that `device` is taken to have for one process, in use or not.

    Args:
        machine: `memory_gib` says so, if it is set.
        device: which.
        there: whether it is in this computer, and cannot be taken for more than it is.
    """
    given = int(machine.memory_gib * GIB)
    if given and not present:
        return given
    found = device_memory(device)
    return min(given, found) if given else found


def device_memory(device: torch.device) -> int:
    """Bytes of memory that `device` has for one process; those on one CPU share it evenly."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    if device.type == "mps":
        return torch.mps.recommended_max_memory()
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))  # on this machine, by torchrun and accelerate
    return total_memory() // processes


def gib(size: int) -> str:
    """`size` bytes in words: `1.50 GiB`."""
    return f"{size / GIB:.2f} GiB"
