"""How long a run will take, before its first step."""

from __future__ import annotations

import time

import torch
from torch.utils.flop_counter import FlopCounterMode

from mapgan.memory.plan import Plan
from mapgan.training.objective.step import Step


@torch.no_grad()
def seconds_per_step(step: Step, plan: Plan) -> float:
    """A guess: both players look at a micro-batch, and a whole step takes as much longer as it has more arithmetic.

    Nothing that the run depends on is touched: the generator is the average, and D is in evaluation mode.
    """
    generator, discriminator = step.ema.network, step.discriminator.eval()
    indices = step.indices[: plan.cost.config.micro_batch]
    latents, labels = step.batches.latents("generator latent", 0, indices), step.batches.labels(0, indices)
    with step.accelerator.autocast():
        with FlopCounterMode(display=False) as counter:
            discriminator(generator(latents, *labels), *labels)  # this one also warms up
        _wait(step.accelerator.device)
        start = time.perf_counter()
        discriminator(generator(latents, *labels), *labels)
        _wait(step.accelerator.device)
    discriminator.train()
    forward = int(counter.get_total_flops())
    return (time.perf_counter() - start) * plan.cost.flops / max(1, forward)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
