"""From seeds to images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mapgan.sampling.latents import latent

Pixels = NDArray[np.uint8]


@torch.no_grad()
def generate(
    generator: nn.Module, latent_size: int, seeds: Iterable[int], labels: Sequence[int] | None = None
) -> Iterator[Pixels]:
    """The image of each seed, `[H, W, 3]` uint8, one after the other on the generator's own device.

    One at a time, because kernels round differently for different batches: so a seed's image
    is the same whatever others are drawn with it, and memory never exceeds one image's.
    A generator that was trained with labels wants one for each seed: its place among the labels' names.
    """
    weight = next(generator.parameters())
    for index, seed in enumerate(seeds):
        label = () if labels is None else (torch.tensor([labels[index]], device=weight.device),)
        image = generator(latent(seed, latent_size).to(weight)[None], *label)[0].float()
        yield image.add(1).mul(127.5).round().clamp(0, 255).byte().permute(1, 2, 0).cpu().numpy()
