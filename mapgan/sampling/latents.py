"""Latents of seeds."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from mapgan import rng


def latent(seed: int, size: int) -> Tensor:
    """The latent of a seed, `[size]` float32 from N(0, 1): the same on every device."""
    return torch.from_numpy(rng.normal(seed, "latent", 0, 0, size).astype(np.float32))
