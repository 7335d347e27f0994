"""Parallel map over images."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def parallel_map(work: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[Result]:
    """`work(item)` for each item, in order, by `workers` threads (0: one per core).

    Pillow and numpy release the GIL while they process pixels.
    """
    pool = ThreadPoolExecutor(workers or os.cpu_count() or 1)
    try:
        yield from pool.map(work, items)
    finally:
        pool.shutdown(cancel_futures=True)  # Ctrl-C waits only for the images in progress
