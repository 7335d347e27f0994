"""A sequence of blocks with gradient checkpointing.

Chen et al. 2016, 'Training Deep Nets with Sublinear Memory Cost' (arXiv:1604.06174).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

Checkpointing = Literal["none", "high", "all"]
HIGH_BLOCKS = 2


class Stack(nn.ModuleList):
    """A sequence of blocks.

    Args:
        blocks: the blocks, from input to output.
        high_res: the end with the highest resolution, and so with the largest activations.
        skip: if not 0, each block also gets the input of the block `skip` blocks before it, as keyword argument
            `low_res` (None for the first blocks).
    """

    def __init__(self, blocks: list[nn.Module], high_res: Literal["first", "last"], skip: int = 0) -> None:
        super().__init__(blocks)
        self.high_res, self.skip = high_res, skip
        self.recomputed: frozenset[int] = frozenset()

    def forward(self, x: Tensor, **kwargs: Any) -> Tensor:
        """Apply all blocks to `x`; each of them also gets the keyword arguments."""
        for x in self.outputs(x, **kwargs):  # noqa: B007, B020
            pass
        return x

    def outputs(self, x: Tensor, **kwargs: Any) -> Iterator[Tensor]:
        """The output of each block, one after the other."""
        inputs: list[Tensor] = []
        for index, block in enumerate(self):
            if self.skip:
                inputs.append(x)
                kwargs["low_res"] = inputs[index - self.skip] if index >= self.skip else None
            kept = index not in self.recomputed or not torch.is_grad_enabled()
            x = block(x, **kwargs) if kept else recompute(block, x, **kwargs)
            yield x


def set_checkpointing(network: nn.Module, mode: Checkpointing) -> None:
    """Set which blocks of each stack in `network` are recomputed: none, those at high resolution, or all."""
    for stack in network.modules():
        if isinstance(stack, Stack):
            indices = range(len(stack))
            high = indices[:HIGH_BLOCKS] if stack.high_res == "first" else indices[-HIGH_BLOCKS:]
            stack.recomputed = frozenset({"none": (), "high": high, "all": indices}[mode])


# torch.compile has no checkpoints with contexts of their own, so it compiles what is within them
@torch.compiler.disable(recursive=False)  # type: ignore[no-untyped-call, untyped-decorator]
def recompute(block: nn.Module, x: Tensor, **kwargs: Any) -> Tensor:
    """`block(x, **kwargs)` with gradient checkpointing: only its inputs are saved, and the backward pass runs it again.

    Not reentrant, as gradient penalties differentiate through it. The second run does not update the running
    statistics of batch normalization, as the first one already has.
    """

    def contexts() -> tuple[contextlib.AbstractContextManager[None], contextlib.AbstractContextManager[None]]:
        return contextlib.nullcontext(), _FrozenStatistics(block)

    result: Tensor = checkpoint(block, x, use_reentrant=False, context_fn=contexts, **kwargs)
    return result


class _FrozenStatistics(contextlib.AbstractContextManager[None]):
    """Keeps running statistics unchanged, by a momentum of 0, as autograd needs the same operations again.

    It can be entered repeatedly: a second derivative runs the block a third time.
    """

    def __init__(self, block: nn.Module) -> None:
        self.block, self.norms = block, list[tuple[_BatchNorm, float | None]]()

    def __enter__(self) -> None:
        modules = [module for module in self.block.modules() if isinstance(module, _BatchNorm) and module.training]
        self.norms = [(norm, norm.momentum) for norm in modules]
        for norm, _ in self.norms:
            norm.momentum = 0.0

    def __exit__(self, *error: object) -> None:
        for norm, momentum in self.norms:
            norm.momentum = momentum
            if norm.num_batches_tracked is not None:
                norm.num_batches_tracked.sub_(1)
