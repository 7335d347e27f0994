"""Checkpoints: everything that the next step depends on, in one safetensors file.

They are `<scratch>/state/<fingerprint>/step-<N>.safetensors`, each with a `.sha256` beside it that is written last: a
checkpoint whose checksum does not match is not used, the one before it is. Nothing is pickled.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from mapgan import files
from mapgan.errors import MapganError

KEY = "mapgan"
FORMAT = 4

Tensors = dict[str, Tensor]


@dataclass
class Checkpoint:
    """A run after `step` steps.

    Args:
        step: number of steps that are done.
        tensors: all tensors by name, such as `generator/blocks.0.conv.weight`.
        rows: the metrics logged so far.
        scale: state of the loss scaler (fp16 only).
        roll_backs: how often the run was rolled back, each time with lower learning rates after it.
        d_steps: updates of D that are done of the next step.
        d_metrics: metrics of the last one of these.
        last_rollback: the step that the run was last rolled back to; rows before it had other learning rates.
        origin: checksum of the checkpoint of another run that this one started from; empty if it did not.
        parts: everything that the weights depend on, by name (`fingerprint.run_parts`).
        labels: the names of the training set's labels, by number.
        history: an entry for each change of data or settings: `step`, and `changed`, which has the old and the new
            value by the names in `parts`.
    """

    step: int
    tensors: Tensors
    rows: list[dict[str, float]] = field(default_factory=list)
    scale: dict[str, float] | None = None
    roll_backs: int = 0
    d_steps: int = 0
    d_metrics: dict[str, float] = field(default_factory=dict)
    last_rollback: int = 0
    origin: str = ""
    parts: dict[str, Any] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)


def save_checkpoint(folder: Path, checkpoint: Checkpoint, keep: int = 2, milestone: int = 0) -> Path:
    """Write `checkpoint` and its checksum atomically, and delete older ones.

    Args:
        folder: of this run's checkpoints.
        checkpoint: what to save.
        keep: number of checkpoints to keep, the new one included.
        milestone: also keep the newest one whose step is a multiple of this (0: none), to roll back to.
    """
    path = folder / f"step-{checkpoint.step:08d}.safetensors"
    about = {name: value for name, value in vars(checkpoint).items() if name != "tensors"} | {"format": FORMAT}
    tensors = {name: tensor.detach().to("cpu").contiguous() for name, tensor in checkpoint.tensors.items()}
    size = sum(tensor.nbytes for tensor in tensors.values())
    with files.atomic_write(path, size) as temporary:
        save_file(tensors, temporary, metadata={KEY: json.dumps(about)})
        checksum, earlier = files.sha256_file(temporary), checksums(path)
        files.write_text(path.with_suffix(".sha256"), "\n".join([checksum, *earlier, ""]))
    files.write_text(path.with_suffix(".sha256"), checksum + "\n")
    # a checkpoint with more steps is from before train.steps was lowered, and is needed if it is raised again
    older = [path for path in _checkpoints(folder) if step_of(path) <= checkpoint.step]
    good = next((path for path in older if milestone and step_of(path) % milestone == 0), None)
    for old in older[keep:]:
        if old != good:
            _delete(old)
    return path


def load_checkpoint(folder: Path, max_steps: int, info: Callable[[str], None], milestone: int = 0) -> Checkpoint | None:
    """The newest undamaged checkpoint with at most `max_steps` steps, or None.

    Args:
        folder: of this run's checkpoints.
        max_steps: `train.steps`.
        info: called with a line about each damaged checkpoint.
        milestone: only consider checkpoints whose step is a multiple of this (0: all).
    """
    for path in _checkpoints(folder):
        if step_of(path) <= max_steps and not (milestone and step_of(path) % milestone):
            try:
                return read_checkpoint(path)
            except MapganError as error:
                info(f"train: {error}; using the one before it")
    return None


def read_checkpoint(path: Path) -> Checkpoint:
    """Read the checkpoint in the file `path`.

    Raises:
        MapganError: it is missing, damaged, or of another version of mapgan.
    """
    if not path.is_file():
        raise MapganError(f"{path}: no such checkpoint")
    if files.sha256_file(path) not in checksums(path):
        raise MapganError(f"{path}: damaged or incomplete (its checksum does not match)")
    try:
        with safe_open(path, framework="pt") as stored:
            about = json.loads((stored.metadata() or {}).get(KEY, "{}"))
            if about.pop("format", None) != FORMAT:
                raise MapganError(f"{path}: a checkpoint of another version of mapgan")
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        return Checkpoint(tensors=tensors, **about)
    except (SafetensorError, ValueError, TypeError, AttributeError) as error:
        raise MapganError(f"{path}: damaged ({error})") from None


def read_metadata(path: Path) -> dict[str, Any]:
    """The metadata of the checkpoint in `path`, unverified; empty if the file is damaged."""
    try:
        with safe_open(path, framework="pt") as stored:
            metadata = json.loads((stored.metadata() or {}).get(KEY, "{}"))
            return metadata if isinstance(metadata, dict) else {}
    except (SafetensorError, OSError, ValueError):
        return {}


def read_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shapes of the tensors in a checkpoint, by name, from its header.

    Raises:
        MapganError: the file is damaged.
    """
    try:
        with safe_open(path, framework="pt") as stored:
            return {name: tuple(stored.get_slice(name).get_shape()) for name in stored.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise MapganError(f"{path}: damaged ({error})") from None


def checksums(path: Path) -> list[str]:
    """The checksums that the checkpoint in `path` may have: two while a new one replaces an old one."""
    file = path.with_suffix(".sha256")
    return file.read_text(encoding="utf-8", errors="replace").split() if file.is_file() else []


def find_checkpoint(path: Path) -> Path:
    """The checkpoint at `path`: the file itself, or the newest one in a folder of checkpoints or a run's folder.

    Raises:
        MapganError: there is none.
    """
    if path.is_file():
        return path
    folders = [path, *path.glob("*"), *path.glob("state/*"), *path.glob(".mapgan/state/*")]
    found = [newest for folder in folders for newest in _checkpoints(folder)[:1]]
    if not found:
        raise MapganError(f"{path}: no checkpoint", "name a file like step-00000250.safetensors, or a run's folder")
    return max(found, key=lambda checkpoint: checkpoint.stat().st_mtime)


def step_of(path: Path) -> int:
    """The step in the name of a checkpoint or a snapshot."""
    return int(path.stem.removeprefix("step-"))


def _checkpoints(folder: Path) -> list[Path]:
    """The checkpoints in `folder`, the most steps first."""
    return sorted((p for p in folder.glob("step-*.safetensors") if re.fullmatch(r"step-\d+", p.stem)), reverse=True)


def delete_old_runs(root: Path, current: Path, source: Path | None = None) -> None:
    """Delete the checkpoints of all runs but the current one, the one before it, and the one that `source` is of."""
    needed = {current.resolve(), *([source.resolve().parent] if source else [])}
    runs = [run for run in root.iterdir() if run.is_dir() and run.resolve() not in needed]
    for run in sorted(runs, key=lambda run: run.stat().st_mtime, reverse=True)[1:]:
        shutil.rmtree(run, ignore_errors=True)


def delete_after(folder: Path, step: int) -> None:
    """Delete a run's checkpoints and snapshots of steps after `step` (-1: all of them)."""
    for path in [*_checkpoints(folder), *folder.glob("snapshots/step-*")]:
        if step_of(path) > step:
            _delete(path)


def delete_others(folder: Path, step: int) -> None:
    """Delete a run's checkpoints but that of `step`, and its later snapshots."""
    delete_after(folder, step)
    for path in _checkpoints(folder):
        if step_of(path) != step:
            _delete(path)


def _delete(path: Path) -> None:
    path.with_suffix(".sha256").unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def flatten(prefix: str, tree: Any) -> Iterator[tuple[str, Tensor]]:
    """Every tensor of a nested state dict, under its keys joined by `/`."""
    if isinstance(tree, Tensor):
        yield prefix, tree
    elif isinstance(tree, dict):
        for name, value in tree.items():
            yield from flatten(f"{prefix}/{name}", value)


def tensors_below(tensors: Tensors, prefix: str) -> Tensors:
    """The tensors whose names begin with `prefix/`, by the rest of their names."""
    return {name.removeprefix(f"{prefix}/"): value for name, value in tensors.items() if name.startswith(f"{prefix}/")}


def load_optimizer(optimizer: torch.optim.Optimizer, tensors: Tensors) -> None:
    """Load the moments that `flatten` named `state/<parameter>/<moment>` into `optimizer`."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        _, number, moment = name.split("/")
        state.setdefault(int(number), {})[moment] = _with_strides_of(parameters[int(number)], value)
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _with_strides_of(parameter: Tensor, moment: Tensor) -> Tensor:
    """`moment` with the strides of `parameter`, which fused Adam assumes."""
    if moment.shape != parameter.shape:
        return moment  # Adam's step count
    return torch.empty_like(parameter, dtype=moment.dtype, device="cpu").copy_(moment)
