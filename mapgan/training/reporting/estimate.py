"""An estimate of the duration of a run, before its first step."""

from __future__ import annotations

import time

import torch
from torch.utils.flop_counter import FlopCounterMode

from mapgan.memory.plan import Plan
from mapgan.training.objective.step import Step


@torch.no_grad()
def seconds_per_step(step: Step, plan: Plan) -> float:
    """Seconds per step, from a timed forward pass of a micro-batch and the ratio of FLOPs.

    It changes nothing that the run depends on: the generator is the EMA, and D is in evaluation mode.
    """
    generator, discriminator = step.ema.network, step.discriminator.eval()
    indices = step.indices[: plan.cost.config.micro_batch]
    latents, labels = step.batches.latents("generator latent", 0, indices), step.batches.labels(0, indices)
    with step.accelerator.autocast():
        with FlopCounterMode(display=False) as counter:
            discriminator(generator(latents, *labels), *labels)  # warm-up
        _synchronize(step.accelerator.device)
        start = time.perf_counter()
        discriminator(generator(latents, *labels), *labels)
        _synchronize(step.accelerator.device)
    discriminator.train()
    forward_flops = int(counter.get_total_flops())
    return (time.perf_counter() - start) * plan.cost.flops / max(1, forward_flops)


def _synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
