"""Continuing from a checkpoint of another run, with other data or settings.

Weights of G, D and EMA, Adam's moments, the step count, the augmentation probability and the logged rows are kept; what
changed is added to the run's history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from mapgan import files
from mapgan.dataset import Dataset
from mapgan.errors import MapganError
from mapgan.memory.fake import build_on_meta
from mapgan.params import Params
from mapgan.training.checkpoints.capture import networks_of
from mapgan.training.checkpoints.checkpoint import Checkpoint, read_checkpoint, read_metadata, read_shapes, step_of
from mapgan.training.checkpoints.fingerprint import Parts, differences
from mapgan.training.run_data import Run

MAX_NAMED = 3  # tensors named in an error
REMEDY = "train from scratch into another --out; in the pipeline, leave train.continue_from empty"
LEARNING_RATES = ("train.generator_lr", "train.discriminator_lr")


def continue_from(run: Run, path: Path) -> Checkpoint:
    """The checkpoint in `path` as the first one of `run`, with what changed added to its history.

    Raises:
        MapganError: it is damaged, has as many steps as the run is to have, or is of other networks.
    """
    checkpoint = read_checkpoint(path)
    check_steps(path, checkpoint.step, run.params.train.steps)
    check_labels(path, checkpoint.labels, run.dataset.labels)
    check_shapes(path, networks_of(run.step), {name: tuple(value.shape) for name, value in checkpoint.tensors.items()})
    changed = changes(checkpoint.parts, run.parts)
    checkpoint.origin = origin_of(run.parts, path)
    checkpoint.history = [*checkpoint.history, {"step": checkpoint.step, "changed": changed}]
    checkpoint.last_rollback = checkpoint.step  # rows before it say nothing about the new settings
    checkpoint.d_steps, checkpoint.d_metrics = 0, {}  # no step is done half with old and half with new settings
    if any(name in changed for name in LEARNING_RATES):
        checkpoint.roll_backs = 0
    return checkpoint


def check_continuable(path: Path, params: Params, dataset: Dataset) -> None:
    """Check, by its header alone, that a run can continue from the checkpoint in `path`.

    Raises:
        MapganError: as for `continue_from`.
    """
    check_steps(path, step_of(path), params.train.steps)
    check_labels(path, read_metadata(path).get("labels", []), dataset.labels)
    pair = build_on_meta(params, dataset.width, dataset.height, len(dataset.labels), dataset.label_square)
    networks = {"generator": pair.generator, "discriminator": pair.discriminator, "ema": pair.generator}
    check_shapes(path, networks, read_shapes(path))


def copy_snapshots(run: Run, path: Path) -> None:
    """Link the snapshots beside the checkpoint in `path`, up to its step, into the run's folder."""
    for sheet in (path.parent / "snapshots").glob("step-*.png"):
        if step_of(sheet) <= step_of(path):
            files.link_or_copy(sheet, run.folder / "snapshots" / sheet.name)


def origin_of(parts: Parts, path: Path) -> str:
    """The checksum by which a run remembers the checkpoint in `path` that it continued from."""
    return str(parts.get("train.continue_from") or files.sha256_file(path))


def changes(old: Parts, new: Parts) -> dict[str, list[Any]]:
    """The old and new values of all parts that differ, by name; empty if the old ones are not known."""
    names = sorted((old.keys() | new.keys()) - {"train.continue_from"}) if old else []
    return {name: [old.get(name), new.get(name)] for name in names if old.get(name) != new.get(name)}


def last_change(history: list[dict[str, Any]]) -> str:
    """The last change in `history` as text: `data, train.batch_size 32 -> 8`."""
    changed = history[-1]["changed"]
    old, new = ({name: values[index] for name, values in changed.items()} for index in (0, 1))
    return differences(old, new) or "nothing that is known"


def check_steps(path: Path, step: int, steps: int) -> None:
    """Check that a run of `steps` has steps left after `step`."""
    if step >= steps:
        raise MapganError(
            f"{path}: has {step} steps already, and train.steps is {steps}",
            "raise train.steps, which counts the whole run",
        )


def check_labels(path: Path, before: list[str], now: tuple[str, ...]) -> None:
    """Check that the labels are the same: the networks know them by number."""
    if tuple(before) != now:
        raise MapganError(
            f"{path}: was trained with {_labels(before)}, and the training set has {_labels(now)}", REMEDY
        )


def _labels(names: Sequence[str]) -> str:
    return f"the labels {', '.join(names)}" if names else "no labels"


def check_shapes(path: Path, networks: Mapping[str, nn.Module], stored: Mapping[str, tuple[int, ...]]) -> None:
    """Check that the shapes `stored` in a checkpoint are those of the tensors of `networks`.

    Raises:
        MapganError: some differ; the line names them.
    """
    expected = {
        f"{name}/{key}": tuple(value.shape) for name, net in networks.items() for key, value in net.state_dict().items()
    }
    actual = {name: shape for name, shape in stored.items() if name.partition("/")[0] in networks}
    mismatches = [
        f"{name} ({_shape(actual.get(name))} there, {_shape(expected.get(name))} here)"
        for name in sorted(expected.keys() | actual.keys())
        if expected.get(name) != actual.get(name)
    ]
    if mismatches:
        more = f" and {len(mismatches) - MAX_NAMED} more tensors" if len(mismatches) > MAX_NAMED else ""
        raise MapganError(
            f"{path}: was trained with other networks, or another size: {', '.join(mismatches[:MAX_NAMED])}{more}",
            REMEDY,
        )


def _shape(shape: tuple[int, ...] | None) -> str:
    return "none" if shape is None else "x".join(map(str, shape)) or "scalar"
