"""Measures of a step that are only worth their time when a row is logged."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mapgan.networks.stack import Stack

SATURATED = 0.99


def gradient_norms(player: str, network: nn.Module) -> dict[str, Tensor]:
    """The norm of the gradient of each block of `network`, and of all of it."""
    norms = {
        f"grad_norm_{player}.{name}": torch.stack(torch._foreach_norm(gradients)).norm()
        for name, block in _blocks(network)
        if (gradients := [weight.grad for weight in block.parameters() if weight.grad is not None])
    }
    return {f"grad_norm_{player}": torch.stack(list(norms.values())).norm(), **norms} if norms else {}


@torch.no_grad()
def saturation(real: Tensor, fake: Tensor) -> dict[str, Tensor]:
    """The share of values close to -1 or 1 in real and generated images, `[B, 3, H, W]`; generated ones come from a tanh."""
    fractions = {"saturated_real": real, "saturated_fake": fake}
    return {name: (images.abs() > SATURATED).float().mean() for name, images in fractions.items()}


def _blocks(network: nn.Module) -> list[tuple[str, nn.Module]]:
    """The parts of a network that people think of as its blocks, by name."""
    found: list[tuple[str, nn.Module]] = []
    for name, child in network.named_children():
        if isinstance(child, Stack):
            found += [(f"{name}.{index}", block) for index, block in enumerate(child)]
        elif any(isinstance(module, Stack) for module in child.modules()):  # a network within one that knows labels
            found += _blocks(child)
        else:
            found.append((name, child))
    return found
