"""What random numbers and batches cost the host for a step: `python benchmarks/host_work.py`, on one CPU thread.

Writes `benchmarks/results/<cpu>-host-work.md`.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from mapgan.params import load
from mapgan.training.objective.augment import UNIFORMS
from mapgan.training.objective.batches import Batches

BATCH, SIDE, STEPS = 32, 64, 200


def main() -> None:
    """Time all that a step of the default settings asks of its batches, without the networks."""
    torch.set_num_threads(1)
    settings = load(settings=[f"train.batch_size={BATCH}"]).train
    images = np.random.default_rng(0).integers(0, 256, (1000, SIDE, SIDE, 3), dtype=np.uint8)
    batches = Batches(images, 0, settings, 128, range(BATCH), torch.device("cpu"))
    rows = []
    for what, noise in (("draws and batches", False), ("the noise of a step with a penalty", True)):
        times = []
        for step in range(STEPS):
            start = time.perf_counter()
            real = _noise(batches, step) if noise else _step(batches, settings.augment, step)
            times.append(time.perf_counter() - start)
            del real
        rows.append(f"| {what} | {1000 * float(np.median(times[10:])):.2f} |")
    cpu = f"{_cpu()}, one thread, torch {torch.__version__.split('+')[0]}, {torch.backends.cpu.get_cpu_capability()}"
    head = f"# Host work of a step, batch {BATCH} at {SIDE} x {SIDE}\n\n{cpu}; the median of {STEPS} steps\n"
    text = "\n".join([head, "| what | ms |", "|---|---|", *rows, ""])
    path = Path(__file__).parent / "results" / "amd-epyc-1-thread-host-work.md"
    path.write_text(text, encoding="utf-8")
    print(text)


def _step(batches: Batches, augment: Sequence[str], step: int) -> torch.Tensor:
    """Everything but image-sized noise: D's half and then G's, as `Step` asks for it."""
    whole = range(BATCH)
    batches.latents("discriminator latent", step, whole)
    batches.real(step, whole)
    for side in ("real", "fake"):
        for name in augment:
            batches.uniform(f"{side} {name}", step, whole, UNIFORMS)
    batches.latents("generator latent", step, whole)
    for side in ("generator", "real"):
        for name in augment:
            batches.uniform(f"{side} {name}", step, whole, UNIFORMS)
    return batches.real(step, whole)


def _noise(batches: Batches, step: int) -> torch.Tensor:
    images = torch.empty(BATCH, 3, SIDE, SIDE)
    return torch.cat([batches.noise(images, f"{side} move", step, range(BATCH)) for side in ("real", "fake")])


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    main()
