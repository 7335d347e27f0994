"""The parts of `make gpu-check` that cover a whole run: train, kill, resume, sample, evaluate."""

from __future__ import annotations

import contextlib
import io
import math
import multiprocessing
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from mapgan import files, stages
from mapgan.dataset import Dataset, Entry, open_dataset, write_dataset
from mapgan.errors import MapganError
from mapgan.params import Params, load

STEPS = 30
TRAIN_IMAGES, HOLDOUT_IMAGES = 8, 2


@dataclass(frozen=True)
class Case:
    """What to train: a preset, the precision, and settings over both."""

    preset: str | None
    precision: str
    settings: tuple[str, ...] = ()

    def params(self, device: str) -> Params:
        """All settings, for training on this kind of device (cuda, cpu)."""
        return load(
            preset=self.preset,
            settings=[f"train.precision='{self.precision}'", f"machine.device={device}", *self.settings],
        )


@dataclass(frozen=True)
class Result:
    """A row of the table.

    Attributes:
        name: name of the check.
        precision: precision of training.
        failed: whether the check failed.
        note: remarks.
        steps: number of steps done.
        images_per_second: without the first steps; NaN if too few were done.
        predicted: peak of memory by the plan, GiB; NaN if there is none.
        measured: peak of memory by CUDA's allocator, GiB; NaN if there is none.
    """

    name: str
    precision: str = ""
    failed: bool = False
    note: str = "ok"
    steps: int = 0
    images_per_second: float = math.nan
    predicted: float = math.nan
    measured: float = math.nan


def whole_params(case: Case, device: str) -> Params:
    """Settings of a short run that exercises every part of a run."""
    short = [f"train.steps={STEPS}", "train.log_every=10", "train.snapshot_every=15", "train.snapshot_images=4"]
    generated = ["machine.save_every=10", "sample.seeds=0-3", "sample.sheet=2x2", "evaluate.images=8"]
    return Case(case.preset, case.precision, (*short, *generated, *case.settings)).params(device)


def train_whole(case: Case, device: str, folder: Path, out: str) -> Path:
    """Train as `mapgan train` does, into `folder`/`out`, and return the generator's file."""
    params, run = whole_params(case, device), folder / out
    maps = noise_images(folder, params.resize.width, params.resize.height).folder
    generator = run / "generator.safetensors"
    stages.train(params, maps, generator, run / "results", run / "scratch")
    return generator


def kill_and_resume(case: Case, device: str, folder: Path) -> Result:
    """Kill a run after its first checkpoint and resume it: the weights must be those of an uninterrupted run."""
    with contextlib.redirect_stderr(io.StringIO()):
        undisturbed = files.sha256_file(train_whole(case, device, folder, "undisturbed"))
    process = multiprocessing.get_context("spawn").Process(target=train_whole, args=(case, device, folder, "run"))
    process.start()
    checkpoints = folder / "run" / "scratch" / "state"
    deadline = time.monotonic() + 60
    while process.is_alive() and not any(checkpoints.rglob("step-*.safetensors")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.join()
    if (folder / "run" / "generator.safetensors").exists() or not any(checkpoints.rglob("step-*.safetensors")):
        raise MapganError("the run could not be killed between its first checkpoint and its end")
    output = io.StringIO()
    with contextlib.redirect_stderr(output):
        resumed = files.sha256_file(train_whole(case, device, folder, "run"))
    if "continues after step" not in output.getvalue():
        raise MapganError("the killed run started from scratch")
    same = undisturbed == resumed
    note = (
        "ok: the same weights, bit for bit" if same else "failed: the weights differ from those of an uninterrupted run"
    )
    return Result("killed and resumed", case.precision, failed=not same, note=note, steps=STEPS)


def sample(case: Case, device: str, folder: Path) -> Result:
    """Sample from the resumed run's generator."""
    stages.sample(whole_params(case, device).sample, folder / "run/generator.safetensors", folder / "samples",
                  device_name(device))  # fmt: skip
    return Result("sample", note=f"ok: {len(list((folder / 'samples/singles').iterdir()))} images")


def evaluate(case: Case, device: str, folder: Path) -> Result:
    """Measure the resumed run's generator."""
    params = whole_params(case, device)
    maps = noise_images(folder, params.resize.width, params.resize.height).folder
    generator, out = folder / "run/generator.safetensors", folder / "evaluate"
    stages.evaluate(params.evaluate, generator, maps, out, params.seed, device_name(device))
    distance = files.read_json(out / "metrics.json")["SWD"]["samples"]
    return Result("evaluate", failed=not math.isfinite(distance), note=f"ok: SWD {distance:.3g}")


def device_name(kind: str) -> str:
    """The kind of device with its index."""
    return f"cuda:{torch.cuda.current_device()}" if kind == "cuda" else kind


def noise_images(folder: Path, width: int, height: int) -> Dataset:
    """A training set of noise in coarse squares, made once for each size."""
    dataset = folder / f"images-{width}x{height}"
    if not dataset.is_dir():
        random = np.random.default_rng(0)
        count, rows, columns = TRAIN_IMAGES + HOLDOUT_IMAGES, -(-height // 8), -(-width // 8)
        coarse = (random.integers(0, 256, (rows, columns, 3), dtype=np.uint8) for _ in range(count))
        images = (image.repeat(8, 0).repeat(8, 1)[:height, :width] for image in coarse)
        entries = [Entry(f"{number}", f"{number}") for number in range(count)]
        write_dataset(dataset, (width, height), entries[:TRAIN_IMAGES], entries[TRAIN_IMAGES:], images)
    return open_dataset(dataset, verify=False)
