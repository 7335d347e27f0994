"""Saving the state of a run, and taking it up again."""

from __future__ import annotations

import torch

from mapgan.dataset import signature
from mapgan.errors import MapganError
from mapgan.training.checkpoints import capture
from mapgan.training.checkpoints import checkpoint as checkpoints
from mapgan.training.objective.out_of_memory import StepProgress
from mapgan.training.reporting.monitor import kind
from mapgan.training.reporting.trouble import DIVERGED
from mapgan.training.run_data import Run


def save(run: Run, last: bool = False) -> None:
    """Save the state in the main process; trouble with the disk only ends the run if this is the `last` chance.

    Raises:
        MapganError: the training set changed, the weights are not finite, or the last state cannot be written.
    """
    if not run.main:
        return
    if signature(run.dataset.folder) != run.files:
        raise MapganError(
            f"{run.dataset.folder}: changed while training", "run again; the states saved before are still good"
        )
    with run.monitor.tolerate_full_disk(run.done, fatal=last):
        _write(run, last)


def _write(run: Run, last: bool) -> None:
    tensors = capture.capture(run.step) | run.best.tensors()
    if not capture.all_finite(tensors):
        if last:
            raise MapganError(f"train: {DIVERGED.name} at step {run.done}: {DIVERGED.sentence}")
        return  # the state before is good, and the next row of the log will show what is wrong
    scaler = run.accelerator.scaler
    checkpoint = checkpoints.Checkpoint(
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
    checkpoints.save_checkpoint(run.folder, checkpoint, run.params.machine.keep_checkpoints, run.milestone)


def restore_run(run: Run, checkpoint: checkpoints.Checkpoint) -> None:
    """Make `run` what it was when `checkpoint` was saved.

    Raises:
        MapganError: the state is that of other networks.
    """
    train = run.params.train
    capture.restore(run.step, checkpoint, train)
    run.done, run.roll_backs = checkpoint.step, checkpoint.roll_backs
    run.last_rollback, run.origin, run.history = checkpoint.last_rollback, checkpoint.origin, checkpoint.history
    run.monitor.bar.restart(run.done)
    done, device = checkpoint.d_metrics, run.accelerator.device
    run.progress = StepProgress(
        checkpoint.d_steps, {name: torch.tensor(value, device=device) for name, value in done.items()}
    )
    every = {"metrics": train.log_every, "diversity": train.snapshot_every, "score": train.evaluate_every}
    before = (
        checkpoint.history[-1]["step"] if checkpoint.history else 0
    )  # rows up to there are as other settings had them
    run.monitor.restore(
        [row for row in checkpoint.rows if row["step"] <= before or run.due(every[kind(row)], int(row["step"]))]
    )
    run.best.restore(checkpoint)
