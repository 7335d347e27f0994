"""How a global batch is divided over processes and ghost batches."""

from __future__ import annotations

from mapgan.errors import MapganError
from mapgan.params import Params


def local_indices(batch_size: int, processes: int, process: int) -> range:
    """The indices of the global batch that process number `process` of `processes` computes.

    Raises:
        MapganError: the batch size is not divisible by the number of processes.
    """
    if batch_size % processes:
        raise MapganError(f"train.batch_size: {batch_size} is not divisible by the number of processes, {processes}")
    local_batch = batch_size // processes
    return range(process * local_batch, (process + 1) * local_batch)


def ghost_batch_size(params: Params, local_batch: int) -> int:
    """Images that share batch statistics, in networks with batch normalization (Hoffer et al. 2017, arXiv:1705.08741).

    It decides the result, so neither the memory plan nor running out of memory may change it.

    Raises:
        MapganError: the local batch of a process is not divisible by it.
    """
    size = params.train.ghost_batch or params.train.batch_size
    if local_batch % size:
        raise MapganError(
            f"train.ghost_batch: {size} images share statistics, but each process has {local_batch}",
            "set train.ghost_batch to a number that divides that",
        )
    return size
