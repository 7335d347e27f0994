"""Seeds and the latents they stand for."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from mapgan import rng


def latent(seed: int, size: int) -> Tensor:
    """The latent of a seed, `[size]` float32 from N(0, 1): the same in every batch and on every device."""
    return torch.from_numpy(rng.normal(seed, "latent", 0, 0, size).astype(np.float32))
