"""Saving a run as a checkpoint, and restoring it."""

from __future__ import annotations

import torch

from mapgan.dataset import file_signature
from mapgan.errors import MapganError
from mapgan.training.checkpoints.capture import all_finite, capture, restore
from mapgan.training.checkpoints.checkpoint import Checkpoint, save_checkpoint
from mapgan.training.objective.out_of_memory import StepProgress
from mapgan.training.reporting.monitor import Row, kind
from mapgan.training.reporting.trouble import DIVERGED
from mapgan.training.run_data import Run


def save(run: Run, last: bool = False) -> None:
    """Save a checkpoint in the main process; a full disk ends the run only if this is the `last` checkpoint.

    Raises:
        MapganError: the training set changed, the weights are not finite, or the last checkpoint cannot be written.
    """
    if not run.is_main:
        return
    if file_signature(run.dataset.folder) != run.files:
        raise MapganError(
            f"{run.dataset.folder}: changed while training", "run again; the checkpoints saved before are still good"
        )
    with run.monitor.tolerate_full_disk(run.done, fatal=last):
        _write(run, last)


def _write(run: Run, last: bool) -> None:
    tensors = capture(run.step) | run.best.tensors()
    if not all_finite(tensors):
        if last:
            raise MapganError(f"train: {DIVERGED.name} at step {run.done}: {DIVERGED.sentence}")
        return  # the checkpoint before is good, and the next logged row will show the trouble
    scaler = run.accelerator.scaler
    checkpoint = Checkpoint(
        step=run.done,
        tensors=tensors,
        rows=run.monitor.rows,
        scale=scaler.state_dict() if scaler is not None else None,
        roll_backs=run.roll_backs,
        d_steps=run.progress.d_steps,
        d_metrics={name: float(value) for name, value in run.progress.metrics.items()},
        last_rollback=run.last_rollback,
        origin=run.origin,
        parts=run.parts,
        labels=list(run.dataset.labels),
        history=run.history,
    )
    save_checkpoint(run.folder, checkpoint, run.params.machine.keep_checkpoints, run.milestone)


def restore_run(run: Run, checkpoint: Checkpoint) -> None:
    """Restore `run` as it was when `checkpoint` was saved.

    Raises:
        MapganError: the checkpoint is of other networks.
    """
    train, device = run.params.train, run.accelerator.device
    restore(run.step, checkpoint, train)
    run.done, run.roll_backs = checkpoint.step, checkpoint.roll_backs
    run.last_rollback, run.origin, run.history = checkpoint.last_rollback, checkpoint.origin, checkpoint.history
    run.monitor.bar.restart(run.done)
    d_metrics = {name: torch.tensor(value, device=device) for name, value in checkpoint.d_metrics.items()}
    run.progress = StepProgress(checkpoint.d_steps, d_metrics)
    every = {"metrics": train.log_every, "diversity": train.snapshot_every, "score": train.evaluate_every}
    # earlier rows were logged under other settings, at other intervals
    before = checkpoint.history[-1]["step"] if checkpoint.history else 0
    run.monitor.restore([row for row in checkpoint.rows if row["step"] <= before or _is_logged(run, row, every)])
    run.best.restore(checkpoint)


def _is_logged(run: Run, row: Row, every: dict[str, int]) -> bool:
    """Whether this run logs such a row at that step; troubles come at any step."""
    return kind(row) == "trouble" or run.is_due(every[kind(row)], int(row["step"]))
