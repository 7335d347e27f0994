"""A window of a map, in sites of a spatial latent: large maps are generated window by window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Window:
    """A rectangle of sites, which may reach over the edges of the map, where it wraps around.

    Args:
        origin: row and column of its first site, which may be negative.
        size: rows and columns.
        grid: rows and columns of the whole map.
    """

    origin: tuple[int, int]
    size: tuple[int, int]
    grid: tuple[int, int]

    def positions(self, axis: int, scale: int, device: torch.device) -> Tensor:
        """The rows (axis 0) or columns (1) of the map that it covers, with `scale` pixels per site."""
        start, length = self.origin[axis] * scale, self.size[axis] * scale
        return torch.arange(start, start + length, device=device) % (self.grid[axis] * scale)

    def crop(self, sites: Tensor, scale: int = 1) -> Tensor:
        """The part of `sites`, `[B, channels, rows, columns]` of the whole map, that it covers.

        With a `scale`, each site has as many rows and columns.
        """
        rows, columns = (self.positions(axis, scale, sites.device) for axis in (0, 1))
        return sites[:, :, rows[:, None], columns]

    def crop_clamped(self, sites: Tensor, scale: int = 1) -> Tensor:
        """The same, but beyond an edge of the map the sites at the edge are repeated, where `crop` wraps around."""
        rows, columns = (
            torch.arange(start * scale, (start + length) * scale, device=sites.device).clamp(0, last * scale - 1)
            for start, length, last in zip(self.origin, self.size, self.grid, strict=True)
        )
        return sites[:, :, rows[:, None], columns]


def whole(grid: tuple[int, int]) -> Window:
    """The window of the whole map."""
    return Window((0, 0), grid, grid)


def windows(grid: tuple[int, int], size: int, halo: int) -> Iterator[tuple[Window, tuple[int, int], tuple[int, int]]]:
    """Windows that cover a map in row-major order, each with `halo` sites more on each side.

    Yields:
        The window with its halo, and first site and size without it.
    """
    for row in range(0, grid[0], size):
        for column in range(0, grid[1], size):
            inner = min(size, grid[0] - row), min(size, grid[1] - column)
            outer = inner[0] + 2 * halo, inner[1] + 2 * halo
            yield Window((row - halo, column - halo), outer, grid), (row, column), inner
