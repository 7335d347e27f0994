"""Checks mapgan on this machine's GPU: the thing to run after an install (`make gpu-check`).

Trains 30 steps of every preset at full size in every precision, on images of noise, and compares the measured memory
with the prediction; kills a run and resumes it, samples and evaluates; compares 40 steps in float64 with the CPU's.
It takes 4 to 6 minutes: in mixed precision, the first step of each preset takes an H200 about 10 seconds. A case that
would take more than its share of the time does fewer steps, and the table says how many.

Exit code 0: all checks passed; 1: something failed; 2: there is no GPU.
"""

from __future__ import annotations

import gc
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from mapgan.dataset import Dataset
from mapgan.memory.budget import ALLOWANCES, GIB
from mapgan.params import Params, load
from mapgan.params.reading import preset_names
from mapgan.training.device.device import limit_memory, make_accelerator, memory_gib
from mapgan.training.objective.step import Metrics, Step
from mapgan.training.prepare import plan_memory, prepare
from tools.gpu_whole_run import STEPS, Case, Result, evaluate, kill_and_resume, noise_images, sample

SECONDS = 215.0  # for all cases, which do three steps each however long these take
FLOAT64_STEPS = 40
SMALL_GIB = 0.5  # libraries' own workspaces, negligible on a large card
WARM_UP = 2  # steps that are not timed: kernels are loaded and chosen
PRECISIONS = ("no", "tf32", "bf16", "fp16")
MAX_DIFFERENCE = 1e-6  # between weights on two devices, in float64; rounding alone gives about 1e-14
SMALL_NETWORK = (
    "train.batch_size=8",
    "train.penalty_every=2",
    "train.instance_noise=0.1",
    "train.precision='no'",
    "train.networks.dcgan-modern.latent=8",
    "train.networks.dcgan-modern.generator_channels=8",
    "train.networks.dcgan-modern.discriminator_channels=8",
    "train.networks.dcgan-modern.max_channels=16",
    "train.networks.dcgan-modern.last_channels=8",
)


def main() -> int:
    """Check the GPU, print the table, and return the exit code."""
    if not torch.cuda.is_available():
        print("gpu-check: no CUDA GPU was found here; `mapgan doctor` says more", file=sys.stderr)
        return 2
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gpu-check-") as folder:
        results = check(preset_cases(), "cuda", Path(folder), SECONDS)
    title = f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {time.monotonic() - start:.0f} s"
    wide = Console()
    (wide if wide.is_terminal else Console(width=120)).print(table(results, title))
    return int(any(result.failed for result in results))


def preset_cases() -> list[Case]:
    """Every preset in every precision, the cheapest first, so that unused time goes to the expensive ones."""

    def pixels(preset: str) -> int:
        params = load(preset=preset)
        return params.train.batch_size * params.resize.width * params.resize.height

    return [Case(preset, precision) for preset in sorted(preset_names(), key=pixels) for precision in PRECISIONS]


def check(cases: list[Case], device: str, folder: Path, seconds: float, whole: Case | None = None) -> list[Result]:
    """All checks in about this many seconds, each reported on stderr when it is done.

    Args:
        cases: what to train, the cheapest first.
        device: kind of device (cuda, cpu).
        folder: for what is written; empty.
        seconds: for everything. A case gets an equal part of what is left for it and those after it.
        whole: what to kill, resume, sample and evaluate.
    """
    deadline = time.monotonic() + seconds
    whole = whole or Case("maps-128-cpu", "no", ("machine.deterministic=true",))
    jobs: list[tuple[str, str, Callable[[], Result]]] = [
        ("float64 against the CPU", "float64", partial(compare_in_double, device, folder)),
        ("killed and resumed", whole.precision, partial(kill_and_resume, whole, device, folder)),
        ("sample", "", partial(sample, whole, device, folder)),
        ("evaluate", "", partial(evaluate, whole, device, folder)),
    ]
    results = [attempt(*job) for job in jobs]
    for number, case in enumerate(cases):
        part = max(0.0, deadline - time.monotonic()) / (len(cases) - number)
        name = case.preset or "defaults"
        results.append(attempt(name, case.precision, partial(train_case, case, device, folder, part)))
    return results


def attempt(name: str, precision: str, job: Callable[[], Result]) -> Result:
    """The result of `job`; a failed one if it raises."""
    start = time.monotonic()
    try:
        result = job()
    except Exception as error:  # whatever is wrong with this machine belongs in the table
        what = str(error).strip().splitlines()[0] if str(error).strip() else ""
        result = Result(name, precision, failed=True, note=f"failed: {type(error).__name__}: {what}"[:200])
    torch.set_default_dtype(torch.float32)
    print(f"gpu-check: {name} {precision}: {result.note} ({time.monotonic() - start:.1f} s)", file=sys.stderr)
    return result


def train_case(case: Case, device: str, folder: Path, seconds: float) -> Result:
    """Train for `STEPS` steps, or as many as fit in `seconds`, but at least one more than the warm-up."""
    deadline = time.monotonic() + seconds
    params = case.params(device)
    dataset = noise_images(folder, params.resize.width, params.resize.height)
    free_memory(device)
    step, predicted = set_up_step(params, dataset)
    planned = step.micro_batch
    for number in range(WARM_UP):
        run_step(step, number)
    wait(device)
    start = time.monotonic()
    metrics = run_step(step, WARM_UP)
    wait(device)
    step_seconds = time.monotonic() - start
    steps = min(STEPS, max(WARM_UP + 1, WARM_UP + 1 + int((deadline - time.monotonic()) / step_seconds)))
    start = time.monotonic()
    for number in range(WARM_UP + 1, steps):
        metrics = run_step(step, number, collect_stats=number == steps - 1)
    wait(device)
    timed_steps = steps - WARM_UP - 1
    step_seconds = (time.monotonic() - start) / timed_steps if timed_steps else step_seconds
    measured = memory_gib(step.accelerator.device) if device == "cuda" else math.nan
    trouble, note = "", "ok" if steps == STEPS else f"ok, cut short after {steps} of {STEPS} steps"
    # more than the margin that a plan leaves for what it cannot predict
    if measured > predicted / ALLOWANCES["cuda"].fraction + SMALL_GIB:
        note += f"; memory {measured / predicted - 1:.0%} over the prediction"
    if not finite(step, metrics):
        trouble = "failed: losses or weights are not finite"
    elif step.micro_batch != planned:
        trouble = f"failed: memory ran out, and micro-batch {planned} became {step.micro_batch}"
    return Result(
        name=case.preset or "defaults",
        precision=case.precision,
        failed=bool(trouble),
        note=trouble or note,
        steps=steps,
        images_per_second=params.train.batch_size / step_seconds,
        predicted=predicted,
        measured=measured,
    )


def set_up_step(params: Params, dataset: Dataset) -> tuple[Step, float]:
    """A step on the device, and its peak of memory by the plan, GiB."""
    accelerator = make_accelerator(params)
    plan = plan_memory(params, dataset, accelerator)
    limit_memory(params.machine, accelerator.device)
    return prepare(params, dataset, accelerator, plan), plan.cost.peak / GIB


def run_step(step: Step, number: int, collect_stats: bool = False) -> Metrics:
    """Do one step, with the statistics of the log if `collect_stats`."""
    step.collect_stats = collect_stats
    return step(number)


def finite(step: Step, metrics: Metrics) -> bool:
    """Whether the losses and the averaged weights are finite. Gradients need not be: in fp16 such steps are skipped."""
    losses = [value for name, value in metrics.items() if name.startswith("loss")]
    return all(bool(value.isfinite().all()) for value in (*losses, *step.ema.network.state_dict().values()))


def compare_in_double(device: str, folder: Path) -> Result:
    """Train a narrow network in float64 on the device and on the CPU, and compare the weights."""
    torch.set_default_dtype(torch.float64)
    dataset = noise_images(folder, 32, 32)
    weights = []
    for kind in (device, "cpu"):
        step, _ = set_up_step(load(settings=[*SMALL_NETWORK, f"machine.device={kind}"]), dataset)
        for number in range(FLOAT64_STEPS):
            run_step(step, number)
        weights.append([value.detach().cpu() for value in step.ema.network.state_dict().values()])
    difference = max(float((one - other).abs().max()) for one, other in zip(*weights, strict=True))
    close = difference < MAX_DIFFERENCE
    note = f"{'ok' if close else 'failed'}: weights differ by {difference:.1e} at most"
    return Result("float64 against the CPU", "float64", failed=not close, note=note, steps=FLOAT64_STEPS)


def free_memory(device: str) -> None:
    """Free the memory of the case before, and reset the peak."""
    gc.collect()
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def wait(device: str) -> None:
    """Wait until all work on the GPU has finished."""
    if device == "cuda":
        torch.cuda.synchronize()


def table(results: Iterable[Result], title: str) -> Table:
    """The table that is printed."""
    output = Table("case", "precision", title=title, title_justify="left")
    for name in ("steps", "images/s", "predicted GiB", "measured GiB"):
        output.add_column(name, justify="right")
    output.add_column("result", overflow="fold")
    for row in results:
        numbers = (f"{value:.3g}" if math.isfinite(value) else "" for value in
                   (row.images_per_second, row.predicted, row.measured))  # fmt: skip
        output.add_row(row.name, row.precision, str(row.steps or ""), *numbers, row.note, style="red" * row.failed)
    return output


if __name__ == "__main__":
    sys.exit(main())
