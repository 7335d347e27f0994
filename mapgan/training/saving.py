"""Saving the state of a run, and taking it up again."""

from __future__ import annotations

import torch

from mapgan.dataset import signature
from mapgan.errors import MapganError
from mapgan.training import resume as resuming
from mapgan.training import state as states
from mapgan.training.monitor import kind
from mapgan.training.objective.out_of_memory import Begun
from mapgan.training.run_data import Run
from mapgan.training.trouble import DIVERGED


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
    with run.monitor.disk_may_be_full(run.done, fatal=last):
        _write(run, last)


def _write(run: Run, last: bool) -> None:
    tensors = resuming.capture(run.step) | run.best.tensors()
    if not resuming.all_finite(tensors):
        if last:
            raise MapganError(f"train: {DIVERGED.name} at step {run.done}: {DIVERGED.sentence}")
        return  # the state before is good, and the next row of the log will show what is wrong
    scaler = run.accelerator.scaler
    state = states.State(
        step=run.done,
        tensors=tensors,
        rows=run.monitor.rows,
        scale=scaler.state_dict() if scaler is not None else None,
        roll_backs=run.roll_backs,
        turns=run.begun.turns,
        discriminator_done={name: float(value) for name, value in run.begun.metrics.items()},
        untroubled=run.untroubled,
        origin=run.origin,
        parts=run.parts,
        labels=list(run.dataset.labels),
        history=run.history,
    )
    states.save_state(run.folder, state, run.params.machine.keep_states, run.milestone)


def take_up(run: Run, state: states.State) -> None:
    """Make `run` what it was when `state` was saved.

    Raises:
        MapganError: the state is that of other networks.
    """
    train = run.params.train
    resuming.restore(run.step, state, train)
    run.done, run.roll_backs = state.step, state.roll_backs
    run.untroubled, run.origin, run.history = state.untroubled, state.origin, state.history
    run.monitor.bar.restart(run.done)
    done, device = state.discriminator_done, run.accelerator.device
    run.begun = Begun(state.turns, {name: torch.tensor(value, device=device) for name, value in done.items()})
    every = {"metrics": train.log_every, "diversity": train.snapshot_every, "score": train.evaluate_every}
    before = state.history[-1]["step"] if state.history else 0  # rows up to there are as other settings had them
    run.monitor.take_up(
        [row for row in state.rows if row["step"] <= before or run.due(every[kind(row)], int(row["step"]))]
    )
    run.best.take_up(state)
