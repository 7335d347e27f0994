"""Handling trouble in a run: a warning, an error, or a roll-back to a checkpoint before it."""

from __future__ import annotations

import torch

from mapgan.errors import MapganError
from mapgan.training.checkpoints.checkpoint import delete_after, load_checkpoint
from mapgan.training.checkpoints.saving import restore_run, save
from mapgan.training.reporting.trouble import COLLAPSED, DIVERGED, TROUBLES, Trouble, find_trouble
from mapgan.training.run_data import Run


def find_run_trouble(run: Run) -> Trouble | None:
    """The trouble that the log shows since the last roll-back."""
    rows = [row for row in run.monitor.rows if row["step"] > run.last_rollback]
    return find_trouble(run.params.train.watch, rows)


def broadcast_trouble(run: Run, trouble: Trouble | None) -> Trouble | None:
    """The trouble that the main process found, in all processes: only the main one has looked at the snapshot."""
    number = TROUBLES.index(trouble) + 1 if trouble and run.is_main else 0
    number = int(run.accelerator.reduce(torch.tensor(number, device=run.accelerator.device), reduction="sum"))
    return TROUBLES[number - 1] if number else None


def _was_diverse(run: Run) -> bool:
    """Whether any snapshot so far was diverse: else the run is slow to start, and there is nothing to go back to."""
    return any(row.get("diversity", 0.0) >= run.params.train.watch.collapsed for row in run.monitor.rows)


def handle_trouble(run: Run, trouble: Trouble) -> bool:
    """Apply `train.watch.policy`; returns whether the run was rolled back.

    Raises:
        MapganError: the policy is to stop, the run was rolled back too often, or it diverged before its first snapshot.
    """
    watch = run.params.train.watch
    message = f"train: {trouble.name} at step {run.done}: {trouble.sentence}"
    rolls_back = watch.policy == "roll-back" and run.roll_backs < watch.roll_backs
    good = None
    if rolls_back and not (trouble is COLLAPSED and not _was_diverse(run)):
        good = load_checkpoint(run.folder, run.done - 1, run.monitor.info, milestone=run.milestone)
    if good is None and trouble is not DIVERGED and (rolls_back or watch.policy == "warn"):
        run.monitor.warn_once(trouble.name, message)
        with run.monitor.tolerate_full_disk(run.done):
            run.monitor.log_trouble(run.done, trouble, once=True)
        return False
    if good is None:
        with run.monitor.tolerate_full_disk(run.done):
            run.monitor.log_trouble(run.done, trouble)
        raise MapganError(message)
    step = run.done
    good.roll_backs, good.last_rollback = run.roll_backs + 1, good.step
    run.accelerator.wait_for_everyone()  # before the checkpoint is overwritten, all processes have read it
    restore_run(run, good)
    with run.monitor.tolerate_full_disk(run.done):
        run.monitor.log_trouble(step, trouble, back_to=run.done)
    if run.is_main:
        delete_after(run.folder, good.step)
    save(run)
    run.monitor.info(f"{message}; back to step {good.step}, learning rates times {watch.roll_back_lr_factor}")
    return True
