"""Time per step on the host for random numbers and batches, without the networks.

    python benchmarks/host_work.py      seconds, on one CPU thread

Writes `benchmarks/results/<cpu>-host-work.md`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from device_limits import device_name, slug

from mapgan.params import load
from mapgan.training.objective.augment import UNIFORMS
from mapgan.training.objective.batches import Batches

BATCH, SIDE, STEPS, WARMUP = 32, 64, 200, 10


def main() -> None:
    """Time the batches of a step with the default settings."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    torch.set_num_threads(1)
    cpu = torch.device("cpu")
    settings = load(settings=[f"train.batch_size={BATCH}"]).train
    images = np.random.default_rng(0).integers(0, 256, (1000, SIDE, SIDE, 3), dtype=np.uint8)
    rows = []
    for name, latent, noise in (
        ("random numbers and batches, vector latent (128 numbers)", 128, False),
        ("random numbers and batches, spatial latent (2,064 numbers)", 4 * 4 * 128 + 16, False),
        ("image-sized noise of a step with a penalty", 128, True),
    ):
        batches = Batches(images, 0, settings, latent, range(BATCH), cpu)
        times = []
        for step in range(STEPS):
            start = time.perf_counter()
            result = _noise(batches, step) if noise else _step(batches, settings.augment, step)
            times.append(time.perf_counter() - start)
            del result  # not within the timing of the next step
        rows.append(f"| {name} | {1000 * float(np.median(times[WARMUP:])):.2f} |")
    about = f"{device_name(cpu)}, torch {torch.__version__.split('+')[0]}, {torch.backends.cpu.get_cpu_capability()}"
    head = f"# Host work of a step, batch {BATCH} at {SIDE} x {SIDE}\n\n{about}; median of {STEPS - WARMUP} steps\n"
    text = "\n".join([head, "| what | ms |", "|---|---|", *rows, ""])
    path = Path(__file__).parent / "results" / f"{slug(device_name(cpu))}-host-work.md"
    path.write_text(text, encoding="utf-8")
    print(text)


def _step(batches: Batches, augment: Sequence[str], step: int) -> torch.Tensor:
    """Everything but image-sized noise, in the order in which `Step` requests it: first for D, then for G."""
    indices = range(BATCH)
    batches.latents("discriminator latent", step, indices)
    real = batches.real(step, indices)  # G's update uses the same
    for images in ("real", "fake"):
        for name in augment:
            batches.uniform(f"{images} {name}", step, indices, UNIFORMS)
    batches.latents("generator latent", step, indices)
    for name in augment:
        batches.uniform(f"generator {name}", step, indices, UNIFORMS)
    return real


def _noise(batches: Batches, step: int) -> torch.Tensor:
    """The perturbations of the finite-difference penalty, for real and fake images."""
    images = torch.empty(BATCH, 3, SIDE, SIDE)
    return torch.cat([batches.noise(images, f"{kind} move", step, range(BATCH)) for kind in ("real", "fake")])


if __name__ == "__main__":
    main()
