"""All settings, and the rules between sections."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mapgan.errors import SettingsError
from mapgan.params.collecting import DatasetSettings, Prune, Resize, Scrape
from mapgan.params.drawing import Sample
from mapgan.params.exploring import Explore, Pick, Project, Walk
from mapgan.params.exporting import Export
from mapgan.params.machine import Machine
from mapgan.params.section import Section
from mapgan.params.training import Evaluate, Train


class Params(Section):
    """Everything in `params.yaml`."""

    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """seed of all random numbers: weights, order of images, latents"""

    dataset: DatasetSettings = DatasetSettings()
    scrape: Scrape = Scrape()
    prune: Prune = Prune()
    resize: Resize = Resize()
    train: Train = Train()
    evaluate: Evaluate = Evaluate()
    sample: Sample = Sample()
    walk: Walk = Walk()
    pick: Pick = Pick()
    project: Project = Project()
    export: Export = Export()
    explore: Explore = Explore()
    machine: Machine = Machine()

    def check_consistency(self) -> None:
        """Check the rules that involve several settings, once all of them are known.

        Raises:
            SettingsError: two settings are incompatible.
        """
        train, modern = self.train, self.train.networks.dcgan_modern
        rules = [
            (
                train.ghost_batch and train.batch_size % train.ghost_batch,
                f"train.ghost_batch: {train.ghost_batch} does not divide train.batch_size ({train.batch_size})",
            ),
            (
                train.loss == "relativistic" and train.discriminator_passes == "separate",
                "train.discriminator_passes: the relativistic loss needs real and fake images in one pass; set joint",
            ),
            (
                train.penalty_kind == "wgan-gp" and train.penalty_at != "both",
                f"train.penalty_at: wgan-gp is taken between real and fake images; set both, not {train.penalty_at}",
            ),
            (
                train.differentiates_twice and train.precision == "fp16",
                f"train.penalty_kind: {train.penalty_kind} overflows in fp16; set finite-difference, or precision bf16",
            ),
            (
                train.augment_target and not train.augment,
                "train.augment_target: nothing to adapt; name the augmentations in train.augment",
            ),
            (
                train.reconstruction and train.network != "dcgan-modern",
                f"train.reconstruction: the discriminator of {train.network} cannot rebuild images; set 0",
            ),
            (
                modern.blocks == "inverted" and modern.spectral_norm,
                "train.networks.dcgan-modern.spectral_norm: inverted blocks begin with weights of 0, which have no "
                "singular value to divide by; set false",
            ),
            (
                len(train.discriminator_betas) == 1,
                "train.discriminator_betas: name both, beta1 and beta2, or none",
            ),
        ]
        for broken, line in rules:
            if broken:
                raise SettingsError(line)
