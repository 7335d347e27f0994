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
    """start of every random draw: weights, order of the pictures, latents"""

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
        batch, norm = self.train.batch_size, self.train.norm_batch
        if norm and batch % norm:
            raise SettingsError(f"train.norm_batch: {norm} does not divide train.batch_size ({batch})")
