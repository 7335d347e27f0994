"""A run's state on disk: everything that the next step depends on, in one safetensors file.

States lie in `<root>/<fingerprint>/step-<N>.safetensors`, each with a `.sha256` beside it that is written
last: a state without its right checksum is not used, the one before it is. Nothing is pickled.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from mapgan import files

KEY = "mapgan"
FORMAT = 1
KEPT_STATES = 2
KEPT_RUNS = 2

Tensors = dict[str, Tensor]


@dataclass
class State:
    """What a run is after `step` steps.

    Args:
        step: steps that are done.
        tensors: every tensor by name, such as `generator/blocks.0.mix.weight`.
        rows: the metrics logged so far.
        scale: the loss scaler's numbers (fp16 only).
    """

    step: int
    tensors: Tensors
    rows: list[dict[str, float]] = field(default_factory=list)
    scale: dict[str, float] | None = None


def save_state(folder: Path, state: State) -> None:
    """Write `state` and its checksum, each beside its place and moved in; keep the last two states."""
    path = folder / f"step-{state.step:08d}.safetensors"
    about = {"format": FORMAT, "step": state.step, "rows": state.rows, "scale": state.scale}
    tensors = {name: tensor.detach().to("cpu").contiguous() for name, tensor in state.tensors.items()}
    with files.replacing(path) as scratch:
        save_file(tensors, scratch, metadata={KEY: json.dumps(about)})
        checksum = files.sha256_file(scratch)
    files.write_text(path.with_suffix(".sha256"), checksum + "\n")
    # a state from before the run was made shorter has more steps, and may be wanted when it is made longer again
    for old in [path for path in _states(folder) if step_of(path) <= state.step][KEPT_STATES:]:
        old.with_suffix(".sha256").unlink(missing_ok=True)
        old.unlink(missing_ok=True)


def load_state(folder: Path, most_steps: int) -> State | None:
    """The newest undamaged state with at most `most_steps` steps, or None."""
    for path in _states(folder):
        if step_of(path) <= most_steps and _is_whole(path) and (state := _read(path)):
            return state
    return None


def step_of(path: Path) -> int:
    """The number of steps in the name of a state or a snapshot."""
    return int(path.stem.removeprefix("step-"))


def _states(folder: Path) -> list[Path]:
    """The states in `folder`, newest first."""
    return sorted((p for p in folder.glob("step-*.safetensors") if re.fullmatch(r"step-\d+", p.stem)), reverse=True)


def _is_whole(path: Path) -> bool:
    checksum = path.with_suffix(".sha256")
    return checksum.is_file() and checksum.read_bytes().strip() == files.sha256_file(path).encode()


def _read(path: Path) -> State | None:
    """The state in `path`, or None if another version of mapgan wrote it."""
    try:
        with safe_open(path, framework="pt") as stored:
            about = json.loads((stored.metadata() or {}).get(KEY, "{}"))
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        return State(about["step"], tensors, about["rows"], about["scale"]) if about["format"] == FORMAT else None
    except (SafetensorError, ValueError, KeyError, TypeError):
        return None


def forget_old_runs(root: Path, current: Path) -> None:
    """Remove the states of all runs but the current one and the one used before it."""
    runs = [run for run in root.iterdir() if run.is_dir() and run != current]
    for run in sorted(runs, key=lambda run: run.stat().st_mtime, reverse=True)[KEPT_RUNS - 1 :]:
        shutil.rmtree(run, ignore_errors=True)


def forget_states(folder: Path) -> None:
    """Remove all that is kept of a run that shall start from nothing."""
    for path in [*folder.glob("step-*"), *folder.glob("snapshots/step-*")]:
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
    """Give `optimizer` the moments that `flatten` named `state/<parameter>/<moment>`."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        _, number, moment = name.split("/")
        state.setdefault(int(number), {})[moment] = _laid_out_like(parameters[int(number)], value)
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _laid_out_like(parameter: Tensor, moment: Tensor) -> Tensor:
    """Fused Adam walks parameter and moments side by side in memory, so their strides must be the same."""
    if moment.shape != parameter.shape:
        return moment  # Adam's own count of steps
    return torch.empty_like(parameter, dtype=moment.dtype, device="cpu").copy_(moment)
