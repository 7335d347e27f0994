"""The part of a device's memory that tensors may take.

It does not depend on what is free at the moment, or no two runs would have the same plan.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch

from mapgan.params import Machine
from mapgan.system_memory import total_memory

GIB = 2**30


@dataclass(frozen=True)
class Allowance:
    """The part of a device's memory that is not available for tensors.

    Args:
        reserved: bytes that the allocator never gets.
        fraction: of the rest that tensors may take.
    """

    reserved: int
    fraction: float


# cuda: the context of the driver and the code of kernels are outside of the allocator; inside it, the rest is for
# fragmentation and workspaces of cuDNN (on an H200, bf16 peaks were 0.5 to 10 % above the prediction). cpu: half is
# for Python and torch, workspaces of kernels (oneDNN's bf16 convolutions held up to 18 % more than the tensors on a
# CPU with AVX2 only), the page cache with the images, and other processes.
ALLOWANCES = {
    "cuda": Allowance(reserved=3 * GIB // 2, fraction=0.9),
    "mps": Allowance(reserved=0, fraction=0.8),
    "cpu": Allowance(reserved=0, fraction=0.5),
}


def device_budget(machine: Machine, device: torch.device, present: bool = True) -> int:
    """Bytes that the tensors of one process may take on `device`; arguments as for `assumed_memory`."""
    return int(allocator_limit(machine, device, present) * ALLOWANCES[device.type].fraction)


def allocator_limit(machine: Machine, device: torch.device, present: bool = True) -> int:
    """Bytes that the allocator may hold on `device`, fragmentation included; arguments as for `assumed_memory`."""
    return max(0, assumed_memory(machine, device, present) - ALLOWANCES[device.type].reserved)


def assumed_memory(machine: Machine, device: torch.device, present: bool = True) -> int:
    """Bytes of memory that `device` is assumed to have for one process, in use or not.

    Args:
        machine: `memory_gib`, if it is set.
        device: of the networks.
        present: whether it is in this computer, so that its real memory is the limit.
    """
    configured = int(machine.memory_gib * GIB)
    if configured and not present:
        return configured
    found = device_memory(device)
    return min(configured, found) if configured else found


def device_memory(device: torch.device) -> int:
    """Bytes of memory that `device` has for one process; processes on one CPU share it evenly."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    if device.type == "mps":
        return torch.mps.recommended_max_memory()
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))  # on this machine, by torchrun and accelerate
    return total_memory() // processes


def gib(size: int) -> str:
    """`size` bytes as text: `1.50 GiB`."""
    return f"{size / GIB:.2f} GiB"
