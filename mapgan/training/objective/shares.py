"""Which part of a batch a process does, and which pictures share statistics."""

from __future__ import annotations

from mapgan.errors import MapganError
from mapgan.params import Params


def part_of_batch(batch_size: int, processes: int, index: int) -> range:
    """The places in each global batch that process `index` of so many does.

    Raises:
        MapganError: the batch does not divide.
    """
    if batch_size % processes:
        raise MapganError(f"train.batch_size: {batch_size} does not divide among {processes} processes")
    share = batch_size // processes
    return range(index * share, (index + 1) * share)


def norm_batch(params: Params, share: int) -> int:
    """Pictures that share batch statistics, for networks that have them: a matter of the result and not of memory.

    Raises:
        MapganError: a process's `share` of the batch does not divide by it.
    """
    wanted = params.train.norm_batch or params.train.batch_size
    if share % wanted:
        raise MapganError(
            f"train.norm_batch: {wanted} pictures share statistics, but each process has {share}",
            "set train.norm_batch to a number that divides that",
        )
    return wanted
