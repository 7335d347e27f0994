"""One training step: D's loss and step, G's loss and step, the moving average. This is the whole objective.

The batch is taken in micro-batches whose gradients add up to those of the whole. Each picture's draws
depend on its place in the global batch alone, so how it is cut changes nothing (rule 3 of the design).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer
from torch import Tensor, nn

from mapgan.networks import spectral
from mapgan.networks.dropout import dropouts
from mapgan.params import Train
from mapgan.training import watching
from mapgan.training.batches import Supply
from mapgan.training.ema import Average
from mapgan.training.losses import LOSSES, accuracy, slope_penalty
from mapgan.training.meeting import all_agree, mean_gradients
from mapgan.training.out_of_memory import HalfFailed, is_out_of_memory, smaller

Metrics = dict[str, Tensor]
Backward = Callable[[int, range, float], Metrics]


@dataclass
class Step:
    """All that a step works on. `generator` and `discriminator` are as Accelerate prepared them.

    Args:
        places: the part of the global batch that this process does.
        micro_batch: how many of them are in memory at a time.
        divisible: whether a smaller micro-batch gives the same result.
        watched: also measure what only the log wants, such as gradient norms.
    """

    settings: Train
    accelerator: Accelerator
    supply: Supply
    generator: nn.Module
    discriminator: nn.Module
    average: Average
    generator_optimizer: AcceleratedOptimizer
    discriminator_optimizer: AcceleratedOptimizer
    places: range
    micro_batch: int
    divisible: bool = True
    watched: bool = False

    def __call__(self, step: int, discriminator_done: Metrics | None = None) -> Metrics:
        """Do step `step`, counted from 0; the metrics are means over this process's pictures.

        Args:
            step: which.
            discriminator_done: the metrics of D's half, where an earlier process did that and had to stop.

        Raises:
            HalfFailed: the memory does not suffice, and no smaller micro-batch can help here.
        """
        metrics = discriminator_done
        if metrics is None:
            self.discriminator.requires_grad_(True)
            metrics = self._half("D", self.discriminator, self.discriminator_optimizer, step)

        self.discriminator.requires_grad_(False)
        try:
            metrics |= self._half("G", self.generator, self.generator_optimizer, step)
        except HalfFailed as failed:
            failed.discriminator_done = metrics
            raise

        self.average.update(self.generator, step)
        return metrics

    def _half(self, name: str, network: nn.Module, optimizer: AcceleratedOptimizer, step: int) -> Metrics:
        """One player's gradients and optimizer step; done again in smaller pieces where memory runs out."""
        backward = self._discriminator_backward if name == "D" else self._generator_backward
        statistics = [] if self.divisible else [*self.generator.buffers(), *self.discriminator.buffers()]
        before = [buffer.clone() for buffer in statistics]
        while (metrics := self._gradients(optimizer, backward, step)) is None:
            for buffer, value in zip(statistics, before, strict=True):
                buffer.copy_(value)
            if self.accelerator.num_processes > 1 or not self.divisible or self.micro_batch == 1:
                raise HalfFailed(name, step, self.micro_batch, self.divisible)
            self.micro_batch = smaller(name, self.micro_batch, step)
        mean_gradients(self.accelerator, network)
        if self.watched:
            self.accelerator.unscale_gradients(optimizer)
            metrics |= watching.gradient_norms(name, network)
        optimizer.step()
        spectral.iterate(network)
        return metrics

    def _gradients(self, optimizer: AcceleratedOptimizer, backward: Backward, step: int) -> Metrics | None:
        """Compute the gradients of this process's part of the batch; None if memory ran out, here or elsewhere."""
        optimizer.zero_grad()
        metrics: Metrics = {}
        enough = True
        try:
            for places, share in self._micro_batches():
                for number, layer in enumerate(dropouts(self.generator, self.discriminator)):
                    layer.keys = self.supply.keys(f"{name} dropout {number}", step, places)
                add(metrics, backward(step, places, share), share)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            enough = False
        if all_agree(self.accelerator, enough):
            return metrics
        optimizer.zero_grad()
        return None

    def _discriminator_backward(self, step: int, places: range, share: float) -> Metrics:
        settings, loss = self.settings, LOSSES[self.settings.loss]
        with torch.no_grad():
            fake = self._fake(self.generator, "discriminator latent", step, places)
        real = self.supply.real(step, places)
        watched = watching.saturation(real, fake) if self.watched else {}
        fake = self._noisy(fake, "fake noise", step, places)
        real = self._noisy(real, "real noise", step, places)

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
            **watched,
        }

    def _generator_backward(self, step: int, places: range, share: float) -> Metrics:
        loss, discriminator = LOSSES[self.settings.loss], self.discriminator
        fake = self._fake(self.generator, "generator latent", step, places)
        fake_verdict = discriminator(self._noisy(fake, "generator noise", step, places))
        real_verdict = torch.zeros_like(fake_verdict)
        if loss.paired:
            real_verdict = discriminator(self._noisy(self.supply.real(step, places), "real noise", step, places))
        value = loss.generator(real_verdict, fake_verdict).mean()
        self.accelerator.backward(value * share)
        return {"loss_generator": value}

    def _slope(self, purpose: str, pictures: Tensor, verdict: Tensor, step: int, places: range) -> Tensor:
        """Mean squared slope of D at `pictures`; measured now and then (Karras et al. 2020, arXiv:1912.04958, 3.1)."""
        sigma = self.settings.penalty_sigma
        moved = pictures + sigma * self.supply.noise(pictures, purpose, step, places)
        return slope_penalty(verdict, self.discriminator(moved), sigma).mean()

    def _fake(self, generator: nn.Module, purpose: str, step: int, places: range) -> Tensor:
        pictures: Tensor = generator(self.supply.latents(purpose, step, places))
        return pictures

    def _noisy(self, pictures: Tensor, purpose: str, step: int, places: range) -> Tensor:
        """Instance noise (Sonderby et al. 2016, arXiv:1610.04490, section 3), falling to nothing."""
        left = self.settings.instance_noise * max(0.0, 1 - step / self.settings.instance_noise_steps)
        return pictures + left * self.supply.noise(pictures, purpose, step, places) if left else pictures

    def _micro_batches(self) -> Iterator[tuple[range, float]]:
        """Each micro-batch's places and its share of this process's pictures."""
        for start in range(0, len(self.places), self.micro_batch):
            places = self.places[start : start + self.micro_batch]
            yield places, len(places) / len(self.places)


def add(metrics: Metrics, more: Metrics, share: float) -> None:
    """Add `share` of each value of `more` to `metrics`, in float32 at least."""
    for name, value in more.items():
        part = value.detach().to(torch.promote_types(value.dtype, torch.float32)) * share
        metrics[name] = metrics[name] + part if name in metrics else part
