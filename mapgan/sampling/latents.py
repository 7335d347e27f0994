"""Seeds and the latents they stand for."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from mapgan import draws
from mapgan.errors import MapganError

MOST_SEEDS = 100_000


def latent(seed: int, size: int) -> Tensor:
    """The latent of a seed, `[size]` float32 from N(0, 1): the same in every batch and on every device."""
    return torch.from_numpy(draws.normal(seed, "latent", 0, 0, size).astype(np.float32))


def parse_seeds(text: str) -> list[int]:
    """`0-3,7` as `[0, 1, 2, 3, 7]`.

    Raises:
        MapganError: the text is no list of numbers and ranges, or stands for too many.
    """
    seeds: list[int] = []
    for piece in text.split(","):
        first, dash, last = piece.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise MapganError(f"seeds: {text!r} is not a list of seeds", "write for instance 0-35 or 3,7,100-120")
        end = int(last) if dash else int(first)
        if end < int(first):
            raise MapganError(f"seeds: the range {piece.strip()} runs backwards", f"write {end}-{first}")
        if len(seeds) + end - int(first) >= MOST_SEEDS:
            raise MapganError(f"seeds: {text!r} stands for too many pictures", f"ask for {MOST_SEEDS} at most")
        seeds.extend(range(int(first), end + 1))
    return seeds
