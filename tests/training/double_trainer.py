"""One process of a training run in float64: `double_trainer.py MAPS OUT SETTING...`; started by test_equal."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from mapgan.errors import explained
from mapgan.params import load
from mapgan.training.run import Places, train

if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    maps, out = (Path(argument) for argument in sys.argv[1:3])
    with explained():
        train(load(settings=sys.argv[3:]), Places(maps, out / "g.safetensors", out / "results", out / "s"))
