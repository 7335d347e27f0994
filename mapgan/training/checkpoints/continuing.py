"""Continuing from a state of another run, whose data or settings were others.

Weights of G, D and EMA, Adam's moments, the step count, the augmentation strength and the logged rows are
kept; what changed goes into the run's history.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from mapgan import files
from mapgan.errors import MapganError
from mapgan.training.checkpoints import checkpoint as checkpoints
from mapgan.training.checkpoints.capture import networks_of
from mapgan.training.checkpoints.fingerprint import Parts, differences
from mapgan.training.run_data import Run

SHOWN = 3  # tensors that are named when they do not fit
REMEDY = "train afresh: in another --out, or without train.continue_from"
RATES = ("train.generator_lr", "train.discriminator_lr")


def continue_from_checkpoint(run: Run, path: Path) -> checkpoints.Checkpoint:
    """The state in `path` as the first state of `run`, with what changed added to its history.

    Raises:
        MapganError: the state is damaged, has as many steps as the run shall have, or is that of other networks.
    """
    checkpoint = checkpoints.read_checkpoint(path)
    check_steps(path, checkpoint.step, run.params.train.steps)
    check_shapes(path, networks_of(run.step), {name: tuple(value.shape) for name, value in checkpoint.tensors.items()})
    check_labels(path, checkpoint.labels, run.dataset.labels)
    changed = changes(checkpoint.parts, run.parts)
    checkpoint.origin = origin_of(run.parts, path)
    checkpoint.history = [*checkpoint.history, {"step": checkpoint.step, "changed": changed}]
    checkpoint.last_rollback = checkpoint.step  # rows before it say nothing about the new settings
    checkpoint.d_steps, checkpoint.d_metrics = 0, {}  # a step is not done half with old and half with new settings
    if any(name in changed for name in RATES):
        checkpoint.roll_backs = 0
    return checkpoint


def bring_snapshots(run: Run, path: Path) -> None:
    """Link the snapshots that lie beside the state in `path`, up to its step, into the run's folder."""
    for sheet in (path.parent / "snapshots").glob("step-*.png"):
        if checkpoints.step_of(sheet) <= checkpoints.step_of(path):
            files.link_or_copy(sheet, run.folder / "snapshots" / sheet.name)


def origin_of(parts: Parts, path: Path) -> str:
    """What a run that continues from the state in `path` keeps in mind of it: its checksum."""
    return str(parts.get("train.continue_from") or files.sha256_file(path))


def changes(old: Parts, new: Parts) -> dict[str, list[Any]]:
    """The values before and after, by name, of all parts that differ; none if the old ones are not known."""
    names = sorted((old.keys() | new.keys()) - {"train.continue_from"}) if old else []
    return {name: [old.get(name), new.get(name)] for name in names if old.get(name) != new.get(name)}


def what_changed(history: list[dict[str, Any]]) -> str:
    """The last change in `history`, in words: `images, train.batch_size 32 -> 8`."""
    changed = history[-1]["changed"]
    old, new = ({name: values[index] for name, values in changed.items()} for index in (0, 1))
    return differences(old, new) or "nothing that is known"


def check_steps(path: Path, step: int, steps: int) -> None:
    """Check that something is left to do for a run of `steps` that continues after `step`."""
    if step >= steps:
        raise MapganError(
            f"{path}: has {step} steps already, and train.steps is {steps}",
            "raise train.steps, which counts the whole",
        )


def check_labels(path: Path, before: list[str], now: tuple[str, ...]) -> None:
    """Check that the labels are the same: the networks know them by number."""
    if before and now and tuple(before) != now:
        raise MapganError(
            f"{path}: was trained with the labels {', '.join(before)}, and the training set has {', '.join(now)}",
            REMEDY,
        )


def check_shapes(path: Path, networks: Mapping[str, nn.Module], stored: Mapping[str, tuple[int, ...]]) -> None:
    """Check that `stored`, the shapes of a state's tensors, are those of `networks` (`generator`, ...).

    Raises:
        MapganError: some are not; the line names them.
    """
    wanted = {
        f"{name}/{key}": tuple(value.shape) for name, net in networks.items() for key, value in net.state_dict().items()
    }
    there = {name: shape for name, shape in stored.items() if name.partition("/")[0] in networks}
    misfits = [
        f"{name} ({_shape(there.get(name))} there, {_shape(wanted.get(name))} here)"
        for name in sorted(wanted.keys() | there.keys())
        if wanted.get(name) != there.get(name)
    ]
    if misfits:
        rest = f" and {len(misfits) - SHOWN} more tensors" if len(misfits) > SHOWN else ""
        raise MapganError(
            f"{path}: was trained with other networks, or another size: {', '.join(misfits[:SHOWN])}{rest}", REMEDY
        )


def _shape(shape: tuple[int, ...] | None) -> str:
    return "none" if shape is None else "x".join(map(str, shape)) or "scalar"
