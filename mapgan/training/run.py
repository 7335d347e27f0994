"""The training loop, from the first step to the last."""

from __future__ import annotations

import time
from pathlib import Path

import torch

from mapgan import files
from mapgan.dataset import Dataset, file_signature, open_dataset
from mapgan.errors import MapganError
from mapgan.memory.plan import Plan
from mapgan.params import Params
from mapgan.progress import Bar
from mapgan.sampling.sheet import check_page, square_columns
from mapgan.training.checkpoints.best import Best
from mapgan.training.checkpoints.capture import learning_rates
from mapgan.training.checkpoints.checkpoint import find_checkpoint
from mapgan.training.checkpoints.export import write_networks
from mapgan.training.checkpoints.fingerprint import Parts, run_parts
from mapgan.training.checkpoints.resume import resume_run
from mapgan.training.checkpoints.run_folder import run_folder
from mapgan.training.checkpoints.saving import save
from mapgan.training.device.device import limit_memory, make_accelerator, memory_gib, start_trackers
from mapgan.training.device.stopping import StopRequest, TrainingStopped, listen_for_stop
from mapgan.training.objective.out_of_memory import StepOutOfMemory, StepProgress
from mapgan.training.objective.step import Metrics, Step
from mapgan.training.prepare import plan_memory, prepare
from mapgan.training.reporting.estimate import seconds_per_step
from mapgan.training.reporting.machine_record import machine_facts
from mapgan.training.reporting.monitor import Monitor
from mapgan.training.reporting.snapshots import Snapshots
from mapgan.training.reporting.trouble import DIVERGED
from mapgan.training.roll_back import broadcast_trouble, find_run_trouble, handle_trouble
from mapgan.training.run_data import Run
from mapgan.training.run_paths import RunPaths


def train(params: Params, paths: RunPaths, resume: str = "auto", source: Path | None = None) -> None:
    """Train until `train.steps` are done.

    Args:
        params: all settings.
        paths: where to read and write.
        resume: auto (from the last checkpoint of the same run), never, or the path of a checkpoint.
        source: a checkpoint of another run to continue from, whose data or settings may differ (None: that of
            `train.continue_from`, if it is set).

    Raises:
        MapganError: the training set or the settings do not fit, training went wrong, or another trainer is using
            the same folder.
        TrainingStopped: the process was asked to stop; a checkpoint is saved.
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
    fresh = source is None
    with run_folder(parts, paths.scratch, accelerator, fresh) as folder, listen_for_stop() as stop:
        plan = plan_memory(params, dataset, accelerator)
        limit_memory(params.machine, accelerator.device)
        step = prepare(params, dataset, accelerator, plan)
        run = _new_run(params, paths, dataset, step, parts, folder)
        resume_run(run, resume, source)
        run.monitor.report_settings(params.train)
        _report_plan(run, plan)
        start_trackers(accelerator, params)
        try:
            _loop(run, stop)
        finally:
            with run.monitor.tolerate_full_disk(run.done):
                run.snapshots.animation.flush()
            for tracker in accelerator.trackers:
                tracker.finish()  # `end_training` would also destroy the process group, which is needed below
        run.best.evaluate_last(step.ema.network, run.done, run.monitor)
        if run.is_main:
            write_networks(paths.generator, step, params, dataset, run.done, run.best)
        accelerator.wait_for_everyone()
        if accelerator.device.type == "cuda":
            run.monitor.report_peak(plan, memory_gib(accelerator.device))


def _new_run(params: Params, paths: RunPaths, dataset: Dataset, step: Step, parts: Parts, folder: Path) -> Run:
    quiet = not step.accelerator.is_main_process
    bar = Bar("train", total=params.train.steps, quiet=quiet)
    return Run(
        params=params,
        paths=paths,
        dataset=dataset,
        files=file_signature(dataset.folder),
        step=step,
        parts=parts,
        folder=folder,
        monitor=Monitor(paths.results, params.train.batch_size, bar, quiet=quiet),
        snapshots=Snapshots(params.train, dataset, folder, paths.results),
        best=Best(params, dataset, step.accelerator, folder),
    )


def _report_plan(run: Run, plan: Plan) -> None:
    """Log on what and how a step is done, and roughly how long the remaining ones will take."""
    if run.is_main:
        with run.monitor.tolerate_full_disk(run.done):
            facts = machine_facts(run.accelerator, plan, run.params.train.precision)
            files.write_json(run.paths.results / "machine.json", facts)
    remaining = run.params.train.steps - run.done
    seconds = None if run.params.machine.compile else seconds_per_step(run.step, plan) * remaining
    run.monitor.report_plan(plan, run.accelerator.num_processes, len(run.step.indices), seconds)


def _loop(run: Run, stop: StopRequest) -> None:
    settings, machine = run.params.train, run.params.machine
    with run.monitor.bar:
        with run.monitor.tolerate_full_disk(run.done):
            _restore_results(run)
        if run.milestone and not run.done:
            save(run)
        saved = time.monotonic()
        while run.done < settings.steps:
            metrics = _next_step(run, stop)
            run.monitor.count_step(settings.steps - run.done)
            if _log_and_check(run, metrics):
                continue  # rolled back
            if run.best.is_due(run.done):
                run.best.evaluate(run.step.ema.network, run.done, run.monitor)
            if _should_stop(run, stop):
                save(run, last=True)
                raise TrainingStopped(
                    f"train: stopped after step {run.done}; run again to continue from there", stop.signal
                )
            by_clock = time.monotonic() - saved >= 60 * machine.save_minutes
            by_count = machine.save_every and run.done % machine.save_every == 0
            milestone = run.milestone and run.done % run.milestone == 0
            if by_clock or by_count or milestone or run.done == settings.steps:
                save(run, last=run.done == settings.steps)
                saved = time.monotonic()


def _restore_results(run: Run) -> None:
    """Write what earlier steps left in the results, which DVC has emptied."""
    if run.is_main:
        run.snapshots.restore(run.done)
        history = run.paths.results / "history.json"
        if run.history:
            files.write_json(history, run.history)
        else:
            history.unlink(missing_ok=True)  # of an earlier run
    run.monitor.write()


def _next_step(run: Run, stop: StopRequest) -> Metrics:
    run.step.collect_stats = run.is_due(run.params.train.log_every, run.done + 1)
    run.step.stop_requested = bool(stop)
    try:
        metrics = run.step(run.done, run.progress)
    except StepOutOfMemory as error:  # raised in all processes at the same point
        d_metrics = run.accelerator.reduce(error.progress.metrics, reduction="mean")
        run.progress = StepProgress(error.progress.d_steps, d_metrics)
        save(run)
        raise
    run.progress = StepProgress()
    run.done += 1
    return metrics


def _should_stop(run: Run, stop: StopRequest) -> bool:
    """Whether any process was asked to stop; with several, all of them learn it in the same step."""
    return run.step.stop_requested if run.accelerator.num_processes > 1 else bool(stop)


def _log_and_check(run: Run, metrics: Metrics) -> bool:
    """Log metrics and snapshots that are due, and handle trouble; returns whether the run was rolled back."""
    settings, trouble = run.params.train, None
    if run.is_due(settings.log_every, run.done):
        row = _mean_metrics(run, metrics) | learning_rates(run.step)
        with run.monitor.tolerate_full_disk(run.done):
            row = run.monitor.log(run.done, row, memory_gib(run.accelerator.device))
        run.accelerator.log(row, step=run.done)
        trouble = find_run_trouble(run)
    if trouble is not DIVERGED and run.is_due(settings.snapshot_every, run.done):
        if run.is_main:
            with run.monitor.tolerate_full_disk(run.done):
                diversity = run.snapshots.take(run.step.ema.network, run.done)
                run.monitor.log_diversity(run.done, diversity)
        trouble = trouble or broadcast_trouble(run, find_run_trouble(run))
    return trouble is not None and handle_trouble(run, trouble)


def _mean_metrics(run: Run, metrics: Metrics) -> dict[str, float]:
    """The means of `metrics` over all processes: one reduction, and one transfer from the device."""
    stacked = torch.stack([value.to(torch.get_default_dtype()) for value in metrics.values()])
    means: list[float] = run.accelerator.reduce(stacked, reduction="mean").tolist()
    return dict(zip(metrics, means, strict=True))
