"""A run's state on disk: everything that the next step depends on, in one safetensors file.

States lie in `<root>/<fingerprint>/step-<N>.safetensors`, each with a `.sha256` beside it that is written
last: a state without its right checksum is not used, the one before it is. Nothing is pickled.
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
FORMAT = 3
KEPT_RUNS = 2

Tensors = dict[str, Tensor]


@dataclass
class Checkpoint:
    """What a run is after `step` steps.

    Args:
        step: steps that are done.
        tensors: every tensor by name, such as `generator/blocks.0.mix.weight`.
        rows: the metrics logged so far.
        scale: the loss scaler's numbers (fp16 only).
        roll_backs: how often the run was rolled back, each time to lower learning rates.
        turns: how many of D's steps of the next step are done too.
        discriminator_done: the metrics of the last one of them.
        untroubled: the step that the run was last rolled back to; rows before it say nothing of the new rates.
        origin: the checksum of the state of another run that this one goes on from, if it does.
        parts: everything that the weights depend on, by name (`fingerprint.run_parts`).
        labels: the names of the training set's labels, in the order of their numbers.
        history: one entry for each time that the run went on with other data or settings: `step`, and `changed`,
            which has the values before and after by the names in `parts`.
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
    """Write `checkpoint` and its checksum, each beside its place and moved in; a state that it replaces is good till then.

    Args:
        folder: of this run's states.
        state: what to save.
        keep: states to keep, the new one included.
        milestone: also keep the newest state whose step this divides (0: none), to roll back to.
    """
    path = folder / f"step-{checkpoint.step:08d}.safetensors"
    about = {name: value for name, value in vars(checkpoint).items() if name != "tensors"} | {"format": FORMAT}
    tensors = {name: tensor.detach().to("cpu").contiguous() for name, tensor in checkpoint.tensors.items()}
    with files.atomic_write(path) as scratch:
        save_file(tensors, scratch, metadata={KEY: json.dumps(about)})
        checksum, earlier = files.sha256_file(scratch), checksums(path)
        files.write_text(path.with_suffix(".sha256"), "\n".join([checksum, *earlier, ""]))
    files.write_text(path.with_suffix(".sha256"), checksum + "\n")
    # a state from before the run was made shorter has more steps, and may be wanted when it is made longer again
    older = [path for path in _checkpoints(folder) if step_of(path) <= checkpoint.step]
    good = next((path for path in older if milestone and step_of(path) % milestone == 0), None)
    for old in older[keep:]:
        if old != good:
            _delete(old)
    return path


def load_checkpoint(
    folder: Path, most_steps: int, info: Callable[[str], None], milestone: int = 0
) -> Checkpoint | None:
    """The newest undamaged state with at most `most_steps` steps, or None; damaged ones are named and passed over.

    Args:
        folder: of this run's states.
        most_steps: steps that the run shall have at most.
        say: gets a line about each state that cannot be used.
        milestone: only take states whose step this divides (0: any).
    """
    for path in _checkpoints(folder):
        if step_of(path) <= most_steps and not (milestone and step_of(path) % milestone):
            try:
                return read_checkpoint(path)
            except MapganError as error:
                info(f"train: {error}; the state before it is used")
    return None


def read_checkpoint(path: Path) -> Checkpoint:
    """The state in the file `path`.

    Raises:
        MapganError: it is missing, damaged, or of another version of mapgan.
    """
    if not path.is_file():
        raise MapganError(f"{path}: no such state")
    if files.sha256_file(path) not in checksums(path):
        raise MapganError(f"{path}: damaged or half-written (its checksum is another)")
    try:
        with safe_open(path, framework="pt") as stored:
            about = json.loads((stored.metadata() or {}).get(KEY, "{}"))
            if about.pop("format", None) != FORMAT:
                raise MapganError(f"{path}: a state of another version of mapgan")
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        return Checkpoint(tensors=tensors, **about)
    except (SafetensorError, ValueError, TypeError, AttributeError) as error:
        raise MapganError(f"{path}: damaged ({error})") from None


def read_metadata(path: Path) -> dict[str, Any]:
    """What the checkpoint in `path` holds beside its tensors, unchecked; empty if it is damaged."""
    try:
        with safe_open(path, framework="pt") as stored:
            metadata = json.loads((stored.metadata() or {}).get(KEY, "{}"))
            return metadata if isinstance(metadata, dict) else {}
    except (SafetensorError, OSError, ValueError):
        return {}


def newest_checkpoint(folder: Path) -> Path | None:
    """The checkpoint with the most steps in a run's folder of checkpoints."""
    return next(iter(_checkpoints(folder)), None)


def checksums(path: Path) -> list[str]:
    """What the state in `path` may hash to: two, while a new one takes the place of an old one."""
    beside = path.with_suffix(".sha256")
    return beside.read_text(encoding="utf-8", errors="replace").split() if beside.is_file() else []


def find_checkpoint(path: Path) -> Path:
    """The state file that a person means by a file, a folder of states, or a run's folder.

    Raises:
        MapganError: there is none.
    """
    if path.is_file():
        return path
    folders = [path, *path.glob("*"), *path.glob("state/*"), *path.glob(".mapgan/state/*")]
    found = [newest for folder in folders for newest in _checkpoints(folder)[:1]]
    if not found:
        raise MapganError(f"{path}: no saved state", "name a file like step-00000250.safetensors, or a run's folder")
    return max(found, key=lambda checkpoint: checkpoint.stat().st_mtime)


def step_of(path: Path) -> int:
    """The number of steps in the name of a state or a snapshot."""
    return int(path.stem.removeprefix("step-"))


def _checkpoints(folder: Path) -> list[Path]:
    """The states in `folder`, newest first."""
    return sorted((p for p in folder.glob("step-*.safetensors") if re.fullmatch(r"step-\d+", p.stem)), reverse=True)


def delete_old_runs(root: Path, current: Path) -> None:
    """Remove the states of all runs but the current one and the one used before it."""
    runs = [run for run in root.iterdir() if run.is_dir() and run != current]
    for run in sorted(runs, key=lambda run: run.stat().st_mtime, reverse=True)[KEPT_RUNS - 1 :]:
        shutil.rmtree(run, ignore_errors=True)


def delete_after(folder: Path, step: int) -> None:
    """Remove all that is kept of a run's steps after `step`, which shall be done otherwise (-1: of all of them)."""
    for path in [*_checkpoints(folder), *folder.glob("snapshots/step-*")]:
        if step_of(path) > step:
            _delete(path)


def delete_others(folder: Path, step: int) -> None:
    """Remove all states of a run but that of `step`, and its later snapshots."""
    delete_after(folder, step)
    for path in _checkpoints(folder):
        if step_of(path) != step:
            _delete(path)


def _delete(path: Path) -> None:
    path.with_suffix(".sha256").unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def flatten(prefix: str, tree: Any) -> Iterator[tuple[str, Tensor]]:
    """Every tensor of a state dict, however nested, with a name made of its keys."""
    if isinstance(tree, Tensor):
        yield prefix, tree
    elif isinstance(tree, dict):
        for name, value in tree.items():
            yield from flatten(f"{prefix}/{name}", value)


def part(tensors: Tensors, prefix: str) -> Tensors:
    """The tensors below `prefix`, by the rest of their names."""
    return {name.removeprefix(f"{prefix}/"): value for name, value in tensors.items() if name.startswith(f"{prefix}/")}


def load_optimizer(optimizer: torch.optim.Optimizer, tensors: Tensors) -> None:
    """Give `optimizer` the moments that `flatten` named `checkpoint/<parameter>/<moment>`."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    checkpoint: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        _, number, moment = name.split("/")
        checkpoint.setdefault(int(number), {})[moment] = _laid_out_like(parameters[int(number)], value)
    optimizer.load_state_dict({"state": checkpoint, "param_groups": optimizer.state_dict()["param_groups"]})


def _laid_out_like(parameter: Tensor, moment: Tensor) -> Tensor:
    """Fused Adam walks parameter and moments side by side in memory, so their strides must be the same."""
    if moment.shape != parameter.shape:
        return moment  # Adam's own count of steps
    return torch.empty_like(parameter, dtype=moment.dtype, device="cpu").copy_(moment)
