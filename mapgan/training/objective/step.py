"""One training step: D's loss and step, G's loss and step, the moving average. This is the whole objective.

The batch is taken in micro-batches whose gradients add up to those of the whole. Each picture's draws
depend on its place in the global batch alone, so how it is cut changes nothing (rule 3 of the design). In a set with
labels both players are `told` them, the same for the real and the drawn picture at a place.
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
from mapgan.training.objective import watching
from mapgan.training.objective.augment import DRAWS, Strength, augmented
from mapgan.training.objective.batches import Supply
from mapgan.training.objective.ema import Average
from mapgan.training.objective.losses import LOSSES, Sides, accuracy, discriminator_loss, overfitting
from mapgan.training.objective.meeting import all_agree, mean_gradients
from mapgan.training.objective.out_of_memory import Begun, HalfFailed, is_out_of_memory, smaller
from mapgan.training.objective.penalties import due, slope_penalty

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
    strength: Strength
    generator_optimizer: AcceleratedOptimizer
    discriminator_optimizer: AcceleratedOptimizer
    places: range
    micro_batch: int
    divisible: bool = True
    watched: bool = False

    def __call__(self, step: int, begun: Begun | None = None) -> Metrics:
        """Do step `step`, counted from 0; the metrics are means over this process's pictures.

        Args:
            step: which.
            begun: what an earlier process did of it, and then had to stop.

        Raises:
            HalfFailed: the memory does not suffice, and no smaller micro-batch can help here.
        """
        begun, often = begun or Begun(), self.settings.discriminator_steps
        turns = range(step * often, (step + 1) * often)  # D's steps, counted from 0
        try:
            self.discriminator.requires_grad_(True)
            for turn in turns[begun.turns :]:
                metrics = self._half("D", self.discriminator, self.discriminator_optimizer, turn)
                begun = Begun(begun.turns + 1, metrics)
                if self.strength.adapts:
                    self.strength.see(metrics["overfitting"], len(self.places), self.accelerator)
            self.discriminator.requires_grad_(False)
            metrics = self._half("G", self.generator, self.generator_optimizer, turns[-1])
        except HalfFailed as failed:
            failed.begun = begun
            raise

        self.average.update(self.generator, step)
        metrics = begun.metrics | metrics
        if self.strength.adapts:
            metrics["augment_p"] = self.strength.p
            self.strength.adapt(step)
        return metrics

    def _half(self, name: str, network: nn.Module, optimizer: AcceleratedOptimizer, turn: int) -> Metrics:
        """One player's gradients and optimizer step; done again in smaller pieces where memory runs out."""
        backward = self._discriminator_backward if name == "D" else self._generator_backward
        statistics = [] if self.divisible else [*self.generator.buffers(), *self.discriminator.buffers()]
        before = [buffer.clone() for buffer in statistics]
        while (metrics := self._gradients(name, optimizer, backward, turn)) is None:
            for buffer, value in zip(statistics, before, strict=True):
                buffer.copy_(value)
            if self.accelerator.num_processes > 1 or not self.divisible or self.micro_batch == 1:
                raise HalfFailed(name, turn // self.settings.discriminator_steps, self.micro_batch, self.divisible)
            self.micro_batch = smaller(name, self.micro_batch, turn // self.settings.discriminator_steps)
        mean_gradients(self.accelerator, network)
        if self.watched:
            self.accelerator.unscale_gradients(optimizer)
            metrics |= watching.gradient_norms(name, network)
        optimizer.step()
        spectral.iterate(network)
        return metrics

    def _gradients(self, name: str, optimizer: AcceleratedOptimizer, backward: Backward, turn: int) -> Metrics | None:
        """Compute the gradients of this process's part of the batch; None if memory ran out, here or elsewhere."""
        optimizer.zero_grad()
        metrics: Metrics = {}
        enough = True
        try:
            for places, share in self._micro_batches():
                for number, layer in enumerate(dropouts(self.generator, self.discriminator)):
                    layer.keys = self.supply.keys(f"{name} dropout {number}", turn, places)
                add(metrics, backward(turn, places, share), share)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            enough = False
        if all_agree(self.accelerator, enough):
            return metrics
        optimizer.zero_grad()
        return None

    def _discriminator_backward(self, turn: int, places: range, share: float) -> Metrics:
        settings, loss = self.settings, LOSSES[self.settings.loss]
        told = self.supply.labels(turn, places)
        with torch.no_grad():
            fake = self.generator(self.supply.latents("discriminator latent", turn, places), *told)
        real = self.supply.real(turn, places)
        watched = watching.saturation(real, fake) if self.watched else {}
        shown = {"real": self._shown("real", real, turn, places), "fake": self._shown("fake", fake, turn, places)}
        if settings.penalty_kind == "exact" and due(settings, turn):
            shown = {side: pictures.requires_grad_() for side, pictures in shown.items()}
        flipped = self._flipped(turn, places)

        # D sees both kinds together, or one after the other in half the memory
        passes = [shown] if settings.discriminator_passes == "together" else [{side: shown[side]} for side in shown]
        metrics: Metrics = {}
        seen: Sides = {}
        for some in passes:
            verdicts = {side: self.discriminator(pictures, *told) for side, pictures in some.items()}
            value = discriminator_loss(loss, verdicts, settings.label_smoothing, flipped).mean()
            penalty = slope_penalty(settings, self.discriminator, shown, told, verdicts, self.supply, turn, places)
            self.accelerator.backward((value + penalty) * share)
            add(metrics, {"loss_discriminator": value, "penalty": penalty}, 1.0)
            seen |= {side: verdict.detach() for side, verdict in verdicts.items()}
        if self.strength.adapts:
            watched["overfitting"] = overfitting(loss, seen["real"], seen["fake"])
        return metrics | {
            "verdict_real": seen["real"].mean(),
            "verdict_fake": seen["fake"].mean(),
            "accuracy": accuracy(loss, seen["real"], seen["fake"]),
            **watched,
        }

    def _generator_backward(self, turn: int, places: range, share: float) -> Metrics:
        loss, discriminator = LOSSES[self.settings.loss], self.discriminator
        told = self.supply.labels(turn, places)
        fake = self.generator(self.supply.latents("generator latent", turn, places), *told)
        verdict = discriminator(self._shown("generator", fake, turn, places), *told)
        if loss.paired:
            verdict = verdict - discriminator(self._shown("real", self.supply.real(turn, places), turn, places), *told)
        value = loss.generator(verdict).mean()
        self.accelerator.backward(value * share)
        return {"loss_generator": value}

    def _shown(self, side: str, pictures: Tensor, turn: int, places: range) -> Tensor:
        """What D is shown of `pictures`; `augment` says why in this order."""
        settings = self.settings
        for name in settings.augment:
            draws = self.supply.uniform(f"{side} {name}", turn, places, DRAWS)
            pictures = augmented(name, pictures, draws, self.strength.p)
        # instance noise (Sonderby et al. 2016, arXiv:1610.04490, section 3), falling to nothing
        turns = settings.instance_noise_steps * settings.discriminator_steps
        left = settings.instance_noise * max(0.0, 1 - turn / turns)
        return pictures + left * self.supply.noise(pictures, f"{side} noise", turn, places) if left else pictures

    def _flipped(self, turn: int, places: range) -> Sides:
        """The pictures that D is told the opposite of."""
        share = self.settings.label_flip
        sides = ("real", "fake") if share else ()
        return {side: self.supply.uniform(f"{side} label", turn, places).squeeze(1) < share for side in sides}

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
