"""The best generator of a run so far, by a number that is measured at intervals (`train.evaluate_every`)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import nn

from mapgan.dataset import Dataset
from mapgan.evaluation.evaluator import Evaluator
from mapgan.params import Params
from mapgan.training.checkpoints import checkpoint as checkpoints
from mapgan.training.checkpoints.checkpoint import Checkpoint, Tensors
from mapgan.training.reporting.monitor import Monitor

BEST = "best.safetensors"
PART = "best"


class Best:
    """The averaged weights that scored best. The main process alone draws, measures and writes, while the others wait
    for its number; after a restart all of them hold what the state holds.

    Args:
        params: how often, by which number.
        dataset: the training set with its hold-out.
        accelerator: of the run.
        scratch: a folder for the images while they are measured.
    """

    def __init__(self, params: Params, dataset: Dataset, accelerator: Accelerator, scratch: Path) -> None:
        self.every, self.accelerator = params.train.evaluate_every, accelerator
        self.evaluator = Evaluator(params.train, dataset, params.seed, scratch) if self.every else None
        self.weights: Tensors = {}
        self.step, self.score = 0, float("inf")

    def due(self, step: int) -> bool:
        """Whether the generator of `step` is to be looked at."""
        return self.every > 0 and step % self.every == 0

    def evaluate(self, network: nn.Module, step: int, monitor: Monitor) -> None:
        """Score `network`, tell `monitor`, and keep its weights if they are the best yet."""
        assert self.evaluator is not None, "not asked to judge"
        own = self.evaluator(network) if self.accelerator.is_main_process else 0.0
        score = float(self.accelerator.reduce(torch.tensor(own, device=self.accelerator.device), reduction="sum"))
        if score < self.score:
            self.step, self.score = step, score
            if self.accelerator.is_main_process:
                self.weights = {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}
        with monitor.tolerate_full_disk(step):
            monitor.log_score(step, self.evaluator.name, score, self.step)

    def evaluate_last(self, network: nn.Module, step: int, monitor: Monitor) -> None:
        """Score the network that a run ends with: after the last state, for it is no part of a run made longer."""
        if self.every and not self.due(step):
            self.evaluate(network, step, monitor)

    def tensors(self) -> Tensors:
        """What a state has to keep."""
        return {f"{PART}/{name}": value for name, value in self.weights.items()}

    def restore(self, checkpoint: Checkpoint) -> None:
        """Be what it was when `checkpoint` was saved."""
        if self.evaluator is not None:  # a state that was named may come from a run that was judged, or was not
            since = max((entry["step"] for entry in checkpoint.history if _scores_differ(entry["changed"])), default=-1)
            log_score = [
                (row["score"], int(row["step"])) for row in checkpoint.rows if "score" in row and row["step"] > since
            ]
            self.weights = checkpoints.part(checkpoint.tensors, PART) if log_score else {}
            self.score, self.step = min(log_score, default=(float("inf"), 0))


def _scores_differ(changed: Iterable[str]) -> bool:
    """Whether scores of before and after cannot be compared, since other images were measured or another way."""
    return any(name == "images" or name.startswith("train.evaluate_") for name in changed)
