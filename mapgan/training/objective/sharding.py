"""Which part of a batch a process does, and which images share statistics."""

from __future__ import annotations

from mapgan.errors import MapganError
from mapgan.params import Params


def local_indices(batch_size: int, processes: int, index: int) -> range:
    """The places in each global batch that process `index` of so many does.

    Raises:
        MapganError: the batch does not divide.
    """
    if batch_size % processes:
        raise MapganError(f"train.batch_size: {batch_size} does not divide among {processes} processes")
    local_batch = batch_size // processes
    return range(index * local_batch, (index + 1) * local_batch)


def ghost_batch(params: Params, local_batch: int) -> int:
    """Images that share batch statistics, for networks that have them: a matter of the result and not of memory.

    Raises:
        MapganError: a process's `local_batch` of the batch does not divide by it.
    """
    wanted = params.train.ghost_batch or params.train.batch_size
    if local_batch % wanted:
        raise MapganError(
            f"train.ghost_batch: {wanted} images share statistics, but each process has {local_batch}",
            "set train.ghost_batch to a number that divides that",
        )
    return wanted
