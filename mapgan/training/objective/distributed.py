"""Where the processes of a run meet: through Accelerate, with plain numbers, and all of them at the same places."""

from __future__ import annotations

import torch
from accelerate import Accelerator
from torch import nn


def all_agree(accelerator: Accelerator, well: bool) -> bool:
    """Whether all is `well` in every process."""
    if accelerator.num_processes == 1:
        return well
    troubles = torch.tensor(int(not well), device=accelerator.device)
    return int(accelerator.reduce(troubles, reduction="sum")) == 0


def all_equal(accelerator: Accelerator, number: int) -> bool:
    """Whether every process has the same `number`."""
    return len(set(accelerator.gather(torch.tensor([number], device=accelerator.device)).tolist())) == 1


@torch.no_grad()
def mean_gradients(accelerator: Accelerator, network: nn.Module) -> None:
    """Give each gradient of `network` its mean over the processes, each of which has as many images."""
    if accelerator.num_processes == 1:
        return
    gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]
    mean = accelerator.reduce(torch.cat([gradient.flatten() for gradient in gradients]), reduction="mean")
    for gradient, part in zip(gradients, mean.split([gradient.numel() for gradient in gradients]), strict=True):
        gradient.copy_(part.view(gradient.shape))
