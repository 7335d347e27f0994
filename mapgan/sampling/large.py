"""Maps of any size from a spatial latent, window by window: the memory does not grow with the map."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mapgan.networks import conditional, label_maps, spatial_generator
from mapgan.networks.modern import Generator
from mapgan.networks.noise import noise_corners
from mapgan.networks.window import Window, whole, windows
from mapgan.progress import Bar

LARGE = 1024**2  # pixels; maps above this are generated in windows
MANY = 24  # windows that take so long that their progress is shown
WINDOW = 512  # pixels; a window is computed with a halo around it, so small ones are slower


def is_large(generator: nn.Module) -> bool:
    """Whether the maps of `generator` are generated in windows, as large ones are, and those with several themes."""
    inner = spatial_generator(generator)
    if inner is None or inner.halo is None:
        return False
    return inner.themes is not None or math.prod(inner.size) > LARGE


@torch.no_grad()
def generate_large(generator: nn.Module, z: Tensor, *label: Tensor, size: int = 0) -> NDArray[np.uint8]:
    """The map of one latent, `[H, W, 3]` uint8; equal to that of one pass, up to rounding.

    Args:
        generator: with a spatial latent, and nothing that depends on the whole image (`halo` is not None).
        z: `[1, latent]`, on the generator's device.
        label: `[1]` or `[1, rows, columns]`, if the generator was trained with labels.
        size: rows and columns of a window, in sites (0: those of `WINDOW` pixels).
    """
    inner = spatial_generator(generator)
    assert inner is not None
    if isinstance(generator, label_maps.Generator):
        sites, theme, labels = generator.inputs(z, label[0])
        return generate_in_windows(inner, sites, theme, z, labels, size)
    if isinstance(generator, conditional.Generator):
        z = generator.with_label(z, label[0])
    return generate_in_windows(inner, *inner.split(z), z, size=size)


def generate_in_windows(
    generator: Generator,
    sites: Tensor,
    theme: Tensor,
    z: Tensor,
    labels: Tensor | None = None,
    size: int = 0,
    wraps: bool = False,
) -> NDArray[np.uint8]:
    """The map of `sites`, `[1, z_channels, rows, columns]`, and a theme, window by window; `[H, W, 3]` uint8.

    Args:
        generator: with a spatial latent.
        sites: of the whole map.
        theme: `[1, theme, 1, 1]`, or `[1, theme, rows, columns]` if it differs from site to site.
        z: `[1, latent]`, which decides the noise.
        labels: embeddings of the labels of squares, `[1, label_channels, ...]`, if the generator has these.
        size: as for `generate_large`.
        wraps: whether themes and labels wrap around, for seamless maps; else the south of a map would show in its
            north.
    """
    cell, halo, (height, width) = generator.cell, generator.halo, generator.size
    corners = noise_corners(z)
    if halo is None:  # it takes statistics of the whole map
        pixels = to_pixels(generator.generate_window(sites, theme, corners, whole(generator.grid), labels))
        return np.ascontiguousarray(pixels[0, :height, :width])
    image = np.empty((height, width, 3), np.uint8)
    parts = list(windows(generator.grid, size or -(-WINDOW // cell), halo))
    crop = Window.crop if wraps else Window.crop_clamped
    with Bar("draw", total=len(parts), quiet=len(parts) < MANY) as bar:
        for window, (row, column), (rows, columns) in parts:
            local = theme if theme.shape[2:] == (1, 1) else crop(window, theme)
            squares = None if labels is None else crop(window, labels, generator.labels_per_site)
            pixels = to_pixels(generator.generate_window(window.crop(sites), local, corners, window, squares))[0]
            inner = pixels[halo * cell : (halo + rows) * cell, halo * cell : (halo + columns) * cell]
            target = image[row * cell : (row + rows) * cell, column * cell : (column + columns) * cell]
            target[:] = inner[: target.shape[0], : target.shape[1]]  # the last ones reach over the map
            bar.advance()
    return image


def to_pixels(images: Tensor) -> NDArray[np.uint8]:
    """`[B, 3, H, W]` in [-1, 1] as `[B, H, W, 3]` uint8."""
    return images.float().add(1).mul(127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy()
