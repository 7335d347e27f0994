"""The best generator of a run so far, by a score that is measured at intervals (`train.evaluate_every`)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import nn

from mapgan.dataset import Dataset
from mapgan.evaluation.evaluator import Evaluator
from mapgan.params import Params
from mapgan.training.checkpoints.checkpoint import Checkpoint, Tensors, tensors_below
from mapgan.training.reporting.monitor import Monitor

BEST = "best.safetensors"
PREFIX = "best"


class Best:
    """The EMA weights with the best score.

    The main process alone generates images, scores and writes, while the others wait for the score.

    Args:
        params: how often, and by which score.
        dataset: the training set with its hold-out.
        accelerator: of the run.
        scratch: a folder for images while they are measured.
    """

    def __init__(self, params: Params, dataset: Dataset, accelerator: Accelerator, scratch: Path) -> None:
        self.every, self.accelerator = params.train.evaluate_every, accelerator
        device = str(accelerator.device)
        self.evaluator = Evaluator(params.train, dataset, params.seed, scratch, device) if self.every else None
        self.weights: Tensors = {}
        self.step, self.score = 0, float("inf")

    def is_due(self, step: int) -> bool:
        """Whether the generator is evaluated after `step` steps."""
        return self.every > 0 and step % self.every == 0

    def evaluate(self, network: nn.Module, step: int, monitor: Monitor) -> None:
        """Score `network`, log the score, and keep the weights if they are the best so far."""
        assert self.evaluator is not None, "train.evaluate_every is 0"
        local = self.evaluator(network) if self.accelerator.is_main_process else 0.0
        score = float(self.accelerator.reduce(torch.tensor(local, device=self.accelerator.device), reduction="sum"))
        if score < self.score:
            self.step, self.score = step, score
            if self.accelerator.is_main_process:
                self.weights = {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}
        with monitor.tolerate_full_disk(step):
            monitor.log_score(step, self.evaluator.name, score, self.step)

    def evaluate_last(self, network: nn.Module, step: int, monitor: Monitor) -> None:
        """Score the network at the end of the run, if that is not due anyway.

        This is not saved in a checkpoint: a longer run would not have scored it.
        """
        if self.every and not self.is_due(step):
            self.evaluate(network, step, monitor)

    def tensors(self) -> Tensors:
        """What a checkpoint holds of it."""
        return {f"{PREFIX}/{name}": value for name, value in self.weights.items()}

    def restore(self, checkpoint: Checkpoint) -> None:
        """Restore what `tensors` gave, and the score from the logged rows."""
        if self.evaluator is None:
            return
        since = max((entry["step"] for entry in checkpoint.history if _scores_differ(entry["changed"])), default=-1)
        scores = [(row["score"], int(row["step"])) for row in checkpoint.rows if "score" in row and row["step"] > since]
        self.weights = tensors_below(checkpoint.tensors, PREFIX) if scores else {}
        self.score, self.step = min(scores, default=(float("inf"), 0))


def _scores_differ(changed: Iterable[str]) -> bool:
    """Whether scores from before and after a change cannot be compared: other images, or another score."""
    return any(name == "data" or name.startswith("train.evaluate_") for name in changed)
