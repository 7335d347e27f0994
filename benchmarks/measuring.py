"""Measures one case: a real training step on synthetic images, its time and its memory."""

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

COUNTED: dict[Case, tuple[float, float]] = {}  # arithmetic and bytes, of steps that were not compiled


def measure(case: Case, preset: str, device: torch.device, limits: Limits, folder: Path, seconds: float) -> Row:
    """A row of results; one that says what went wrong, if the case does not fit or cannot be compiled."""
    row = about(case)
    try:
        params = case.params(preset, device.type)
        plan = plan_of(params, case.size, device)
        row |= {"predicted": plan.cost.peak, "checkpointing": plan.cost.config.checkpointing}
        limit_memory(params.machine, device)
        with prepared(params, plan, images(folder, case), device, row) as step:
            if case.kind == "data":
                row |= data_share(step, seconds)
            elif case.kind == "prediction":
                cycles(step, 0.0)
            else:
                row["seconds"] = min(cycles(step, seconds))  # what else ran on the machine only made it slower
                row["images_per_second"] = case.batch / row["seconds"]
            row["micro_batch"] = step.micro_batch  # smaller than planned, if memory ran out
            if device.type == "cuda":
                row |= {"later_peak": torch.cuda.max_memory_allocated(device)}
                row |= {"peak": max(row["peak"], row["later_peak"]), "reserved": torch.cuda.max_memory_reserved(device)}
            if case.kind in ("plan", "grid"):
                row |= share_of_limit(step, case, limits, row["seconds"])
    except (MapganError, RuntimeError) as error:
        out = isinstance(error, RuntimeError) and is_out_of_memory(error)
        row["note"] = "out of memory" if out else str(error).strip().splitlines()[0]
    return row


def about(case: Case) -> Row:
    """The columns that say what a row is of."""
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
    """The plan that a run would make; where micro-batch and checkpointing are given, that way, whether it fits or not.

    Images are read from the disk: what a training set takes on the device depends on the set.
    """
    machine = params.machine
    if not machine.micro_batch:
        return memory_plan.plan(params, size, size, 0, device, 1)
    [cost] = memory_plan.costs(params, size, size, params.train.batch_size, device.type)
    return Plan(cost, device_budget(machine, device), resident=False)


def images(folder: Path, case: Case) -> Dataset:
    """A training set of noise, made once for each size."""
    index, count = folder / f"{case.size}", 3 * 16
    if not index.is_dir():
        random = np.random.default_rng(0)
        made = (random.integers(0, 256, (case.size, case.size, 3), dtype=np.uint8) for _ in range(count))
        write_dataset(index, (case.size, case.size), [Entry(f"{i}", f"{i}") for i in range(count)], [], made)
    return open_dataset(index, verify=False)


@contextmanager
def prepared(params: Params, plan: Plan, dataset: Dataset, device: torch.device, row: Row) -> Iterator[Step]:
    """A `Step` after its first two steps, the second one with the penalty and all that the log wants.

    `row` gets the peak of memory until then, and the seconds that the two steps took.
    """
    forget(device)
    accelerator = make_accelerator(params)
    try:
        with allocations(device, row):
            step = prepare(params, dataset, accelerator, plan)
            step.divisible = params.machine.checkpointing == "auto"  # otherwise another way would be measured
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


def forget(device: torch.device) -> None:
    """Give back what the case before held."""
    gc.collect()
    if device.type == "cuda":
        torch._C._cuda_clearCublasWorkspaces()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


@contextmanager
def allocations(device: torch.device, row: Row) -> Iterator[None]:
    """Give `row` the most bytes that the device's allocator held in the block; on the CPU its profiler counts them.

    On a GPU that includes what cuDNN took to try its kernels, which it does at the first steps.
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
    """Seconds for a step, the mean over each cycle from one penalty to the next, for as long as there is time."""
    every, device = step.settings.penalty_every, step.accelerator.device
    found: list[float] = []
    progress = time.perf_counter()
    while len(found) < least or time.perf_counter() - progress < seconds:
        start = time.perf_counter()
        for number in range(every * (first + len(found)), every * (first + len(found) + 1)):
            step(number)
        wait_for(device)
        found.append((time.perf_counter() - start) / every)
    return found


def share_of_limit(step: Step, case: Case, limits: Limits, seconds: float) -> Row:
    """How near a step comes to the time that its arithmetic or its bytes would take at best, whichever is longer."""
    plain = replace(case, compile=False)
    if not case.compile:
        COUNTED[plain] = counts(step)
    if plain not in COUNTED:
        return {}
    flops, moved = COUNTED[plain]
    times = {"arithmetic": flops / limits.flops[case.precision], "bytes": moved / limits.bytes}
    binding = max(times, key=lambda name: times[name])
    return {"flops": flops, "bytes": moved, "share": times[binding] / seconds, "binds": binding}


def counts(step: Step) -> tuple[float, float]:
    """Arithmetic and bytes of a step, the mean over a cycle from one penalty to the next."""
    every = step.settings.penalty_every
    flops = moved = 0.0
    for number, fraction in ((every - 2, (every - 1) / every), (every - 1, 1 / every)):
        with Traffic() as traffic:
            step(number)
        flops += fraction * traffic.flops
        moved += fraction * traffic.bytes
    return flops, moved


class Fixed:
    """A `BatchSource` that gives the same images and latents at each step, from the device's memory.

    Args:
        supply: whose first ones to give; everything else is drawn anew, as it is a part of the step.
    """

    def __init__(self, batches: BatchSource) -> None:
        self.batches = batches
        self.kept: dict[tuple[str, range], Tensor] = {}

    def real(self, step: int, indices: range) -> Tensor:
        """`[B, 3, H, W]`."""
        if ("real", indices) not in self.kept:
            self.kept["real", indices] = self.batches.real(step, indices)
        return self.kept["real", indices]

    def labels(self, step: int, indices: range) -> tuple[Tensor, ...]:
        """`[B]`, or nothing."""
        return self.batches.labels(step, indices)

    def latents(self, purpose: str, step: int, indices: range) -> Tensor:
        """`[B, latent]`."""
        if (purpose, indices) not in self.kept:
            self.kept[purpose, indices] = self.batches.latents(purpose, step, indices)
        return self.kept[purpose, indices]

    def noise(self, images: Tensor, purpose: str, step: int, indices: range) -> Tensor:
        """`[B, 3, H, W]`."""
        return self.batches.noise(images, purpose, step, indices)

    def keys(self, purpose: str, step: int, indices: range) -> Tensor:
        """`[B]`."""
        return self.batches.keys(purpose, step, indices)

    def uniform(self, purpose: str, step: int, indices: range, count: int = 1) -> Tensor:
        """`[B, count]`."""
        return self.batches.uniform(purpose, step, indices, count)


def data_share(step: Step, seconds: float) -> Row:
    """Seconds for a step with a fixed batch, and with images from the disk and from the device's memory.

    In turns, so that a machine that gets slower or faster does so for all of them, and longer than other cases: what is
    looked for is small.
    """
    stored = step.batches
    assert isinstance(stored, Batches)
    kept = Batches(
        stored.images, stored.seed, stored.settings, stored.latent, stored.indices, stored.device, resident=True
    )
    step_configs: dict[str, BatchSource] = {"fixed": Fixed(stored), "disk": stored, "device": kept}
    found: dict[str, list[float]] = {name: [] for name in step_configs}
    progress, turn = time.perf_counter(), 0
    while turn < 4 or time.perf_counter() - progress < 6 * seconds:
        turn += 1
        for name, batches in step_configs.items():
            step.batches = batches
            times = cycles(step, 0.0, first=turn)
            found[name] += times if turn > 1 else []  # at first, the fixed batch is still being fetched
    step.batches = stored
    row: Row = {f"{name}_seconds": min(times) for name, times in found.items()}
    more = {f"{name}_more": row[f"{name}_seconds"] / row["fixed_seconds"] - 1 for name in ("disk", "device")}
    return row | more | {"turns": turn - 1}
