"""Where a run begins: at its first step, or at a saved state."""

from __future__ import annotations

from pathlib import Path

from mapgan.errors import MapganError
from mapgan.training import state as states
from mapgan.training.objective.meeting import same_everywhere
from mapgan.training.run_data import Run
from mapgan.training.saving import save, take_up


def begin(run: Run, resume: str) -> None:
    """Take up the newest whole state of this run, if there is one, or the one that `resume` names.

    Args:
        run: as it is before its first step.
        resume: auto (the newest saved state of the same run), never, or the path of a state.

    Raises:
        MapganError: the named state cannot be used, or the processes see different states.
    """
    if resume == "never" and run.main:
        states.forget_after(run.folder, -1)
    run.accelerator.wait_for_everyone()
    newest = states.load_state(run.folder, run.params.train.steps, run.monitor.say)
    found = newest if resume in ("auto", "never") else _named(run, states.named_state(Path(resume)), newest)
    if found is not None:
        take_up(run, found)
        if found is not newest:
            save(run)  # from now on it is this run's
        run.monitor.say(f"train: goes on after step {found.step} of {run.params.train.steps}")
    if not same_everywhere(run.accelerator, run.done):
        raise MapganError(
            f"train: the processes found different states in {run.folder}",
            "all machines must see the same folder",
        )
    if run.main:
        states.forget_old_runs(run.folder.parent, run.folder)


def _named(run: Run, path: Path, newest: states.State | None) -> states.State:
    """The state that a person named, or the newest of those that came from it (the same command, given again)."""
    named = states.read_state(path)
    origin = states.checksums(path)[0]
    if newest is not None and newest.origin == origin:
        return newest
    if named.step > run.params.train.steps:
        raise MapganError(f"{path}: has {named.step} steps, and train.steps is {run.params.train.steps}")
    run.accelerator.wait_for_everyone()  # all have read it
    if run.main:
        states.forget_after(run.folder, named.step)
    named.origin = origin
    return named
