"""What a run does about trouble: go on with a warning, stop, or go back to a state before it."""

from __future__ import annotations

import torch

from mapgan.errors import MapganError
from mapgan.training import state as states
from mapgan.training.run_data import Run
from mapgan.training.saving import save, take_up
from mapgan.training.trouble import DIVERGED, TROUBLES, Trouble, find_trouble


def trouble_of(run: Run) -> Trouble | None:
    """What the log shows since the last roll-back."""
    rows = [row for row in run.monitor.rows if row["step"] > run.untroubled]
    return find_trouble(run.params.train.watch, rows)


def agreed(run: Run, trouble: Trouble | None) -> Trouble | None:
    """The main process's trouble, in all of them: it alone has looked at the pictures."""
    number = TROUBLES.index(trouble) + 1 if trouble and run.main else 0
    told = run.accelerator.reduce(torch.tensor(number, device=run.accelerator.device), reduction="sum")
    return TROUBLES[int(told) - 1] if int(told) else None


def answer(run: Run, trouble: Trouble) -> bool:
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
        good = states.load_state(run.folder, run.done - 1, run.monitor.say, milestone=run.milestone)
    if good is None:
        raise MapganError(what)
    good.roll_backs, good.untroubled = run.roll_backs + 1, good.step
    run.accelerator.wait_for_everyone()  # all have read it before it is written anew
    take_up(run, good)
    if run.main:
        states.forget_after(run.folder, good.step)
    save(run)
    run.monitor.say(f"{what}; back to step {good.step}, learning rates times {watch.roll_back_rate}")
    return True
