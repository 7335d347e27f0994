"""One training step: the losses and optimizer steps of D and G, then the EMA. This is the whole objective.

The batch is processed in micro-batches whose gradients add up to those of the whole batch. The random numbers of an
image depend on its index in the global batch alone, so the result does not depend on how the batch is divided over
micro-batches and processes. With labels, both networks are conditioned on them; the fake image at an index has the
label of the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer
from torch import Tensor, nn

from mapgan.networks import spectral
from mapgan.networks.dropout import dropouts
from mapgan.params import Train
from mapgan.training.objective import diagnostics
from mapgan.training.objective.augment import UNIFORMS, AugmentProbability, augment, augment_labels
from mapgan.training.objective.batch_statistics import BatchStatistics
from mapgan.training.objective.batches import BatchSource
from mapgan.training.objective.distributed import reduce_gradients
from mapgan.training.objective.ema import EMA
from mapgan.training.objective.losses import LOSSES, RealFake, accuracy, discriminator_loss, overfitting
from mapgan.training.objective.optimizers import set_learning_rate
from mapgan.training.objective.out_of_memory import StepOutOfMemory, StepProgress, halve_micro_batch, is_out_of_memory
from mapgan.training.objective.penalties import gradient_penalty, penalty_is_due
from mapgan.training.objective.reconstruction import discriminate

Metrics = dict[str, Tensor]
DInput = tuple[Tensor, ...]  # images and their labels, if there are any
Backward = Callable[[int, range, float], Metrics]


@dataclass
class Step:
    """A training step and everything that it works on.

    Args:
        settings: the section `train`.
        accelerator: of this process.
        batches: real images, labels, latents and other random numbers.
        generator: as prepared by Accelerate.
        discriminator: the same.
        ema: the moving average of the generator's weights.
        augment_probability: fixed or adaptive.
        generator_optimizer: Adam of G.
        discriminator_optimizer: Adam of D.
        indices: of this process's images in the global batch.
        micro_batch: images in memory at a time.
        square: side of the squares of the battle grid in the images, pixels; 1 without one.
        divisible: whether a smaller micro-batch gives the same result; False with batch normalization.
        lr_factor: of both learning rates; less than 1 after a roll-back.
        collect_stats: also measure what only the log needs, such as gradient norms.
        stop_requested: whether this process was asked to stop; after a step, whether any process was.
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
    square: int = 1
    divisible: bool = True
    lr_factor: float = 1.0
    collect_stats: bool = False
    stop_requested: bool = False
    real_inputs: dict[int, DInput] = field(default_factory=dict, init=False)  # real images for D, by the step of D

    def __call__(self, step: int, progress: StepProgress | None = None) -> Metrics:
        """Run step `step`, counted from 0, and return its metrics, each a mean over this process's images.

        Args:
            step: the step.
            progress: the part of this step that was done before the run was interrupted.

        Raises:
            StepOutOfMemory: no smaller micro-batch can help here.
        """
        progress = progress or StepProgress()
        per_step = self.settings.discriminator_steps
        d_steps = range(step * per_step, (step + 1) * per_step)  # steps of D, counted from 0
        for optimizer, lr in (
            (self.generator_optimizer, self.settings.generator_lr),
            (self.discriminator_optimizer, self.settings.discriminator_lr),
        ):
            set_learning_rate(optimizer, lr * self.lr_factor * min(1.0, (step + 1) / self.settings.lr_warmup))
        try:
            self.discriminator.requires_grad_(True)
            for d_step in d_steps[progress.d_steps :]:
                metrics = self._update("D", self.discriminator, self.discriminator_optimizer, d_step)
                progress = StepProgress(progress.d_steps + 1, metrics)
                if self.augment_probability.adapts:
                    self.augment_probability.update(metrics["overfitting"], len(self.indices), self.accelerator)
            self.discriminator.requires_grad_(False)
            metrics = self._update("G", self.generator, self.generator_optimizer, d_steps[-1])
        except StepOutOfMemory as error:
            error.progress = progress
            raise

        self.ema.update(self.generator, step)
        metrics = progress.metrics | metrics
        if self.augment_probability.adapts:
            metrics["augment_p"] = self.augment_probability.p
            self.augment_probability.adapt(step)
        return metrics

    def _update(self, name: str, network: nn.Module, optimizer: AcceleratedOptimizer, d_step: int) -> Metrics:
        """Gradients and optimizer step of D or G; repeated with smaller micro-batches where memory runs out."""
        backward = self._discriminator_backward if name == "D" else self._generator_backward
        # batch normalization in D too is updated in G's step
        statistics = BatchStatistics(*([] if self.divisible else [self.generator, self.discriminator]))
        while True:
            metrics = self._accumulate_gradients(name, optimizer, backward, d_step)
            flags = [metrics is None, self.stop_requested]
            out_of_memory, self.stop_requested = reduce_gradients(self.accelerator, network, flags)
            if metrics is not None and not out_of_memory:
                break
            optimizer.zero_grad()
            statistics.restore()
            self._halve_micro_batch(name, d_step // self.settings.discriminator_steps)
        statistics.merge(self.accelerator)
        if self.collect_stats:
            self.accelerator.unscale_gradients(optimizer)
            metrics |= diagnostics.gradient_norms(name, network)
        optimizer.step()
        spectral.power_iteration(network)
        return metrics

    def _accumulate_gradients(
        self, name: str, optimizer: AcceleratedOptimizer, backward: Backward, d_step: int
    ) -> Metrics | None:
        """Gradients over this process's part of the batch; None if memory ran out."""
        optimizer.zero_grad()
        metrics: Metrics = {}
        try:
            for indices, fraction in self._micro_batches():
                for number, layer in enumerate(dropouts(self.generator, self.discriminator)):
                    layer.keys = self.batches.keys(f"{name} dropout {number}", d_step, indices)
                add(metrics, backward(d_step, indices, fraction), fraction)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            return None
        return metrics

    def _discriminator_backward(self, d_step: int, indices: range, fraction: float) -> Metrics:
        settings, loss = self.settings, LOSSES[self.settings.loss]
        labels = self.batches.labels(d_step, indices)
        with torch.no_grad():
            fake = self.generator(self.batches.latents("discriminator latent", d_step, indices), *labels)
        real = self.batches.real(d_step, indices)
        stats = diagnostics.saturation(real, fake) if self.collect_stats else {}
        d_inputs = {
            "real": self._augmented("real", (real, *labels), d_step, indices),
            "fake": self._augmented("fake", (fake, *labels), d_step, indices),
        }
        last = (d_step + 1) % settings.discriminator_steps == 0
        if loss.relativistic and last and len(indices) == len(self.indices):
            self.real_inputs = {d_step: tuple(part.detach() for part in d_inputs["real"])}
        if settings.penalty_kind == "autograd" and penalty_is_due(settings, d_step):
            for images, *_ in d_inputs.values():
                images.requires_grad_()
        flipped = self._flipped_labels(d_step, indices)

        # one backward pass for real and fake images, or one each in half the memory
        joint = settings.discriminator_passes == "joint"
        passes = [d_inputs] if joint else [{kind: d_input} for kind, d_input in d_inputs.items()]
        metrics: Metrics = {}
        all_logits: RealFake = {}
        for inputs in passes:
            logits, distance = discriminate(self.discriminator, inputs, settings.reconstruction > 0)
            d_loss = discriminator_loss(loss, logits, settings.real_label, flipped).mean()
            penalty = gradient_penalty(settings, self.discriminator, d_inputs, logits, self.batches, d_step, indices)
            self.accelerator.backward((d_loss + penalty + settings.reconstruction * distance) * fraction)
            add(metrics, {"loss_D": d_loss, "penalty": penalty}, 1.0)
            if settings.reconstruction:
                add(metrics, {"reconstruction": distance}, 1.0)
            all_logits |= {kind: values.detach() for kind, values in logits.items()}
        real_logits, fake_logits = all_logits["real"], all_logits["fake"]
        if self.augment_probability.adapts:
            stats["overfitting"] = overfitting(loss, real_logits, fake_logits)
        return metrics | {
            "logits_real": real_logits.mean(),
            "logits_fake": fake_logits.mean(),
            "accuracy": accuracy(loss, real_logits, fake_logits),
            **stats,
        }

    def _generator_backward(self, d_step: int, indices: range, fraction: float) -> Metrics:
        loss = LOSSES[self.settings.loss]
        labels = self.batches.labels(d_step, indices)
        fake = self.generator(self.batches.latents("generator latent", d_step, indices), *labels)
        logits = self.discriminator(*self._augmented("generator", (fake, *labels), d_step, indices))
        if loss.relativistic:
            logits = logits - self.discriminator(*self._real_input(d_step, indices))
        g_loss = loss.generator(logits).mean()
        self.accelerator.backward(g_loss * fraction)
        return {"loss_G": g_loss}

    def _real_input(self, d_step: int, indices: range) -> DInput:
        """The real images as D saw them in its own update; made again where that was divided or interrupted."""
        real = self.real_inputs.pop(d_step, None)
        if real is not None and len(real[0]) == len(indices):
            return real
        images, labels = self.batches.real(d_step, indices), self.batches.labels(d_step, indices)
        return self._augmented("real", (images, *labels), d_step, indices)

    def _augmented(self, kind: str, d_input: DInput, d_step: int, indices: range) -> DInput:
        """The input of D for images with labels: augmentation, then instance noise (see `augment` for the order)."""
        settings, (images, *labels) = self.settings, d_input
        for name in settings.augment:
            uniforms = self.batches.uniform(f"{kind} {name}", d_step, indices, UNIFORMS)
            images = augment(name, images, uniforms, self.augment_probability.p, self.square)
            labels = [augment_labels(name, squares, uniforms, self.augment_probability.p) for squares in labels]
        # instance noise, annealed linearly (Sonderby et al. 2016, arXiv:1610.04490, section 3)
        total = settings.instance_noise_steps * settings.discriminator_steps
        sigma = settings.instance_noise * max(0.0, 1 - d_step / total)
        if sigma:
            images = images + sigma * self.batches.noise(images, f"{kind} noise", d_step, indices)
        return images, *labels

    def _flipped_labels(self, d_step: int, indices: range) -> RealFake:
        """For each image, whether D is trained to call it the opposite of what it is, `[B]` bool; empty for none."""
        p = self.settings.label_flip
        kinds = ("real", "fake") if p else ()
        return {kind: self.batches.uniform(f"{kind} label", d_step, indices).squeeze(1) < p for kind in kinds}

    def _halve_micro_batch(self, name: str, step: int) -> None:
        if self.accelerator.num_processes > 1 or not self.divisible or self.micro_batch == 1:
            raise StepOutOfMemory(name, step, self.micro_batch, self.divisible)
        self.micro_batch = halve_micro_batch(name, self.micro_batch, step)

    def _micro_batches(self) -> Iterator[tuple[range, float]]:
        """The indices of each micro-batch, and which fraction of this process's images it is."""
        for start in range(0, len(self.indices), self.micro_batch):
            indices = self.indices[start : start + self.micro_batch]
            yield indices, len(indices) / len(self.indices)


def add(metrics: Metrics, more: Metrics, weight: float) -> None:
    """Add `weight` times the values of `more` to `metrics`, in float32 at least."""
    for name, value in more.items():
        part = value.detach().to(torch.promote_types(value.dtype, torch.float32)) * weight
        metrics[name] = metrics[name] + part if name in metrics else part
