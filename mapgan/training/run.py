"""A training run from its first step to its last, whatever happens in between."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from accelerate import Accelerator

from mapgan import files, networks
from mapgan.dataset import Dataset, open_dataset
from mapgan.errors import MapganError
from mapgan.networks.generator_file import About, save_generator
from mapgan.networks.stack import set_checkpointing
from mapgan.params import Params
from mapgan.progress import Bar
from mapgan.sampling.drawing import draw
from mapgan.sampling.sheet import check_page, save_png, sheet, square_columns
from mapgan.training import state as states
from mapgan.training.batches import RealPictures
from mapgan.training.ema import Average
from mapgan.training.fingerprint import Parts, differences, fingerprint, run_parts
from mapgan.training.machine import accelerator_for, memory_gib
from mapgan.training.monitor import Monitor, check_finite
from mapgan.training.step import Metrics, Step, bare
from mapgan.training.stopping import StoppedRun, StopRequest, stop_requests

Resume = Literal["auto", "never"]


@dataclass(frozen=True)
class Places:
    """Where a run reads and writes.

    Args:
        maps: the training set.
        generator: the file that the finished generator goes to.
        results: metrics and snapshots.
        scratch: states of this and earlier runs, outside anything DVC empties.
    """

    maps: Path
    generator: Path
    results: Path
    scratch: Path


def train(params: Params, places: Places, resume: Resume = "auto") -> None:
    """Train until `train.steps` are done, going on from the last saved state of the same run.

    Raises:
        MapganError: the training set or the settings do not fit, the run diverged, or another trainer
            is at work on the same run.
        StoppedRun: the process was asked to stop; the state is saved.
    """
    dataset = open_dataset(places.maps)
    accelerator = accelerator_for(params)
    count = params.train.snapshot_pictures
    check_page((dataset.width, dataset.height), count, square_columns(count))
    step = prepare(params, dataset, accelerator)
    if accelerator.num_processes > 1:
        accelerator.print(f"mapgan: train: {accelerator.num_processes} processes, {len(step.places)} pictures each")
    with _run_folder(params, dataset, places, accelerator) as folder, stop_requests() as stop:
        run = Run(params, places, dataset, step, folder)
        run.restore(resume)
        run.loop(stop)
        run.finish()


def prepare(params: Params, dataset: Dataset, accelerator: Accelerator) -> Step:
    """Networks, optimizers and everything else that a training step works on, on the device."""
    settings = params.train
    pair = networks.build(
        settings.network, settings.networks.of(settings.network), dataset.width, dataset.height, params.seed
    )
    places = _places(settings.batch_size, accelerator)
    average = Average(pair.generator, settings.ema)
    for network in (pair.generator, pair.discriminator):
        network.to(memory_format=torch.channels_last)
        set_checkpointing(network, params.machine.checkpointing)
    betas, fused = (settings.beta1, settings.beta2), accelerator.device.type in ("cpu", "cuda")
    optimizers = [
        torch.optim.Adam(network.parameters(), rate, betas, fused=fused)
        for network, rate in [(pair.generator, settings.generator_lr), (pair.discriminator, settings.discriminator_lr)]
    ]
    generator, discriminator, *prepared = accelerator.prepare(pair.generator, pair.discriminator, *optimizers)
    average.network.to(accelerator.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Step(
        settings=settings,
        seed=params.seed,
        latent=pair.latent,
        accelerator=accelerator,
        real_pictures=RealPictures(dataset.train, params.seed, settings.batch_size, settings.mirror, settings.turn),
        generator=generator,
        discriminator=discriminator,
        average=average,
        generator_optimizer=prepared[0],
        discriminator_optimizer=prepared[1],
        places=places,
        micro_batch=_micro_batch(params, len(places), pair.batch_dependent),
    )


def _places(batch_size: int, accelerator: Accelerator) -> range:
    """The part of each global batch that this process does."""
    processes = accelerator.num_processes
    if batch_size % processes:
        raise MapganError(f"train.batch_size: {batch_size} does not divide among {processes} processes")
    share = batch_size // processes
    return range(accelerator.process_index * share, (accelerator.process_index + 1) * share)


def _micro_batch(params: Params, share: int, batch_dependent: bool) -> int:
    """Pictures in memory at a time; batch statistics are a matter of the result and not of memory."""
    train, machine = params.train, params.machine
    if not batch_dependent:
        return min(machine.micro_batch or share, share)
    norm_batch = train.norm_batch or train.batch_size
    if share % norm_batch:
        raise MapganError(
            f"train.norm_batch: {norm_batch} pictures share statistics, but each process has {share}",
            "set train.norm_batch to a number that divides that",
        )
    return norm_batch


@contextlib.contextmanager
def _run_folder(params: Params, dataset: Dataset, places: Places, accelerator: Accelerator) -> Iterator[Path]:
    """The folder of this run's states, held by this trainer alone."""
    parts = run_parts(params, dataset.digest)
    folder = places.scratch / "state" / fingerprint(parts)
    if not accelerator.is_main_process:
        yield folder
        return
    busy = (
        f"another trainer is at work on this run ({places.scratch}); "
        "wait for it or stop it, then run again: this one goes on where that one is"
    )
    with files.locked(places.scratch / "train.lock", busy):  # whatever its settings: both would write the same results
        last = places.scratch / "state" / "last.json"
        if changed := differences(_last_parts(last) or parts, parts):
            accelerator.print(f"mapgan: train: starts afresh or from its own state, for what changed: {changed}")
        files.write_json(last, parts)
        folder.mkdir(parents=True, exist_ok=True)
        for half_written in folder.glob(".*.part"):
            half_written.unlink()
        states.forget_old_runs(folder.parent, folder)
        yield folder


def _last_parts(path: Path) -> Parts | None:
    """The parts of the run before this one; they only serve to say what changed."""
    with contextlib.suppress(MapganError):
        parts = files.read_json(path)
        return parts if isinstance(parts, dict) else None
    return None


class Run:
    """A step, repeated, with all that is kept of it."""

    def __init__(self, params: Params, places: Places, dataset: Dataset, step: Step, folder: Path) -> None:
        self.params, self.places, self.dataset, self.step, self.folder = params, places, dataset, step, folder
        self.accelerator = step.accelerator
        self.main = self.accelerator.is_main_process
        self.done = 0
        self.rows: list[dict[str, float]] = []

    def restore(self, resume: Resume) -> None:
        """Take up the newest whole state of this run, if there is one."""
        if resume == "never" and self.main:
            states.forget_states(self.folder)
        self.accelerator.wait_for_everyone()
        found = states.load_state(self.folder, self.params.train.steps)
        if found is None:
            return
        for name, network in self._networks().items():
            network.load_state_dict(states.part(found.tensors, name))
        for name, optimizer in self._optimizers().items():
            states.load_optimizer(optimizer, states.part(found.tensors, name))
        if self.accelerator.scaler is not None and found.scale:
            self.accelerator.scaler.load_state_dict(found.scale)
        self.done = found.step
        # the last row of a shorter run is none of this one's
        self.rows = [row for row in found.rows if self._due(self.params.train.log_every, int(row["step"]))]
        self.accelerator.print(f"mapgan: train: goes on after step {found.step} of {self.params.train.steps}")

    def loop(self, stop: StopRequest) -> None:
        """Do the steps that are left."""
        settings = self.params.train
        with Bar("train", total=settings.steps, done=self.done, quiet=not self.main) as bar:
            monitor = Monitor(self.places.results, self.rows, settings.batch_size, bar, quiet=not self.main)
            self._restore_snapshots()
            monitor.write()
            saved = time.monotonic()
            while self.done < settings.steps:
                metrics = self.step(self.done)
                self.done += 1
                monitor.stepped(settings.steps - self.done)
                if self._due(settings.log_every, self.done):
                    monitor.log(self.done, self._fetch(metrics), memory_gib(self.accelerator.device))
                if self._due(settings.snapshot_every, self.done):
                    self._snapshot()
                if self._asked_to_stop(stop):
                    self._save(metrics)
                    raise StoppedRun(
                        f"train: stopped after step {self.done}; run again to go on from there", stop.signal
                    )
                if time.monotonic() - saved >= 60 * self.params.machine.save_minutes or self.done == settings.steps:
                    self._save(metrics)
                    saved = time.monotonic()

    def finish(self) -> None:
        """Write the generator, with everything that is to be known about it."""
        settings = self.params.train
        about = About(
            network=settings.network,
            settings=settings.networks.of(settings.network).model_dump(),
            width=self.dataset.width,
            height=self.dataset.height,
            steps=self.done,
            seed=self.params.seed,
            data=self.dataset.digest,
        )
        if self.main:
            save_generator(self.places.generator, self.step.average.network.state_dict(), about)
        self.accelerator.wait_for_everyone()

    def _due(self, every: int, step: int) -> bool:
        return step % every == 0 or step == self.params.train.steps

    def _fetch(self, metrics: Metrics) -> dict[str, float]:
        """Means over the global batch, as numbers.

        Raises:
            MapganError: one of them is not finite.
        """
        means = self.accelerator.reduce(metrics, reduction="mean")
        numbers = {name: float(value) for name, value in means.items()}
        check_finite(numbers, self.done)
        return numbers

    def _asked_to_stop(self, stop: StopRequest) -> bool:
        """Whether any process was; all of them hear it after the same step."""
        if self.accelerator.num_processes == 1:
            return bool(stop)
        asked = torch.tensor(float(bool(stop)), device=self.accelerator.device)
        return bool(self.accelerator.reduce(asked, reduction="sum") > 0)

    def _networks(self) -> dict[str, torch.nn.Module]:
        step = self.step
        return {
            "generator": bare(step.generator),
            "discriminator": bare(step.discriminator),
            "average": step.average.network,
        }

    def _optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """The optimizers that Accelerate wrapped."""
        step = self.step
        return {
            "optimizer_g": step.generator_optimizer.optimizer,
            "optimizer_d": step.discriminator_optimizer.optimizer,
        }

    def _save(self, metrics: Metrics) -> None:
        if not self.main:
            return
        check_finite({name: float(value) for name, value in metrics.items()}, self.done)
        tensors = {
            f"{name}/{key}": value for name, net in self._networks().items() for key, value in net.state_dict().items()
        }
        for name, optimizer in self._optimizers().items():
            tensors |= states.flatten(f"{name}/state", optimizer.state_dict()["state"])
        scale = self.accelerator.scaler.state_dict() if self.accelerator.scaler is not None else None
        states.save_state(self.folder, states.State(self.done, tensors, self.rows, scale))

    def _snapshot(self) -> None:
        """The same seeds again and again; kept with the state too, because DVC empties the results."""
        if not self.main:
            return
        seeds = range(self.params.train.snapshot_pictures)
        pictures = draw(self.step.average.network, self.step.latent, seeds)
        page = sheet(pictures, [str(seed) for seed in seeds], square_columns(len(seeds)))
        kept = self.folder / "snapshots" / f"step-{self.done:08d}.png"
        save_png(kept, page)
        files.link_or_copy(kept, self.places.results / "snapshots" / kept.name)

    def _restore_snapshots(self) -> None:
        for kept in sorted((self.folder / "snapshots").glob("step-*.png")) if self.main else []:
            step = states.step_of(kept)
            if step <= self.done and self._due(self.params.train.snapshot_every, step):
                files.link_or_copy(kept, self.places.results / "snapshots" / kept.name)
