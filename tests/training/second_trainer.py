"""One process of a training run in float64: `second_trainer.py MAPS OUT SETTING...`; started by test_equal."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch

from mapgan.errors import exit_on_error
from mapgan.params import load
from mapgan.training.run import train
from mapgan.training.run_paths import RunPaths


def fail_once(process: int, at_step: int) -> None:
    """Have G's half of one step run out of memory in one process."""
    from mapgan.training.objective.step import Step

    real = Step._generator_backward

    def backward(self: Step, step: int, indices: range, local_batch: float) -> object:
        if step == at_step and getattr(self.accelerator, "process_index", None) == process:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(self, step, indices, local_batch)

    Step._generator_backward = backward  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    maps, out = (Path(argument) for argument in sys.argv[1:3])
    if "FAILS" in os.environ:
        fail_once(int(os.environ["FAILS"]), at_step=9)
    with exit_on_error():
        train(load(settings=sys.argv[3:]), RunPaths(maps, out / "g.safetensors", out / "results", out / "s"))
