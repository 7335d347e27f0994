"""`mapgan plan`: the memory that a training step needs, and which micro-batch and checkpointing fit."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch

from mapgan import files
from mapgan.curate.label_maps import LABEL_SQUARE
from mapgan.errors import MapganError
from mapgan.memory.budget import GIB, allocator_limit, assumed_memory, device_budget, gib
from mapgan.memory.plan import StepCost, choose_config
from mapgan.memory.summary import align_columns
from mapgan.params import Machine, Params, load
from mapgan.params.parsing import parse_size
from mapgan.params.reading import parse_yaml
from mapgan.params.writing import merge_into
from mapgan.training.device.device import find_device
from mapgan.training.device.memory_plan import SMALLER, MemoryEstimator

DEFAULT_PARAMS = Path("params.yaml")
ASSUMED_LABELS = 10  # the number is known once the set is made, and matters little


def plan(
    params: Path | None, preset: str | None, settings: list[str], size: str | None, memory: float | None, write: bool
) -> str:
    """A table of all micro-batches and kinds of checkpointing, what each needs in one process, and which is chosen.

    Args:
        params: a file of settings; None for `params.yaml`, if there is one here.
        preset: overrides the file.
        settings: `KEY=VALUE` settings, which override both.
        size: pixels, such as 768x768; None for `resize.width` and `resize.height`.
        memory: GiB of a card, which need not be present; None for `machine.memory_gib`.
        write: write the choice into the file of settings.

    Raises:
        MapganError: a setting is wrong, or nothing fits.
    """
    chosen = load_here(params, preset, settings, _options(size, memory))
    target = params or DEFAULT_PARAMS
    if write and not target.is_file():
        raise MapganError(f"{target}: no such file", "name the file to write to with --params")
    device = _device(chosen.machine)
    present = memory is None and (device.type != "cuda" or torch.cuda.is_available())
    start = time.monotonic()
    free = chosen.machine.model_copy(update={"micro_batch": 0, "checkpointing": "auto"})
    estimator = MemoryEstimator(
        chosen.model_copy(update={"machine": free}),
        chosen.resize.width,
        chosen.resize.height,
        chosen.train.batch_size,
        device.type,
        *assumed_labels(chosen),
    )
    costs = [estimator.cost(config) for config in estimator.step_configs()]
    choice = choose_config(costs, device_budget(chosen.machine, device, present), SMALLER)
    lines = [
        _heading(chosen),
        _memory(chosen.machine, device, present),
        *_table(costs, choice),
        f"predicted in {time.monotonic() - start:.1f} s by a training step on tensors without memory",
        *_restrictions(chosen.machine),
    ]
    if write:
        lines.append(_write(target, choice, memory))
    return "\n".join(lines)


def load_here(
    params: Path | None, preset: str | None, settings: list[str], options: dict[str, Any] | None = None
) -> Params:
    """Settings over the file `params`, or over the `params.yaml` of this folder if there is one."""
    return load(DEFAULT_PARAMS if params is None and DEFAULT_PARAMS.is_file() else params, preset, settings, options)


def assumed_labels(params: Params) -> tuple[int, int]:
    """How many labels the training set is assumed to have, and the side of their squares, pixels; 0 for none."""
    condition = params.dataset.condition
    return 0 if condition == "none" else ASSUMED_LABELS, LABEL_SQUARE if condition == "map" else 0


def _options(size: str | None, memory: float | None) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if size is not None:
        try:
            width, height = parse_size(size)
        except ValueError as error:
            raise MapganError(f"--size {size}: {error}") from None
        options["resize"] = {"width": width, "height": height}
    if memory is not None:
        options["machine"] = {"memory_gib": memory}
    return options


def _device(machine: Machine) -> torch.device:
    """The device to plan for: a card that need not be present, if its memory is set."""
    if machine.memory_gib and machine.device in ("auto", "cuda"):
        return torch.device("cuda", 0)
    return find_device(machine)


def _heading(params: Params) -> str:
    train, resize = params.train, params.resize
    penalty = f"penalty {train.penalty:g} ({train.penalty_kind})" if train.penalty else "no penalty"
    return (
        f"{resize.width} x {resize.height} pixels, batch of {train.batch_size} in one process, {train.network}, "
        f"precision {train.precision}, {train.loss} loss, {penalty}"
        + (f", {ASSUMED_LABELS} labels assumed" if params.dataset.condition != "none" else "")
    )


def _memory(machine: Machine, device: torch.device, present: bool) -> str:
    kind = {"cuda": "a card", "mps": "a GPU", "cpu": "a CPU"}[device.type]
    total, limit, budget = (of(machine, device, present) for of in (assumed_memory, allocator_limit, device_budget))
    return f"{kind} with {gib(total)}, of which the allocator gets {gib(limit)} and tensors may take {gib(budget)}"


def _table(costs: list[StepCost], choice: StepCost) -> list[str]:
    """A row for each configuration; arithmetic is relative to the cheapest one."""
    least = min(cost.flops for cost in costs)
    rows = [["checkpointing", "micro-batch", "predicted GiB", "arithmetic"]]
    for cost in costs:
        config = cost.config
        cells = [config.checkpointing, str(config.micro_batch), f"{cost.peak / GIB:.2f}", f"{cost.flops / least:.2f}"]
        rows.append(cells)
    marks = ["", *("  <- choice" if cost is choice else "" for cost in costs)]
    return [line + mark for line, mark in zip(align_columns(rows, left=1), marks, strict=True)]


def _restrictions(machine: Machine) -> list[str]:
    """A line if the settings restrict the choice that training has."""
    if not machine.micro_batch and machine.checkpointing == "auto":
        return []
    return [
        f"the settings restrict training to machine.micro_batch {machine.micro_batch or 'any'}, machine.checkpointing "
        f"{machine.checkpointing}, whatever is chosen here; --write replaces them"
    ]


def _write(target: Path, choice: StepCost, memory: float | None) -> str:
    """Put the choice into the `machine` section of the file `target`, whose comments are kept."""
    load(target)  # do not touch a file that is already invalid
    section: dict[str, object] = {
        "micro_batch": choice.config.micro_batch,
        "checkpointing": choice.config.checkpointing,
        **({} if memory is None else {"memory_gib": memory}),
    }
    merged = merge_into(target.read_text(encoding="utf-8"), {"machine": section})
    parse_yaml(merged, str(target))
    files.write_text(target, merged)
    written = ", ".join(f"machine.{key} {value}" for key, value in section.items())
    return f"{target} now holds {written}"
