"""Measures the time and memory of one case: a real training step on synthetic images."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from cases import Case
from device_limits import Limits, Traffic, wait_for
from torch import Tensor

from mapgan.dataset import Dataset, Entry, open_dataset, write_dataset
from mapgan.errors import MapganError
from mapgan.memory.budget import device_budget
from mapgan.memory.meter import peak
from mapgan.memory.plan import Plan
from mapgan.params import Params
from mapgan.training.device import memory_plan
from mapgan.training.device.device import limit_memory, make_accelerator
from mapgan.training.objective.batches import Batches, BatchSource
from mapgan.training.objective.out_of_memory import is_out_of_memory
from mapgan.training.objective.step import Step
from mapgan.training.prepare import prepare

Row = dict[str, Any]

COUNTS: dict[Case, tuple[float, float]] = {}  # FLOPs and bytes of the uncompiled steps measured so far


def measure(case: Case, preset: str, device: torch.device, limits: Limits, folder: Path, seconds: float) -> Row:
    """A row of results, with an error in `note` if the case does not fit or cannot be compiled."""
    row = about(case)
    try:
        params = case.params(preset, device.type)
        plan = plan_of(params, case.size, device)
        row |= {"predicted": plan.cost.peak, "checkpointing": plan.cost.config.checkpointing}
        limit_memory(params.machine, device)
        with prepared(params, plan, images(folder, case), device, row) as step:
            if case.kind == "data":
                row |= data_loading(step, seconds)
            elif case.kind == "prediction":
                cycles(step, 0.0)
            else:
                row["seconds"] = min(cycles(step, seconds))  # other processes only ever slow it down
                row["images_per_second"] = case.batch / row["seconds"]
            row["micro_batch"] = step.micro_batch  # smaller than planned if memory ran out
            if device.type == "cuda":
                row |= {"later_peak": torch.cuda.max_memory_allocated(device)}
                row |= {"peak": max(row["peak"], row["later_peak"]), "reserved": torch.cuda.max_memory_reserved(device)}
            if case.kind in ("plan", "grid"):
                row |= fraction_of_limit(step, case, limits, row["seconds"])
    except (MapganError, RuntimeError) as error:
        oom = isinstance(error, RuntimeError) and is_out_of_memory(error)
        row["note"] = "out of memory" if oom else str(error).strip().splitlines()[0]
    return row


def about(case: Case) -> Row:
    """The columns of a row that identify its case."""
    loss = next((setting.partition("=")[2] for setting in case.settings if "loss" in setting), "")
    return {
        "kind": case.kind,
        "size": case.size,
        "batch": case.batch,
        "precision": case.precision,
        "checkpointing": case.checkpointing,
        "compile": case.compile,
        "memory": case.memory,
        "loss": loss + (", no penalty" if "train.penalty=0" in case.settings else ""),
    }


def plan_of(params: Params, size: int, device: torch.device) -> Plan:
    """The memory plan of a run; a given micro-batch and checkpointing are taken whether they fit or not.

    The images stay on the disk, because their size in the device's memory depends on the training set.
    """
    machine = params.machine
    if not machine.micro_batch:
        return memory_plan.plan(params, size, size, 0, device, 1)
    [cost] = memory_plan.costs(params, size, size, params.train.batch_size, device.type)
    return Plan(cost, device_budget(machine, device), resident=False)


def images(folder: Path, case: Case) -> Dataset:
    """A training set of noise, made once per size."""
    path, count = folder / f"{case.size}", 3 * 16
    if not path.is_dir():
        random = np.random.default_rng(0)
        noise = (random.integers(0, 256, (case.size, case.size, 3), dtype=np.uint8) for _ in range(count))
        write_dataset(path, (case.size, case.size), [Entry(f"{i}", f"{i}") for i in range(count)], [], noise)
    return open_dataset(path, verify=False)


@contextmanager
def prepared(params: Params, plan: Plan, dataset: Dataset, device: torch.device, row: Row) -> Iterator[Step]:
    """A `Step` after its first two steps, the second of which has the penalty and collects all metrics.

    `row` gets the peak memory up to then and the seconds of the two steps.
    """
    free_memory(device)
    accelerator = make_accelerator(params)
    try:
        with allocations(device, row):
            step = prepare(params, dataset, accelerator, plan)
            step.divisible = params.machine.checkpointing == "auto"  # if not, keep to the configuration of the case
            start = time.perf_counter()
            every = params.train.penalty_every
            for number in (every - 2, every - 1):
                step.collect_stats = number == every - 1
                step(number)
            wait_for(device)
            row["first_seconds"] = time.perf_counter() - start
        step.collect_stats = False
        yield step
    finally:
        accelerator.free_memory()
        torch._dynamo.reset()


def free_memory(device: torch.device) -> None:
    """Free what the previous case left in memory."""
    gc.collect()
    if device.type == "cuda":
        torch._C._cuda_clearCublasWorkspaces()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


@contextmanager
def allocations(device: torch.device, row: Row) -> Iterator[None]:
    """Write the peak bytes of the device's allocator within the block to `row`; on the CPU the profiler counts them.

    On a GPU they include the workspaces of cuDNN's benchmarks, which run in the first steps.
    """
    if device.type == "cuda":
        yield
        row["peak"] = row["first_peak"] = torch.cuda.max_memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        return
    with torch.autograd.profiler.profile(profile_memory=True) as profile:
        yield
    assert profile.kineto_results is not None
    events = [event for event in profile.kineto_results.events() if event.name() == "[memory]"]
    row["peak"] = peak(event.nbytes() for event in sorted(events, key=lambda event: event.start_ns()))


def cycles(step: Step, seconds: float, first: int = 1, least: int = 1) -> list[float]:
    """Seconds per step, averaged over each cycle from one penalty to the next, for at least `least` cycles."""
    every, device = step.settings.penalty_every, step.accelerator.device
    times: list[float] = []
    begin = time.perf_counter()
    while len(times) < least or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        for number in range(every * (first + len(times)), every * (first + len(times) + 1)):
            step(number)
        wait_for(device)
        times.append((time.perf_counter() - start) / every)
    return times


def fraction_of_limit(step: Step, case: Case, limits: Limits, seconds: float) -> Row:
    """The time of a step's arithmetic or memory traffic at the device's limits, whichever is longer, over `seconds`."""
    uncompiled = replace(case, compile=False)
    if not case.compile:
        COUNTS[uncompiled] = counts(step)
    if uncompiled not in COUNTS:
        return {}
    flops, traffic = COUNTS[uncompiled]
    times = {"arithmetic": flops / limits.flops[case.precision], "bytes": traffic / limits.bytes}
    limit = max(times, key=lambda name: times[name])
    return {"flops": flops, "bytes": traffic, "fraction_of_limit": times[limit] / seconds, "limit": limit}


def counts(step: Step) -> tuple[float, float]:
    """FLOPs and bytes of a step, averaged over a cycle from one penalty to the next."""
    every = step.settings.penalty_every
    flops = bytes_moved = 0.0
    for number, fraction in ((every - 2, (every - 1) / every), (every - 1, 1 / every)):
        with Traffic() as traffic:
            step(number)
        flops += fraction * traffic.flops
        bytes_moved += fraction * traffic.bytes
    return flops, bytes_moved


class FixedBatch:
    """A `BatchSource` with the same images and latents in each step, from the device's memory.

    Args:
        batches: source of the first batch, and in each step of all other random numbers, which are part of the step.
    """

    def __init__(self, batches: BatchSource) -> None:
        self.batches = batches
        self.cache: dict[tuple[str, range], Tensor] = {}

    def real(self, step: int, indices: range) -> Tensor:
        """`[B, 3, H, W]`."""
        if ("real", indices) not in self.cache:
            self.cache["real", indices] = self.batches.real(step, indices)
        return self.cache["real", indices]

    def labels(self, step: int, indices: range) -> tuple[Tensor, ...]:
        """`[B]`, or nothing."""
        return self.batches.labels(step, indices)

    def latents(self, purpose: str, step: int, indices: range) -> Tensor:
        """`[B, latent]`."""
        if (purpose, indices) not in self.cache:
            self.cache[purpose, indices] = self.batches.latents(purpose, step, indices)
        return self.cache[purpose, indices]

    def noise(self, images: Tensor, purpose: str, step: int, indices: range) -> Tensor:
        """`[B, 3, H, W]`."""
        return self.batches.noise(images, purpose, step, indices)

    def keys(self, purpose: str, step: int, indices: range) -> Tensor:
        """`[B]`."""
        return self.batches.keys(purpose, step, indices)

    def uniform(self, purpose: str, step: int, indices: range, count: int = 1) -> Tensor:
        """`[B, count]`."""
        return self.batches.uniform(purpose, step, indices, count)


def data_loading(step: Step, seconds: float) -> Row:
    """Seconds per step with a fixed batch, with images from the disk and with images in the device's memory.

    The three alternate, so that changes of the machine's speed affect all of them, and for longer than other cases,
    because the differences are small.
    """
    disk = step.batches
    assert isinstance(disk, Batches)
    resident = Batches(disk.images, disk.seed, disk.settings, disk.latent, disk.indices, disk.device, resident=True)
    sources: dict[str, BatchSource] = {"fixed": FixedBatch(disk), "disk": disk, "device": resident}
    times: dict[str, list[float]] = {name: [] for name in sources}
    begin, rounds = time.perf_counter(), 0
    while rounds < 4 or time.perf_counter() - begin < 6 * seconds:
        rounds += 1
        for name, batches in sources.items():
            step.batches = batches
            measured = cycles(step, 0.0, first=rounds)
            times[name] += measured if rounds > 1 else []  # the first round loads the fixed batch
    step.batches = disk
    row: Row = {f"{name}_seconds": min(times[name]) for name in sources}
    overhead = {f"{name}_overhead": row[f"{name}_seconds"] / row["fixed_seconds"] - 1 for name in ("disk", "device")}
    return row | overhead | {"rounds": rounds - 1}
