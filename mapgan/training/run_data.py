"""The state of a training run in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accelerate import Accelerator

from mapgan.dataset import Dataset
from mapgan.params import Params
from mapgan.training.checkpoints.best import Best
from mapgan.training.checkpoints.fingerprint import Parts
from mapgan.training.objective.out_of_memory import StepProgress
from mapgan.training.objective.step import Step
from mapgan.training.reporting.monitor import Monitor
from mapgan.training.reporting.snapshots import Snapshots
from mapgan.training.run_paths import RunPaths


@dataclass
class Run:
    """A training run in one process.

    Args:
        params: all settings.
        paths: where it reads and writes.
        dataset: the training set.
        files: `file_signature` of the training set's files when the run began.
        step: the training step, with both networks and their optimizers.
        parts: everything that the weights depend on, by name.
        folder: of the run's checkpoints.
        monitor: logs metrics and prints messages.
        snapshots: sheets of the same seeds over time.
        best: the generator with the best score so far.
        done: number of steps that are done.
        progress: what is done of the next step.
        roll_backs: how often the run was rolled back.
        last_rollback: the step that it was last rolled back to.
        origin: checksum of the checkpoint of another run that this one started from; empty if it did not.
        history: the steps at which data or settings changed, and what changed.
    """

    params: Params
    paths: RunPaths
    dataset: Dataset
    files: list[tuple[int, int]]
    step: Step
    parts: Parts
    folder: Path
    monitor: Monitor
    snapshots: Snapshots
    best: Best
    done: int = 0
    progress: StepProgress = field(default_factory=StepProgress)
    roll_backs: int = 0
    last_rollback: int = 0
    origin: str = ""
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def accelerator(self) -> Accelerator:
        """The accelerator of the step."""
        return self.step.accelerator

    @property
    def is_main(self) -> bool:
        """Whether this is the process that writes."""
        return bool(self.accelerator.is_main_process)

    @property
    def milestone(self) -> int:
        """Steps between two checkpoints that are kept to roll back to (0: none are kept)."""
        train = self.params.train
        return train.snapshot_every if train.watch.policy == "roll-back" else 0

    def is_due(self, every: int, step: int) -> bool:
        """Whether something done `every` that many steps, and after the last one, is due after `step` steps."""
        return (every > 0 and step % every == 0) or step == self.params.train.steps
