"""Statistics of a step that are only computed when a row is logged."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mapgan.networks.stack import Stack

SATURATED = 0.99


def gradient_norms(name: str, network: nn.Module) -> dict[str, Tensor]:
    """L2 norms of the gradients of `network`, which is called `name` (D or G): of each block, and of the whole."""
    norms = {
        f"grad_norm_{name}.{block_name}": torch.stack(torch._foreach_norm(gradients)).norm()
        for block_name, block in _blocks(network)
        if (gradients := [weight.grad for weight in block.parameters() if weight.grad is not None])
    }
    return {f"grad_norm_{name}": torch.stack(list(norms.values())).norm(), **norms} if norms else {}


@torch.no_grad()
def saturation(real: Tensor, fake: Tensor) -> dict[str, Tensor]:
    """The fraction of values near -1 or 1 in real and fake images, `[B, 3, H, W]`, where the tanh of G is flat."""
    both = {"saturated_real": real, "saturated_fake": fake}
    return {name: (images.abs() > SATURATED).float().mean() for name, images in both.items()}


def _blocks(network: nn.Module) -> list[tuple[str, nn.Module]]:
    """The blocks of a network, by name."""
    found: list[tuple[str, nn.Module]] = []
    for name, child in network.named_children():
        if isinstance(child, Stack):
            found += [(f"{name}.{index}", block) for index, block in enumerate(child)]
        elif any(isinstance(module, Stack) for module in child.modules()):  # the inner network of a conditional one
            found += _blocks(child)
        else:
            found.append((name, child))
    return found
