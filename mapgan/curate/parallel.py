"""Parallel map over images through joblib: by the cores of this machine, or by a Dask or Ray cluster.

A damaged image may crash its decoder, take all memory, or never end, so images are decoded in worker processes. When
one is lost, or an image takes too long, the images that were in work are tried again, each alone and with all the
memory that images may take. Most are unharmed; one that fails again is `Lost`.
"""

from __future__ import annotations

import contextlib
import faulthandler
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import TimeoutError as Overdue  # what joblib raises; not the built-in one
from typing import Any, TypeVar

from joblib import Parallel, cpu_count, delayed, parallel_config

from mapgan.curate.decode import NeedsMoreMemory, use_memory
from mapgan.errors import MapganError
from mapgan.params.machine import Machine
from mapgan.progress import Bar

Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[[Item], Result]

CLUSTERS = {"dask": 'pip install "mapgan[cluster]"', "ray": "pip install ray"}


@dataclass(frozen=True)
class Lost:
    """Why there is no result for an image."""

    reason: str


class _Again:
    """Stands for the result of an image that took too long, or needs more memory than a worker's share."""


def parallel_map(
    work: Work[Item, Result], items: Sequence[Item], machine: Machine, max_seconds: float, bar: Bar
) -> list[Result | Lost]:
    """`work(item)` for each item, in order; the same for any number and kind of workers.

    Args:
        work: a function of a module, or a partial of one, that workers can import.
        items: such as the records of images.
        machine: with the kind and the number of workers.
        max_seconds: that an item may take. Threads cannot be stopped: as threads, workers take as long as they need.
        bar: is advanced by one for each item.

    Raises:
        MapganError: the cluster cannot be reached.
    """
    results: dict[int, Result | Lost] = {}
    # a cluster loses workers in its own ways; what is wrong with the work itself shows again when it is tried here
    losses = (Exception,) if machine.backend in CLUSTERS else (BrokenProcessPool, Overdue)
    with _workers(machine):
        while len(results) < len(items):
            submitted: list[int] = []
            waiting = [index for index in range(len(items)) if index not in results]
            try:
                for index, result in _run(work, items, waiting, submitted, machine, max_seconds):
                    if not isinstance(result, _Again):
                        results[index] = result
                        bar.advance()
            except losses:
                if not submitted:
                    raise
            for index in submitted:
                if index not in results:
                    results[index] = _alone(work, items[index], max_seconds)
                    bar.advance()
    return [results[index] for index in range(len(items))]


@contextlib.contextmanager
def _workers(machine: Machine) -> Iterator[None]:
    """A context in which joblib uses the workers that `machine` asks for."""
    if machine.backend in CLUSTERS:
        context = _cluster(machine)
    elif machine.backend == "threads":
        context = parallel_config("threading", n_jobs=_count(machine))
    else:
        context = parallel_config("loky", n_jobs=max(2, _count(machine)))  # a single one would be this process itself
    with context:
        yield


def _count(machine: Machine) -> int:
    return machine.workers or int(cpu_count())


def _run(
    work: Work[Item, Result],
    items: Sequence[Item],
    waiting: Sequence[int],
    submitted: list[int],
    machine: Machine,
    max_seconds: float,
) -> Iterator[tuple[int, Result | _Again]]:
    """Indices and results of the `waiting` items, as they come; those given out are added to `submitted`."""
    in_cluster, in_threads = machine.backend in CLUSTERS, machine.backend == "threads"
    count = _count(machine)
    # of the memory for images; workers of a cluster know how many cores share theirs
    share = 0.0 if in_cluster else 1.0 if in_threads else 1 / count
    limit = math.inf if in_threads else max_seconds

    def tasks() -> Iterator[Any]:
        for index in waiting:
            submitted.append(index)
            yield delayed(_attempt)(work, index, items[index], share, limit, in_cluster)

    run = Parallel(
        # in order, the results behind a slow image would wait for it, and be lost with its worker
        return_as="generator_unordered",
        batch_size=1,  # so that joblib's time limit, which is for a batch, is one for an image
        timeout=None if in_threads else max_seconds,
        pre_dispatch=1 if count == 1 and not in_cluster else "2*n_jobs",
    )
    yield from run(tasks())


def _attempt(
    work: Work[Item, Result], index: int, item: Item, share: float, max_seconds: float, end: bool
) -> tuple[int, Result | _Again]:
    """Do the work, in a worker.

    Args:
        work: see `parallel_map`.
        index: of the item, which is returned with the result.
        item: one.
        share: of the memory that images may take; 0: of one core.
        max_seconds: that the item may take. Joblib sees only whether all workers are stuck.
        end: this process ends after them; joblib's time limit does not work on a cluster.
    """
    use_memory(share or 1 / cpu_count())
    if end:
        faulthandler.dump_traceback_later(max_seconds, exit=True)  # works in the midst of a decoder, too
    start = time.monotonic()
    try:
        result = work(item)
    except NeedsMoreMemory:
        return index, _Again()
    finally:
        if end:
            faulthandler.cancel_dump_traceback_later()
    return index, result if time.monotonic() - start <= max_seconds else _Again()


def _alone(work: Work[Item, Result], item: Item, max_seconds: float) -> Result | Lost:
    """Try again in a process of this machine, while nothing else is done."""
    with parallel_config("loky", n_jobs=2):
        Parallel()(delayed(os.getpid)() for _ in range(2))  # to start takes time that is not the image's
        try:
            ((_, result),) = Parallel(timeout=max_seconds)([delayed(_attempt)(work, 0, item, 1.0, math.inf, False)])
        except Overdue:
            return Lost(f"too slow: more than {max_seconds:g} seconds")
        except BrokenProcessPool:
            return Lost("crashes its decoder, or takes more memory than there is")
    found: Result = result
    return found


@contextlib.contextmanager
def _cluster(machine: Machine) -> Iterator[None]:
    """Makes joblib use the cluster at `machine.address`, or one that is started here if that is empty."""
    name, address = machine.backend, machine.address or None
    with contextlib.ExitStack() as stack:
        try:
            if name == "dask":
                from distributed import Client

                client = stack.enter_context(Client(address, set_as_default=False))  # type: ignore[no-untyped-call]
                stack.enter_context(parallel_config("dask", client=client))
            else:
                import ray
                from ray.util.joblib import register_ray

                stack.enter_context(ray.init(address))
                register_ray()
                stack.enter_context(parallel_config("ray"))
        except ImportError:
            raise MapganError(f"machine.backend: {name} is not installed", CLUSTERS[name]) from None
        except (OSError, ValueError, ConnectionError) as error:
            raise MapganError(f"machine.address: no {name} cluster at {address} ({error})", "is it started?") from None
        yield
