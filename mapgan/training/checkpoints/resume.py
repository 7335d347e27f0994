"""Where a run begins: at its first step, at one of its own saved states, or at a state of another run."""

from __future__ import annotations

from pathlib import Path

from mapgan.errors import MapganError
from mapgan.training.checkpoints import checkpoint as checkpoints
from mapgan.training.checkpoints.continuing import bring_snapshots, continue_from_checkpoint, origin_of, what_changed
from mapgan.training.checkpoints.saving import restore_run, save
from mapgan.training.objective.distributed import all_equal
from mapgan.training.run_data import Run


def start(run: Run, resume: str, source: Path | None = None) -> None:
    """Take up the newest whole state of this run, if there is one, or another state that a person named.

    Args:
        run: as it is before its first step.
        resume: auto (the newest saved state of the same run), never, or the path of a state.
        source: a state of another run to continue from, unless `resume` is a path; a state that this run
            saved since it did so is newer, and taken up instead.

    Raises:
        MapganError: the named state cannot be used, or the processes see different states.
    """
    if resume == "never" and run.main:
        checkpoints.delete_after(run.folder, -1)
    run.accelerator.wait_for_everyone()
    newest = found = checkpoints.load_checkpoint(run.folder, run.params.train.steps, run.monitor.info)
    what = ""
    if resume not in ("auto", "never"):
        found = _named(run, checkpoints.find_checkpoint(Path(resume)), newest)
    elif source is not None and (newest is None or newest.origin != origin_of(run.parts, source)):
        found = continue_from_checkpoint(run, source)
        what = f", from {source}; changed since: {what_changed(found.history)}"
        run.accelerator.wait_for_everyone()  # all have read it
    if found is not None:
        restore_run(run, found)
        if found is not newest:
            save(run)  # from now on it is this run's
        if source is not None and what and run.main:
            checkpoints.delete_others(run.folder, found.step)
            bring_snapshots(run, source)
        run.monitor.info(f"train: goes on after step {found.step} of {run.params.train.steps}{what}")
    if not all_equal(run.accelerator, run.done):
        raise MapganError(
            f"train: the processes found different states in {run.folder}",
            "all machines must see the same folder",
        )
    if run.main:
        checkpoints.delete_old_runs(run.folder.parent, run.folder)


def _named(run: Run, path: Path, newest: checkpoints.Checkpoint | None) -> checkpoints.Checkpoint:
    """The state that a person named, or the newest of those that came from it (the same command, given again)."""
    named = checkpoints.read_checkpoint(path)
    origin = checkpoints.checksums(path)[0]
    if newest is not None and newest.origin == origin:
        return newest
    if named.step > run.params.train.steps:
        raise MapganError(f"{path}: has {named.step} steps, and train.steps is {run.params.train.steps}")
    run.accelerator.wait_for_everyone()  # all have read it
    if run.main:
        checkpoints.delete_after(run.folder, named.step)
    named.origin = origin
    return named
