"""One training step: D's loss and step, G's loss and step, the moving average. This is the whole objective.

The batch is taken in micro-batches whose gradients add up to those of the whole. Each picture's draws
depend on its place in the global batch alone, so how it is cut changes nothing (rule 3 of the design).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer
from torch import Tensor, nn

from mapgan.params import Train
from mapgan.training.batches import RealPictures, latents, noise_like
from mapgan.training.ema import Average
from mapgan.training.losses import LOSSES, accuracy, slope_penalty

Metrics = dict[str, Tensor]


@dataclass
class Step:
    """All that a step works on. `generator` and `discriminator` are as Accelerate prepared them.

    Args:
        places: the part of the global batch that this process does.
        micro_batch: how many of them are in memory at a time.
    """

    settings: Train
    seed: int
    latent: int
    accelerator: Accelerator
    real_pictures: RealPictures
    generator: nn.Module
    discriminator: nn.Module
    average: Average
    generator_optimizer: AcceleratedOptimizer
    discriminator_optimizer: AcceleratedOptimizer
    places: range
    micro_batch: int

    def __call__(self, step: int) -> Metrics:
        """Do step `step`, counted from 0; the metrics are means over this process's pictures."""
        metrics: Metrics = {}

        self.discriminator.requires_grad_(True)
        self.discriminator_optimizer.zero_grad()
        for places, share in self._micro_batches(self.discriminator):
            add(metrics, self._discriminator_backward(step, places, share), share)
        self.discriminator_optimizer.step()

        self.discriminator.requires_grad_(False)
        self.generator_optimizer.zero_grad()
        for places, share in self._micro_batches(self.generator):
            add(metrics, self._generator_backward(step, places, share), share)
        self.generator_optimizer.step()

        self.average.update(bare(self.generator), step)
        return metrics

    def _discriminator_backward(self, step: int, places: range, share: float) -> Metrics:
        settings, loss = self.settings, LOSSES[self.settings.loss]
        with torch.no_grad():
            fake = self._fake(bare(self.generator), "discriminator latent", step, places)
        fake = self._noisy(fake, "fake noise", step, places)
        real = self._noisy(self._real(step, places), "real noise", step, places)

        real_verdict, fake_verdict = self.discriminator(real), self.discriminator(fake)
        value = loss.discriminator(real_verdict, fake_verdict, settings.label_smoothing).mean()
        penalty = torch.zeros_like(value)
        if settings.penalty and (step + 1) % settings.penalty_every == 0:
            slope = self._slope("real move", real, real_verdict, step, places)
            slope = slope + self._slope("fake move", fake, fake_verdict, step, places)
            penalty = 0.5 * settings.penalty * settings.penalty_every * slope
        self.accelerator.backward((value + penalty) * share)
        return {
            "loss_discriminator": value,
            "penalty": penalty,
            "verdict_real": real_verdict.mean(),
            "verdict_fake": fake_verdict.mean(),
            "accuracy": accuracy(loss, real_verdict, fake_verdict),
        }

    def _generator_backward(self, step: int, places: range, share: float) -> Metrics:
        loss, discriminator = LOSSES[self.settings.loss], bare(self.discriminator)
        fake = self._fake(self.generator, "generator latent", step, places)
        fake_verdict = discriminator(self._noisy(fake, "generator noise", step, places))
        real_verdict = torch.zeros_like(fake_verdict)
        if loss.paired:
            real_verdict = discriminator(self._noisy(self._real(step, places), "real noise", step, places))
        value = loss.generator(real_verdict, fake_verdict).mean()
        self.accelerator.backward(value * share)
        return {"loss_generator": value}

    def _slope(self, purpose: str, pictures: Tensor, verdict: Tensor, step: int, places: range) -> Tensor:
        """Mean squared slope of D at `pictures`; measured now and then (Karras et al. 2020, arXiv:1912.04958, 3.1)."""
        sigma = self.settings.penalty_sigma
        moved = pictures + sigma * noise_like(pictures, self.seed, purpose, step, places)
        return slope_penalty(verdict, self.discriminator(moved), sigma).mean()

    def _real(self, step: int, places: range) -> Tensor:
        return self.real_pictures.batch(step, places, self.accelerator.device)

    def _fake(self, generator: nn.Module, purpose: str, step: int, places: range) -> Tensor:
        pictures: Tensor = generator(latents(self.seed, purpose, step, places, self.latent, self.accelerator.device))
        return pictures

    def _noisy(self, pictures: Tensor, purpose: str, step: int, places: range) -> Tensor:
        """Instance noise (Sonderby et al. 2016, arXiv:1610.04490, section 3), falling to nothing."""
        left = self.settings.instance_noise * max(0.0, 1 - step / self.settings.instance_noise_steps)
        return pictures + left * noise_like(pictures, self.seed, purpose, step, places) if left else pictures

    def _micro_batches(self, network: nn.Module) -> Iterator[tuple[range, float]]:
        """Each micro-batch's places and its share of this process's pictures; gradients meet at the last one."""
        starts = range(0, len(self.places), self.micro_batch)
        for start in starts:
            places = self.places[start : start + self.micro_batch]
            last = start == starts[-1]
            with contextlib.nullcontext() if last else self.accelerator.no_sync(network):
                yield places, len(places) / len(self.places)


def bare(network: nn.Module) -> nn.Module:
    """The network without the wrapper that sums gradients over processes, but with its precision."""
    inside = getattr(network, "module", network)
    assert isinstance(inside, nn.Module)
    return inside


def add(metrics: Metrics, more: Metrics, share: float) -> None:
    """Add `share` of each value of `more` to `metrics`."""
    for name, value in more.items():
        metrics[name] = metrics.get(name, torch.zeros((), device=value.device)) + value.detach().float() * share
