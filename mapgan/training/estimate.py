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
    generator, discriminator = step.average.network, step.discriminator.eval()
    places = step.places[: plan.need.way.micro_batch]
    latents, told = step.supply.latents("generator latent", 0, places), step.supply.labels(0, places)
    with step.accelerator.autocast():
        with FlopCounterMode(display=False) as counter:
            discriminator(generator(latents, *told), *told)  # this one also warms up
        _wait(step.accelerator.device)
        started = time.perf_counter()
        discriminator(generator(latents, *told), *told)
        _wait(step.accelerator.device)
    discriminator.train()
    forward = int(counter.get_total_flops())
    return (time.perf_counter() - started) * plan.need.flops / max(1, forward)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
