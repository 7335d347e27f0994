"""Maps of any size from a spatial latent, window by window: the memory does not grow with the map."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mapgan.networks import conditional
from mapgan.networks.modern import Generator
from mapgan.networks.noise import noise_corners
from mapgan.networks.window import windows

LARGE = 1024**2  # pixels; maps above this are generated in windows
WINDOW = 512  # pixels; a window is computed with a halo around it, so small ones are slower


def is_large(generator: nn.Module) -> bool:
    """Whether the maps of `generator` are so large that they are generated in windows."""
    inner = generator.inner if isinstance(generator, conditional.Generator) else generator
    return isinstance(inner, Generator) and inner.halo is not None and math.prod(inner.size) > LARGE


@torch.no_grad()
def generate_large(generator: nn.Module, z: Tensor, *label: Tensor, size: int = 0) -> NDArray[np.uint8]:
    """The map of one latent, `[H, W, 3]` uint8; equal to that of one pass, up to rounding.

    Args:
        generator: with a spatial latent, and nothing that depends on the whole image (`halo` is not None).
        z: `[1, latent]`, on the generator's device.
        label: `[1]`, if the generator was trained with labels.
        size: rows and columns of a window, in sites (0: those of `WINDOW` pixels).
    """
    if isinstance(generator, conditional.Generator):
        z = generator.with_label(z, label[0])
        generator = generator.inner
    assert isinstance(generator, Generator)
    assert generator.halo is not None
    cell, halo, (height, width) = generator.cell, generator.halo, generator.size
    sites, theme = generator.split(z)
    corners = noise_corners(z)
    image = np.empty((height, width, 3), np.uint8)
    for window, (row, column), (rows, columns) in windows(generator.grid, size or -(-WINDOW // cell), halo):
        pixels = to_pixels(generator.generate_window(window.crop(sites), theme, corners, window))[0]
        inner = pixels[halo * cell : (halo + rows) * cell, halo * cell : (halo + columns) * cell]
        target = image[row * cell : (row + rows) * cell, column * cell : (column + columns) * cell]
        target[:] = inner[: target.shape[0], : target.shape[1]]  # the last ones reach over the map
    return image


def to_pixels(images: Tensor) -> NDArray[np.uint8]:
    """`[B, 3, H, W]` in [-1, 1] as `[B, H, W, 3]` uint8."""
    return images.float().add(1).mul(127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy()
