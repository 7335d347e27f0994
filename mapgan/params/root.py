"""All settings together, and the rules that hold between sections."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mapgan.errors import SettingsError
from mapgan.params.collecting import Prune, ReadyMade, Resize, Scrape
from mapgan.params.section import Section
from mapgan.params.training import Evaluate, Machine, Sample, Train


class Params(Section):
    """Everything in `params.yaml`."""

    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """start of every random draw: weights, order of the images, latents"""

    dataset: ReadyMade = ReadyMade()
    scrape: Scrape = Scrape()
    prune: Prune = Prune()
    resize: Resize = Resize()
    train: Train = Train()
    evaluate: Evaluate = Evaluate()
    sample: Sample = Sample()
    machine: Machine = Machine()

    def check_whole(self) -> None:
        """Hold the sections against each other, once all settings are known.

        Raises:
            SettingsError: two of them do not go together.
        """
        train = self.train
        labelled = self.dataset.condition != "none" and train.network == "dcgan-modern"
        modern = train.networks.dcgan_modern
        without = "or images without labels (dataset.condition: none, and the set made anew)"
        rules = [
            (
                train.ghost_batch and train.batch_size % train.ghost_batch,
                f"train.ghost_batch: {train.ghost_batch} does not divide train.batch_size ({train.batch_size})",
            ),
            (
                train.loss == "relativistic" and train.discriminator_passes == "separate",
                "train.discriminator_passes: the relativistic loss needs real and fake images together",
            ),
            (
                train.penalty_kind == "wgan-gp" and train.penalty_at != "both",
                f"train.penalty_at: interpolates lie between both, not at {train.penalty_at} images alone",
            ),
            (
                train.differentiates_twice and train.precision == "fp16",
                f"train.penalty_kind: {train.penalty_kind} needs finer numbers than fp16; take finite-difference, or bf16",
            ),
            (
                train.augment_target and not train.augment,
                "train.augment_target: nothing to adapt; name what to do with the images in train.augment",
            ),
            (
                len(train.discriminator_betas) == 1,
                "train.discriminator_betas: name both, beta1 and beta2, or none",
            ),
            (
                labelled and modern.latent_kind == "spatial",
                "train.networks.dcgan-modern.latent_kind: a spatial latent takes no labels; take vector or constant, "
                f"{without}",
            ),
            (
                labelled and modern.spectral_norm,
                f"train.networks.dcgan-modern.spectral_norm: does not go with labels; switch it off, {without}",
            ),
        ]
        for broken, line in rules:
            if broken:
                raise SettingsError(line)
