"""A training run from its first step to its last, whatever happens in between."""

from __future__ import annotations

import time
from pathlib import Path

import torch

from mapgan import files
from mapgan.dataset import Dataset, open_dataset, signature
from mapgan.errors import MapganError
from mapgan.memory.plan import Plan
from mapgan.params import Params
from mapgan.progress import Bar
from mapgan.sampling.sheet import check_page, square_columns
from mapgan.training.checkpoints import capture
from mapgan.training.checkpoints.best import Best
from mapgan.training.checkpoints.checkpoint import find_checkpoint
from mapgan.training.checkpoints.export import write_networks
from mapgan.training.checkpoints.fingerprint import Parts, run_parts
from mapgan.training.checkpoints.resume import start
from mapgan.training.checkpoints.run_folder import run_folder
from mapgan.training.checkpoints.saving import save
from mapgan.training.device.device import limit_memory, make_accelerator, memory_gib, start_trackers
from mapgan.training.device.stopping import StoppedRun, StopRequest, stop_requests
from mapgan.training.objective.distributed import all_agree
from mapgan.training.objective.out_of_memory import StepOutOfMemory, StepProgress
from mapgan.training.objective.step import Metrics, Step
from mapgan.training.prepare import plan_for, prepare
from mapgan.training.reporting.estimate import seconds_per_step
from mapgan.training.reporting.monitor import Monitor
from mapgan.training.reporting.snapshots import Snapshots
from mapgan.training.reporting.trouble import DIVERGED
from mapgan.training.roll_back import agree_on_trouble, find_run_trouble, handle_trouble
from mapgan.training.run_data import Run
from mapgan.training.run_paths import RunPaths


def train(params: Params, paths: RunPaths, resume: str = "auto", source: Path | None = None) -> None:
    """Train until `train.steps` are done.

    Args:
        params: all settings.
        places: where to read and write.
        resume: auto (go on from the last saved state of the same run), never, or the path of a state.
        source: a state of another run to continue from, whose data or settings may be others (None: that
            which `train.continue_from` names, if it names one).

    Raises:
        MapganError: the training set or the settings do not fit, the run is in trouble, or another trainer
            is at work on the same run.
        StoppedRun: the process was asked to stop; the state is saved.
    """
    dataset = open_dataset(paths.maps)
    if len(dataset.train) < 2:
        raise MapganError(f"{paths.maps}: holds one image to train on", "add images, or cut several tiles of it")
    count = params.train.snapshot_images
    check_page((dataset.width, dataset.height), count, square_columns(count))
    accelerator = make_accelerator(params, paths.scratch / "logs")
    if source is None and params.train.continue_from:
        source = find_checkpoint(Path(params.train.continue_from))
    parts = run_parts(params, dataset.digest)
    with run_folder(parts, paths.scratch, accelerator, afresh=source is None) as folder, stop_requests() as stop:
        plan = plan_for(params, dataset, accelerator)
        limit_memory(params.machine, accelerator.device)
        step = prepare(params, dataset, accelerator, plan)
        run = _new(params, paths, dataset, step, parts, folder)
        start(run, resume, source)
        _say_what_comes(run, plan)
        start_trackers(accelerator, params)
        try:
            _loop(run, stop)
        finally:
            with run.monitor.tolerate_full_disk(run.done):
                run.snapshots.animation.finish()
            for tracker in accelerator.trackers:
                tracker.finish()  # not `end_training`, after which the processes could no longer meet
        run.best.evaluate_last(step.ema.network, run.done, run.monitor)
        if accelerator.is_main_process:
            write_networks(paths.generator, step, params, dataset, run.done, run.best)
        accelerator.wait_for_everyone()
        if accelerator.device.type == "cuda":
            run.monitor.report_peak(plan, memory_gib(accelerator.device))


def _new(params: Params, paths: RunPaths, dataset: Dataset, step: Step, parts: Parts, folder: Path) -> Run:
    """A run before its first step."""
    quiet = not step.accelerator.is_main_process
    bar = Bar("train", total=params.train.steps, quiet=quiet)
    return Run(
        params=params,
        paths=paths,
        dataset=dataset,
        files=signature(dataset.folder),
        step=step,
        parts=parts,
        folder=folder,
        monitor=Monitor(paths.results, params.train.batch_size, bar, quiet=quiet),
        snapshots=Snapshots(params.train, dataset, folder, paths.results),
        best=Best(params, dataset, step.accelerator, folder),
    )


def _say_what_comes(run: Run, plan: Plan) -> None:
    """Say how a step will be done, and about how long all that are left will take."""
    left = run.params.train.steps - run.done
    guess = None if run.params.machine.compile else seconds_per_step(run.step, plan) * left
    run.monitor.report_plan(plan, run.accelerator.num_processes, len(run.step.indices), guess)


def _loop(run: Run, stop: StopRequest) -> None:
    """Do the steps that are left."""
    settings, machine = run.params.train, run.params.machine
    with run.monitor.bar:
        with run.monitor.tolerate_full_disk(run.done):
            if run.main:
                run.snapshots.restore(run.done)
                if run.history:
                    files.write_json(run.paths.results / "history.json", run.history)
            run.monitor.write()
        if run.milestone and not run.done:
            save(run)
        saved = time.monotonic()
        while run.done < settings.steps:
            metrics = _next_step(run)
            run.monitor.count_step(settings.steps - run.done)
            if _in_trouble(run, metrics):
                continue
            if run.best.due(run.done):
                run.best.evaluate(run.step.ema.network, run.done, run.monitor)
            if _asked_to_stop(run, stop):
                save(run, last=True)
                raise StoppedRun(f"train: stopped after step {run.done}; run again to go on from there", stop.signal)
            by_clock = time.monotonic() - saved >= 60 * machine.save_minutes
            by_count = machine.save_every and run.done % machine.save_every == 0
            milestone = run.milestone and run.done % run.milestone == 0
            if by_clock or by_count or milestone or run.done == settings.steps:
                save(run, last=run.done == settings.steps)
                saved = time.monotonic()


def _next_step(run: Run) -> Metrics:
    run.step.collect_stats = run.due(run.params.train.log_every, run.done + 1)
    try:
        metrics = run.step(run.done, run.progress)
    except StepOutOfMemory as failed:  # in all processes, at the same place
        run.progress = StepProgress(
            failed.progress.d_steps, run.accelerator.reduce(failed.progress.metrics, reduction="mean")
        )
        save(run)
        raise
    run.progress = StepProgress()
    run.done += 1
    return metrics


def _in_trouble(run: Run, metrics: Metrics) -> bool:
    """Log what is due; whether the run was rolled back for what that shows."""
    settings, trouble = run.params.train, None
    if run.due(settings.log_every, run.done):
        row = _read(run, metrics) | capture.learning_rates(run.step)
        with run.monitor.tolerate_full_disk(run.done):
            row = run.monitor.log(run.done, row, memory_gib(run.accelerator.device))
        run.accelerator.log(row, step=run.done)
        trouble = find_run_trouble(run)
    if trouble is not DIVERGED and run.due(settings.snapshot_every, run.done):
        if run.main:
            with run.monitor.tolerate_full_disk(run.done):
                run.monitor.log_diversity(run.done, run.snapshots.take(run.step.ema.network, run.done))
        trouble = trouble or agree_on_trouble(run, find_run_trouble(run))
    return trouble is not None and handle_trouble(run, trouble)


def _read(run: Run, metrics: Metrics) -> dict[str, float]:
    """The means of `metrics` over all processes: one reduction, and one transfer from the device."""
    together = torch.stack([value.to(torch.get_default_dtype()) for value in metrics.values()])
    means: list[float] = run.accelerator.reduce(together, reduction="mean").tolist()
    return dict(zip(metrics, means, strict=True))


def _asked_to_stop(run: Run, stop: StopRequest) -> bool:
    """Whether any process was; all of them hear it after the same step."""
    return not all_agree(run.accelerator, not stop)
