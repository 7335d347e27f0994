"""A training run from its first step to its last, whatever happens in between."""

from __future__ import annotations

import time
from pathlib import Path

import torch

from mapgan.dataset import Dataset, open_dataset, signature
from mapgan.errors import MapganError
from mapgan.memory.plan import Plan
from mapgan.params import Params
from mapgan.progress import Bar
from mapgan.sampling.sheet import check_page, square_columns
from mapgan.training import resume as resuming
from mapgan.training import state as states
from mapgan.training.best import Best
from mapgan.training.estimate import seconds_per_step
from mapgan.training.folder import run_folder
from mapgan.training.machine import accelerator_for, hold_to_budget, memory_gib, start_trackers
from mapgan.training.meeting import all_agree, same_everywhere
from mapgan.training.monitor import Monitor, kind
from mapgan.training.out_of_memory import Begun, HalfFailed
from mapgan.training.outcome import write_networks
from mapgan.training.places import Places
from mapgan.training.prepare import plan_for, prepare
from mapgan.training.snapshots import Snapshots
from mapgan.training.step import Metrics, Step
from mapgan.training.stopping import StoppedRun, StopRequest, stop_requests
from mapgan.training.trouble import DIVERGED, TROUBLES, Trouble, find_trouble


def train(params: Params, places: Places, resume: str = "auto") -> None:
    """Train until `train.steps` are done.

    Args:
        params: all settings.
        places: where to read and write.
        resume: auto (go on from the last saved state of the same run), never, or the path of a state.

    Raises:
        MapganError: the training set or the settings do not fit, the run is in trouble, or another trainer
            is at work on the same run.
        StoppedRun: the process was asked to stop; the state is saved.
    """
    dataset = open_dataset(places.maps)
    if len(dataset.train) < 2:
        raise MapganError(f"{places.maps}: holds one picture to train on", "add pictures, or cut several tiles of it")
    count = params.train.snapshot_pictures
    check_page((dataset.width, dataset.height), count, square_columns(count))
    accelerator = accelerator_for(params, places.scratch / "logs")
    with run_folder(params, dataset.digest, places.scratch, accelerator) as folder, stop_requests() as stop:
        plan = plan_for(params, dataset, accelerator)
        hold_to_budget(params.machine, accelerator.device)
        step = prepare(params, dataset, accelerator, plan)
        run = Run(params, places, dataset, step, folder)
        run.restore(resume)
        run.say_what_comes(plan)
        start_trackers(accelerator, params)
        try:
            run.loop(stop)
        finally:
            with run.monitor.disk_may_be_full(run.done):
                run.snapshots.animation.finish()
            for tracker in accelerator.trackers:
                tracker.finish()  # not `end_training`, after which the processes could no longer meet
        run.best.look_last(step.average.network, run.done, run.monitor)
        if accelerator.is_main_process:
            write_networks(places.generator, step, params, dataset, run.done, run.best)
        accelerator.wait_for_everyone()
        if accelerator.device.type == "cuda":
            run.monitor.say_peak(plan, memory_gib(accelerator.device))


class Run:
    """A step, repeated, with all that is kept of it."""

    def __init__(self, params: Params, places: Places, dataset: Dataset, step: Step, folder: Path) -> None:
        self.params, self.places, self.dataset, self.step, self.folder = params, places, dataset, step, folder
        self.accelerator = step.accelerator
        self.main = self.accelerator.is_main_process
        self.done, self.roll_backs, self.untroubled, self.origin = 0, 0, 0, ""
        watched = params.train.watch.policy == "roll-back"
        self.milestone = params.train.snapshot_every if watched else 0  # steps between states to roll back to
        self.begun = Begun()
        self.bar = Bar("train", total=params.train.steps, quiet=not self.main)
        self.monitor = Monitor(places.results, params.train.batch_size, self.bar, quiet=not self.main)
        self.snapshots = Snapshots(params.train, dataset, folder, places.results)
        self.best = Best(params, dataset, self.accelerator, folder)
        self.data = signature(dataset.folder)

    def restore(self, resume: str) -> None:
        """Take up the newest whole state of this run, if there is one, or the one that `resume` names.

        Raises:
            MapganError: the named state cannot be used, or the processes see different states.
        """
        if resume == "never" and self.main:
            states.forget_after(self.folder, -1)
        self.accelerator.wait_for_everyone()
        newest = states.load_state(self.folder, self.params.train.steps, self.monitor.say)
        found = newest if resume in ("auto", "never") else self._named(states.named_state(Path(resume)), newest)
        if found is not None:
            self._take_up(found)
            if found is not newest:
                self._save()  # from now on it is this run's
            self.monitor.say(f"train: goes on after step {found.step} of {self.params.train.steps}")
        if not same_everywhere(self.accelerator, self.done):
            raise MapganError(
                f"train: the processes found different states in {self.folder}",
                "all machines must see the same folder",
            )
        if self.main:
            states.forget_old_runs(self.folder.parent, self.folder)

    def _named(self, path: Path, newest: states.State | None) -> states.State:
        """The state that a person named, or the newest of those that came from it (the same command, given again)."""
        named = states.read_state(path)
        origin = states.checksums(path)[0]
        if newest is not None and newest.origin == origin:
            return newest
        if named.step > self.params.train.steps:
            raise MapganError(f"{path}: has {named.step} steps, and train.steps is {self.params.train.steps}")
        self.accelerator.wait_for_everyone()  # all have read it
        if self.main:
            states.forget_after(self.folder, named.step)
        named.origin = origin
        return named

    def say_what_comes(self, plan: Plan) -> None:
        """Say how a step will be done, and about how long all that are left will take."""
        left = self.params.train.steps - self.done
        guess = None if self.params.machine.compile else seconds_per_step(self.step, plan) * left
        self.monitor.say_plan(plan, self.accelerator.num_processes, len(self.step.places), guess)

    def _take_up(self, state: states.State) -> None:
        resuming.restore(self.step, state, self.params.train)
        self.done, self.roll_backs = state.step, state.roll_backs
        self.untroubled, self.origin = state.untroubled, state.origin
        self.bar.restart(self.done)
        done, device = state.discriminator_done, self.accelerator.device
        self.begun = Begun(state.turns, {name: torch.tensor(value, device=device) for name, value in done.items()})
        train = self.params.train
        every = {"metrics": train.log_every, "diversity": train.snapshot_every, "score": train.evaluate_every}
        self.monitor.rows = [row for row in state.rows if self._due(every[kind(row)], int(row["step"]))]
        self.best.take_up(state)

    def loop(self, stop: StopRequest) -> None:
        """Do the steps that are left."""
        settings, machine = self.params.train, self.params.machine
        with self.bar:
            with self.monitor.disk_may_be_full(self.done):
                if self.main:
                    self.snapshots.bring_back(self.done)
                self.monitor.write()
            if self.milestone and not self.done:
                self._save()
            saved = time.monotonic()
            while self.done < settings.steps:
                metrics = self._next_step()
                self.monitor.stepped(settings.steps - self.done)
                if self._in_trouble(metrics):
                    continue
                if self.best.due(self.done):
                    self.best.look(self.step.average.network, self.done, self.monitor)
                if self._asked_to_stop(stop):
                    self._save(last=True)
                    raise StoppedRun(
                        f"train: stopped after step {self.done}; run again to go on from there", stop.signal
                    )
                by_clock = time.monotonic() - saved >= 60 * machine.save_minutes
                by_count = machine.save_every and self.done % machine.save_every == 0
                milestone = self.milestone and self.done % self.milestone == 0
                if by_clock or by_count or milestone or self.done == settings.steps:
                    self._save(last=self.done == settings.steps)
                    saved = time.monotonic()

    def _next_step(self) -> Metrics:
        self.step.watched = self._due(self.params.train.log_every, self.done + 1)
        try:
            metrics = self.step(self.done, self.begun)
        except HalfFailed as failed:  # in all processes, at the same place
            self.begun = Begun(failed.begun.turns, self.accelerator.reduce(failed.begun.metrics, reduction="mean"))
            self._save()
            raise
        self.begun = Begun()
        self.done += 1
        return metrics

    def _in_trouble(self, metrics: Metrics) -> bool:
        """Log what is due; whether the run was rolled back for what that shows."""
        settings, trouble = self.params.train, None
        if self._due(settings.log_every, self.done):
            row = {name: float(value) for name, value in self.accelerator.reduce(metrics, reduction="mean").items()}
            row |= resuming.rates(self.step)
            with self.monitor.disk_may_be_full(self.done):
                row = self.monitor.log(self.done, row, memory_gib(self.accelerator.device))
            self.accelerator.log(row, step=self.done)
            trouble = self._trouble()
        if trouble is not DIVERGED and self._due(settings.snapshot_every, self.done):
            if self.main:
                with self.monitor.disk_may_be_full(self.done):
                    self.monitor.seen(self.done, self.snapshots.take(self.step.average.network, self.done))
            trouble = trouble or self._agreed(self._trouble())
        return trouble is not None and self._answer(trouble)

    def _trouble(self) -> Trouble | None:
        """What the log shows since the last roll-back."""
        rows = [row for row in self.monitor.rows if row["step"] > self.untroubled]
        return find_trouble(self.params.train.watch, rows)

    def _answer(self, trouble: Trouble) -> bool:
        """Do what the settings say about `trouble`; whether the run was rolled back.

        Raises:
            MapganError: it is to be stopped, or cannot go on.
        """
        watch = self.params.train.watch
        what = f"train: {trouble.name} at step {self.done}: {trouble.sentence}"
        if watch.policy == "warn" and trouble is not DIVERGED:
            self.monitor.warn_once(trouble.name, what)
            return False
        good = None
        if self.milestone and self.roll_backs < watch.roll_backs:
            good = states.load_state(self.folder, self.done - 1, self.monitor.say, milestone=self.milestone)
        if good is None:
            raise MapganError(what)
        self._roll_back(good, what)
        return True

    def _roll_back(self, good: states.State, what: str) -> None:
        good.roll_backs, good.untroubled = self.roll_backs + 1, good.step
        self.accelerator.wait_for_everyone()  # all have read it before it is written anew
        self._take_up(good)
        if self.main:
            states.forget_after(self.folder, good.step)
        self._save()
        self.monitor.say(
            f"{what}; back to step {good.step}, learning rates times {self.params.train.watch.roll_back_rate}"
        )

    def _due(self, every: int, step: int) -> bool:
        return (every > 0 and step % every == 0) or step == self.params.train.steps

    def _agreed(self, trouble: Trouble | None) -> Trouble | None:
        """The main process's trouble, in all of them: it alone has looked at the pictures."""
        number = TROUBLES.index(trouble) + 1 if trouble and self.main else 0
        told = self.accelerator.reduce(torch.tensor(number, device=self.accelerator.device), reduction="sum")
        return TROUBLES[int(told) - 1] if int(told) else None

    def _asked_to_stop(self, stop: StopRequest) -> bool:
        """Whether any process was; all of them hear it after the same step."""
        return not all_agree(self.accelerator, not stop)

    def _save(self, last: bool = False) -> None:
        """Save the state in the main process; trouble with the disk only ends the run if this is the `last` chance.

        Raises:
            MapganError: the training set changed, the weights are not finite, or the last state cannot be written.
        """
        if not self.main:
            return
        if signature(self.dataset.folder) != self.data:
            raise MapganError(
                f"{self.dataset.folder}: changed while training", "run again; the states saved before are still good"
            )
        with self.monitor.disk_may_be_full(self.done, fatal=last):
            self._write_state(last)

    def _write_state(self, last: bool = False) -> None:
        tensors = resuming.capture(self.step) | self.best.tensors()
        if not resuming.all_finite(tensors):
            if last:
                raise MapganError(f"train: {DIVERGED.name} at step {self.done}: {DIVERGED.sentence}")
            return  # the state before is good, and the next row of the log will show what is wrong
        scaler = self.accelerator.scaler
        state = states.State(
            self.done,
            tensors,
            self.monitor.rows,
            scaler.state_dict() if scaler is not None else None,
            self.roll_backs,
            self.begun.turns,
            {name: float(value) for name, value in self.begun.metrics.items()},
            self.untroubled,
            self.origin,
        )
        states.save_state(self.folder, state, self.params.machine.keep_states, self.milestone)
