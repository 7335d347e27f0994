"""Walks in a part of a map: the latents of the other sites stay."""

from __future__ import annotations

from mapgan.errors import MapganError
from mapgan.networks import spatial_generator
from mapgan.params import Walk
from mapgan.params.parsing import parse_region, parse_seeds
from mapgan.sampling.recipe import Cell
from mapgan.sampling.render import Renderer
from mapgan.sampling.reroll import sites_above


def within_region(settings: Walk, renderer: Renderer, rows: list[list[Cell]]) -> list[list[Cell]]:
    """The same walk in the squares of `settings.region` alone.

    Raises:
        MapganError: the latent is not spatial, or the region lies outside of the map.
    """
    inner = spatial_generator(renderer.network)
    if inner is None:
        raise MapganError("--region: this generator has no spatial latent", "leave it out")
    square = renderer.about.pixels_per_square or float(inner.cell)
    left, top, right, bottom = parse_region(settings.region)
    if left * square >= inner.size[1] or top * square >= inner.size[0]:
        raise MapganError(
            f"--region {settings.region}: outside of the map of {inner.size[1] / square:g} x "
            f"{inner.size[0] / square:g} squares"
        )
    down = sites_above(top, bottom, square / inner.cell, inner.grid[0])
    across = sites_above(left, right, square / inner.cell, inner.grid[1])
    around = settings.around or str(parse_seeds(settings.seeds)[0])
    sites = f"{down.start}, {down.stop}, {across.start}, {across.stop}"
    return [
        [
            cell.model_copy(update={"latent": f"patch({around}, {cell.latent}, {sites})", "noise": around})
            for cell in row
        ]
        for row in rows
    ]
