"""Where a run starts: at its first step, at one of its own checkpoints, or at a checkpoint of another run."""

from __future__ import annotations

from pathlib import Path

from mapgan.errors import MapganError
from mapgan.training.checkpoints.checkpoint import (
    Checkpoint,
    checksums,
    delete_after,
    delete_old_runs,
    delete_others,
    find_checkpoint,
    load_checkpoint,
    read_checkpoint,
)
from mapgan.training.checkpoints.continuing import continue_from, copy_snapshots, last_change, origin_of
from mapgan.training.checkpoints.saving import restore_run, save
from mapgan.training.objective.distributed import all_equal
from mapgan.training.run_data import Run


def resume_run(run: Run, resume: str, source: Path | None = None) -> None:
    """Restore the newest good checkpoint of this run if there is one, or another that was named.

    Args:
        run: before its first step.
        resume: auto (the newest checkpoint of the same run), never, or the path of a checkpoint.
        source: a checkpoint of another run to continue from, unless `resume` is a path. A checkpoint that this run has
            saved since then is newer, and restored instead.

    Raises:
        MapganError: the named checkpoint cannot be used, or the processes see different checkpoints.
    """
    if resume == "never" and run.is_main:
        delete_after(run.folder, -1)
    run.accelerator.wait_for_everyone()
    newest = checkpoint = load_checkpoint(run.folder, run.params.train.steps, run.monitor.info)
    change = ""
    if resume not in ("auto", "never"):
        source = find_checkpoint(Path(resume))
        checkpoint = _named(run, source, newest)
    elif source is not None and (newest is None or newest.origin != origin_of(run.parts, source)):
        checkpoint = continue_from(run, source)
        change = f", from {source}; changed since: {last_change(checkpoint.history)}"
        run.accelerator.wait_for_everyone()  # all processes have read it
    if checkpoint is not None:
        restore_run(run, checkpoint)
        if checkpoint is not newest:
            save(run)  # from now on it is a checkpoint of this run
        if source is not None and change and run.is_main:
            delete_others(run.folder, checkpoint.step)
            copy_snapshots(run, source)
        run.monitor.info(f"train: continues after step {checkpoint.step} of {run.params.train.steps}{change}")
    if not all_equal(run.accelerator, run.done):
        raise MapganError(
            f"train: the processes found different checkpoints in {run.folder}",
            "all machines must see the same folder",
        )
    if run.is_main:
        delete_old_runs(run.folder.parent, run.folder, source)


def _named(run: Run, path: Path, newest: Checkpoint | None) -> Checkpoint:
    """The checkpoint in `path`, or the newest that came from it, when the same command is given again."""
    checkpoint = read_checkpoint(path)
    origin = checksums(path)[0]
    if newest is not None and newest.origin == origin:
        return newest
    if checkpoint.step > run.params.train.steps:
        raise MapganError(f"{path}: has {checkpoint.step} steps, and train.steps is {run.params.train.steps}")
    run.accelerator.wait_for_everyone()  # all processes have read it
    if run.is_main:
        delete_after(run.folder, checkpoint.step)
    checkpoint.origin = origin
    return checkpoint
