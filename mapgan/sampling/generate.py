"""From seeds to images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mapgan.sampling.large import generate_large, is_large, to_pixels
from mapgan.sampling.latents import latent

Pixels = NDArray[np.uint8]


@torch.no_grad()
def generate(
    generator: nn.Module,
    latent_size: int,
    seeds: Iterable[int],
    labels: Sequence[int] | NDArray[np.int64] | None = None,
    batch_size: int = 1,
) -> Iterator[Pixels]:
    """Generate the image of each seed on the generator's device.

    Args:
        generator: the network.
        latent_size: of its latents.
        seeds: any number of them.
        labels: for each seed the number of its label, or of the label of each of its squares, `[rows, columns]`, if
            the generator was trained with labels.
        batch_size: images at a time. Kernels round differently for other sizes, so with 1 the image of a seed does
            not depend on the others, and memory is that of one image.

    Yields:
        `[H, W, 3]` uint8.
    """
    numbered = enumerate(seeds)
    while batch := list(islice(numbered, batch_size)):
        latents = torch.stack([latent(seed, latent_size) for _, seed in batch])
        yield from generate_from(generator, latents, None if labels is None else [labels[i] for i, _ in batch])


@torch.no_grad()
def generate_from(generator: nn.Module, latents: Tensor, labels: Sequence[Any] | None = None) -> Iterator[Pixels]:
    """Generate the images of `latents`, `[B, latent]`, together; otherwise as `generate`."""
    weight = next(generator.parameters())
    latents = latents.to(weight)
    label = () if labels is None else (torch.from_numpy(np.stack(labels)).to(weight.device),)
    if is_large(generator):
        for number in range(len(latents)):
            yield generate_large(generator, latents[number : number + 1], *(one[number : number + 1] for one in label))
    else:
        yield from to_pixels(generator(latents, *label))
