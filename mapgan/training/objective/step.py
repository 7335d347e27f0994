"""One training step: D's loss and step, G's loss and step, the moving average. This is the whole objective.

The batch is taken in micro-batches whose gradients add up to those of the whole. Each image's draws
depend on its place in the global batch alone, so how it is cut changes nothing (rule 3 of the design). In a set with
labels both players are `labels` them, the same for the real and the generated image at a place.
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
from mapgan.training.objective import diagnostics
from mapgan.training.objective.augment import UNIFORMS, AugmentProbability, apply_augmentation
from mapgan.training.objective.batches import BatchSource
from mapgan.training.objective.distributed import all_agree, mean_gradients
from mapgan.training.objective.ema import EMA
from mapgan.training.objective.losses import LOSSES, RealFake, accuracy, discriminator_loss, overfitting
from mapgan.training.objective.out_of_memory import StepOutOfMemory, StepProgress, is_out_of_memory, smaller
from mapgan.training.objective.penalties import due, gradient_penalty

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
    batches: BatchSource
    generator: nn.Module
    discriminator: nn.Module
    ema: EMA
    augment_probability: AugmentProbability
    generator_optimizer: AcceleratedOptimizer
    discriminator_optimizer: AcceleratedOptimizer
    indices: range
    micro_batch: int
    divisible: bool = True
    collect_stats: bool = False

    def __call__(self, step: int, progress: StepProgress | None = None) -> Metrics:
        """Do step `step`, counted from 0; the metrics are means over this process's images.

        Args:
            step: which.
            begun: what an earlier process did of it, and then had to stop.

        Raises:
            HalfFailed: the memory does not suffice, and no smaller micro-batch can help here.
        """
        progress, often = progress or StepProgress(), self.settings.discriminator_steps
        d_steps = range(step * often, (step + 1) * often)  # D's steps, counted from 0
        try:
            self.discriminator.requires_grad_(True)
            for d_step in d_steps[progress.d_steps :]:
                metrics = self._update("D", self.discriminator, self.discriminator_optimizer, d_step)
                progress = StepProgress(progress.d_steps + 1, metrics)
                if self.augment_probability.adapts:
                    self.augment_probability.update(metrics["overfitting"], len(self.indices), self.accelerator)
            self.discriminator.requires_grad_(False)
            metrics = self._update("G", self.generator, self.generator_optimizer, d_steps[-1])
        except StepOutOfMemory as failed:
            failed.progress = progress
            raise

        self.ema.update(self.generator, step)
        metrics = progress.metrics | metrics
        if self.augment_probability.adapts:
            metrics["augment_p"] = self.augment_probability.p
            self.augment_probability.adapt(step)
        return metrics

    def _update(self, name: str, network: nn.Module, optimizer: AcceleratedOptimizer, d_step: int) -> Metrics:
        """One player's gradients and optimizer step; done again in smaller pieces where memory runs out."""
        backward = self._discriminator_backward if name == "D" else self._generator_backward
        statistics = [] if self.divisible else [*self.generator.buffers(), *self.discriminator.buffers()]
        before = [buffer.clone() for buffer in statistics]
        while (metrics := self._gradients(name, optimizer, backward, d_step)) is None:
            for buffer, value in zip(statistics, before, strict=True):
                buffer.copy_(value)
            if self.accelerator.num_processes > 1 or not self.divisible or self.micro_batch == 1:
                raise StepOutOfMemory(
                    name, d_step // self.settings.discriminator_steps, self.micro_batch, self.divisible
                )
            self.micro_batch = smaller(name, self.micro_batch, d_step // self.settings.discriminator_steps)
        mean_gradients(self.accelerator, network)
        if self.collect_stats:
            self.accelerator.unscale_gradients(optimizer)
            metrics |= diagnostics.gradient_norms(name, network)
        optimizer.step()
        spectral.power_iteration(network)
        return metrics

    def _gradients(self, name: str, optimizer: AcceleratedOptimizer, backward: Backward, d_step: int) -> Metrics | None:
        """Compute the gradients of this process's part of the batch; None if memory ran out, here or elsewhere."""
        optimizer.zero_grad()
        metrics: Metrics = {}
        enough = True
        try:
            for indices, fraction in self._micro_batches():
                for number, layer in enumerate(dropouts(self.generator, self.discriminator)):
                    layer.keys = self.batches.keys(f"{name} dropout {number}", d_step, indices)
                add(metrics, backward(d_step, indices, fraction), fraction)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            enough = False
        if all_agree(self.accelerator, enough):
            return metrics
        optimizer.zero_grad()
        return None

    def _discriminator_backward(self, d_step: int, indices: range, fraction: float) -> Metrics:
        settings, loss = self.settings, LOSSES[self.settings.loss]
        labels = self.batches.labels(d_step, indices)
        with torch.no_grad():
            fake = self.generator(self.batches.latents("discriminator latent", d_step, indices), *labels)
        real = self.batches.real(d_step, indices)
        stats = diagnostics.saturation(real, fake) if self.collect_stats else {}
        d_inputs = {
            "real": self._d_input("real", real, d_step, indices),
            "fake": self._d_input("fake", fake, d_step, indices),
        }
        if settings.penalty_kind == "autograd" and due(settings, d_step):
            d_inputs = {side: images.requires_grad_() for side, images in d_inputs.items()}
        flipped = self._label_flips(d_step, indices)

        # D sees both kinds together, or one after the other in half the memory
        passes = (
            [d_inputs] if settings.discriminator_passes == "joint" else [{side: d_inputs[side]} for side in d_inputs]
        )
        metrics: Metrics = {}
        seen: RealFake = {}
        for some in passes:
            logits = {side: self.discriminator(images, *labels) for side, images in some.items()}
            value = discriminator_loss(loss, logits, settings.real_label, flipped).mean()
            penalty = gradient_penalty(
                settings, self.discriminator, d_inputs, labels, logits, self.batches, d_step, indices
            )
            self.accelerator.backward((value + penalty) * fraction)
            add(metrics, {"loss_D": value, "penalty": penalty}, 1.0)
            seen |= {side: logit.detach() for side, logit in logits.items()}
        if self.augment_probability.adapts:
            stats["overfitting"] = overfitting(loss, seen["real"], seen["fake"])
        return metrics | {
            "logits_real": seen["real"].mean(),
            "logits_fake": seen["fake"].mean(),
            "accuracy": accuracy(loss, seen["real"], seen["fake"]),
            **stats,
        }

    def _generator_backward(self, d_step: int, indices: range, fraction: float) -> Metrics:
        loss, discriminator = LOSSES[self.settings.loss], self.discriminator
        labels = self.batches.labels(d_step, indices)
        fake = self.generator(self.batches.latents("generator latent", d_step, indices), *labels)
        logit = discriminator(self._d_input("generator", fake, d_step, indices), *labels)
        if loss.paired:
            logit = logit - discriminator(
                self._d_input("real", self.batches.real(d_step, indices), d_step, indices), *labels
            )
        value = loss.generator(logit).mean()
        self.accelerator.backward(value * fraction)
        return {"loss_G": value}

    def _d_input(self, side: str, images: Tensor, d_step: int, indices: range) -> Tensor:
        """What D is shown of `images`; `augment` says why in this order."""
        settings = self.settings
        for name in settings.augment:
            uniforms = self.batches.uniform(f"{side} {name}", d_step, indices, UNIFORMS)
            images = apply_augmentation(name, images, uniforms, self.augment_probability.p)
        # instance noise (Sonderby et al. 2016, arXiv:1610.04490, section 3), falling to nothing
        d_steps = settings.instance_noise_steps * settings.discriminator_steps
        left = settings.instance_noise * max(0.0, 1 - d_step / d_steps)
        return images + left * self.batches.noise(images, f"{side} noise", d_step, indices) if left else images

    def _label_flips(self, d_step: int, indices: range) -> RealFake:
        """The images that D is told the opposite of."""
        fraction = self.settings.label_flip
        sides = ("real", "fake") if fraction else ()
        return {side: self.batches.uniform(f"{side} label", d_step, indices).squeeze(1) < fraction for side in sides}

    def _micro_batches(self) -> Iterator[tuple[range, float]]:
        """Each micro-batch's places and its share of this process's images."""
        for start in range(0, len(self.indices), self.micro_batch):
            indices = self.indices[start : start + self.micro_batch]
            yield indices, len(indices) / len(self.indices)


def add(metrics: Metrics, more: Metrics, fraction: float) -> None:
    """Add `fraction` of each value of `more` to `metrics`, in float32 at least."""
    for name, value in more.items():
        part = value.detach().to(torch.promote_types(value.dtype, torch.float32)) * fraction
        metrics[name] = metrics[name] + part if name in metrics else part
