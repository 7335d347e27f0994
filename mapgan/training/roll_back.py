"""What a run does about trouble: go on with a warning, stop, or go back to a state before it."""

from __future__ import annotations

import torch

from mapgan.errors import MapganError
from mapgan.training.checkpoints import checkpoint as checkpoints
from mapgan.training.checkpoints.saving import restore_run, save
from mapgan.training.reporting.trouble import DIVERGED, TROUBLES, Trouble, find_trouble
from mapgan.training.run_data import Run


def find_run_trouble(run: Run) -> Trouble | None:
    """What the log shows since the last roll-back."""
    rows = [row for row in run.monitor.rows if row["step"] > run.last_rollback]
    return find_trouble(run.params.train.watch, rows)


def agree_on_trouble(run: Run, trouble: Trouble | None) -> Trouble | None:
    """The main process's trouble, in all of them: it alone has looked at the images."""
    number = TROUBLES.index(trouble) + 1 if trouble and run.main else 0
    agreed = run.accelerator.reduce(torch.tensor(number, device=run.accelerator.device), reduction="sum")
    return TROUBLES[int(agreed) - 1] if int(agreed) else None


def handle_trouble(run: Run, trouble: Trouble) -> bool:
    """Do what the settings say about `trouble`; whether the run was rolled back.

    Raises:
        MapganError: it is to be stopped, or cannot go on.
    """
    watch = run.params.train.watch
    what = f"train: {trouble.name} at step {run.done}: {trouble.sentence}"
    if watch.policy == "warn" and trouble is not DIVERGED:
        run.monitor.warn_once(trouble.name, what)
        return False
    good = None
    if run.milestone and run.roll_backs < watch.roll_backs:
        good = checkpoints.load_checkpoint(run.folder, run.done - 1, run.monitor.info, milestone=run.milestone)
    if good is None:
        raise MapganError(what)
    good.roll_backs, good.last_rollback = run.roll_backs + 1, good.step
    run.accelerator.wait_for_everyone()  # all have read it before it is written anew
    restore_run(run, good)
    if run.main:
        checkpoints.delete_after(run.folder, good.step)
    save(run)
    run.monitor.info(f"{what}; back to step {good.step}, learning rates times {watch.roll_back_lr_factor}")
    return True
