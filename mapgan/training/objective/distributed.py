"""Collectives of a run: everything that its processes exchange, through Accelerate and with plain numbers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from accelerate import Accelerator
from torch import nn


def all_true(accelerator: Accelerator, condition: bool) -> bool:
    """Whether `condition` is true in every process."""
    if accelerator.num_processes == 1:
        return condition
    failures = torch.tensor(int(not condition), device=accelerator.device)
    return int(accelerator.reduce(failures, reduction="sum")) == 0


def all_equal(accelerator: Accelerator, number: int) -> bool:
    """Whether `number` is the same in every process."""
    return len(set(accelerator.gather(torch.tensor([number], device=accelerator.device)).tolist())) == 1


@torch.no_grad()
def reduce_gradients(accelerator: Accelerator, network: nn.Module, flags: Sequence[bool]) -> list[bool]:
    """Average the gradients of `network` over the processes, and return which `flags` any process has set.

    Gradients and flags share one collective. It comes after the last backward pass, and not within it as with
    DistributedDataParallel: a process that ran out of memory still takes part, with zeros and its flag.
    """
    if accelerator.num_processes == 1:
        return list(flags)
    weights = list(network.parameters())
    gradients = [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in weights]
    flat = torch.cat([*(gradient.flatten() for gradient in gradients), gradients[0].new_tensor(list(flags))])
    mean = accelerator.reduce(flat, reduction="mean")
    parts = mean.split([*(weight.numel() for weight in weights), len(flags)])
    for weight, part in zip(weights, parts, strict=False):
        if weight.grad is not None:
            weight.grad.copy_(part.view(weight.shape))
    return [value > 0 for value in parts[-1].tolist()]
