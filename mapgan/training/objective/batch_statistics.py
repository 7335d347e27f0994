"""Running statistics of batch normalization, the same for any number of processes.

In each forward pass of a ghost batch with statistics b, batch normalization updates r <- (1 - m) r + m b. One process
does that for all ghost batches of a step in turn. Each of P processes does it for its own k, starting from the same r0,
and ends with r_p; since an update is linear in r, one process would have ended with

    r = (1 - m)^(k P) r0 + sum_p (1 - m)^(k (P - 1 - p)) (r_p - (1 - m)^k r0)
"""

from __future__ import annotations

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


class BatchStatistics:
    """The running statistics of some networks before the forward passes that are to come.

    Args:
        networks: which; without batch normalization there is nothing to do.
    """

    def __init__(self, *networks: nn.Module) -> None:
        self.norms = [m for network in networks for m in network.modules() if isinstance(m, _BatchNorm)]
        self.before = [[buffer.clone() for buffer in norm.buffers()] for norm in self.norms]

    @torch.no_grad()
    def restore(self) -> None:
        """Undo all updates since."""
        for norm, before in zip(self.norms, self.before, strict=True):
            for buffer, value in zip(norm.buffers(), before, strict=True):
                buffer.copy_(value)

    @torch.no_grad()
    def merge(self, accelerator: Accelerator) -> None:
        """Give every process the statistics that one process would have, in one collective."""
        processes = accelerator.num_processes
        if processes == 1 or not self.norms:
            return
        stats = [buffer for norm in self.norms for buffer in norm.buffers() if buffer.is_floating_point()]
        local = torch.cat([buffer.flatten() for buffer in stats])
        gathered = accelerator.gather(local[None])  # [P, N]
        parts = iter(gathered.split([buffer.numel() for buffer in stats], dim=1))
        for norm, before in zip(self.norms, self.before, strict=True):
            *r0, count = before
            passes = int(norm.num_batches_tracked - count)  # type: ignore[operator]
            keep = (1 - (norm.momentum or 0.0)) ** passes
            for buffer, start in zip(norm.buffers(), r0, strict=False):
                buffer.copy_(_merged(next(parts), start, keep))
            norm.num_batches_tracked.copy_(count + passes * processes)  # type: ignore[union-attr]


def _merged(ends: Tensor, start: Tensor, keep: float) -> Tensor:
    """The formula above; `ends` `[P, C]`, `start` `[C]`, and `keep` (1 - m)^k."""
    merged = start
    for end in ends:
        merged = keep * merged + (end - keep * start)
    return merged
