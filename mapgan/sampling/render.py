"""From recipes to images."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from mapgan import files, networks
from mapgan.errors import MapganError
from mapgan.networks.generator_file import About, latent_size, load_generator
from mapgan.sampling.expression import Latents, shorten
from mapgan.sampling.first_layers import truncated
from mapgan.sampling.fixed_noise import fixed_noise
from mapgan.sampling.generate import Pixels, generate_from
from mapgan.sampling.given import decoded
from mapgan.sampling.labels import ANY, describe_labels
from mapgan.sampling.latent_shape import latent_shape
from mapgan.sampling.painting import Painting, paint
from mapgan.sampling.recipe import Cell, Recipe
from mapgan.sampling.reroll import open_reroll, rerolled
from mapgan.sampling.sheet import check_page, sheet
from mapgan.sampling.themes import ONE, theme_grid, themes_of


@dataclass(frozen=True)
class TrainedGenerator:
    """A generator on its device, its configuration, its file, and the SHA-256 of that."""

    network: nn.Module
    about: About
    path: Path
    digest: str

    @property
    def spatial(self) -> bool:
        """Whether it can generate any size."""
        return networks.spatial_generator(self.network) is not None


def open_generator(path: Path, device: str = "cpu") -> TrainedGenerator:
    """Load the generator in `path`.

    Raises:
        MapganError: as `load_generator`.
    """
    network, about = load_generator(path)
    return TrainedGenerator(network.to(device), about, path, files.sha256_file(path))


class Renderer:
    """Draws cells at the size, with the truncation and on the plan of a recipe.

    Args:
        trained: the generator, which is resized.
        recipe: everything but its cells counts.

    Raises:
        MapganError: this generator cannot draw such a recipe.
    """

    def __init__(self, trained: TrainedGenerator, recipe: Recipe) -> None:
        self.network, self.about, self.truncation = trained.network, trained.about, recipe.truncation
        size, latent = (recipe.width, recipe.height), latent_size(trained.about)
        if trained.spatial or size != (trained.about.width, trained.about.height) or recipe.seamless:
            latent = networks.resize(self.network, *size, recipe.seamless)
        given = decoded(recipe.latents, latent)
        self.latents = Latents(self.network, latent_shape(self.network, latent), given)
        self.recipe = recipe
        self.painting = self._painting(recipe.plan.rows, recipe.plan.square) if recipe.plan else None
        self.reroll = open_reroll(recipe, self.network, self.about) if recipe.reroll else None
        spatial = networks.spatial_generator(self.network)
        self.themes = theme_grid(recipe.themes, size, self.about, spatial, recipe.seamless)

    def image(self, cell: Cell) -> Pixels:
        """The image of a cell, `[H, W, 3]` uint8.

        Raises:
            MapganError: its latent is not an expression, or its label is not known.
        """
        z = self.latents.value(cell.latent)
        if self.reroll:
            seed = self._seed(cell, "squares of a seed's map can be drawn anew")
            z = rerolled(z, seed, self.network, self.reroll)
        with contextlib.ExitStack() as stack:
            stack.enter_context(truncated(self.network, self.truncation, self.latents.shape))
            if self.themes != ONE:
                seed = self._seed(cell, "a seed's map can have several themes")
                stack.enter_context(themes_of(self.network, self.themes, seed))
            if cell.noise:
                stack.enter_context(fixed_noise(self.network, self.latents.value(cell.noise)))
            if painting := self._painting(cell.plan, self.about.label_square) if cell.plan else self.painting:
                return paint(self.network, z, painting)
            return next(generate_from(self.network, z[None], self._label(cell)))

    def images(self, cells: Iterable[Cell]) -> Iterable[Pixels | None]:
        """The image of each cell, and None for empty places."""
        return (self.image(cell) if cell.latent else None for cell in cells)

    def _label(self, cell: Cell) -> list[int] | None:
        known = self.about.labels
        if not known and not cell.label:
            return None
        if not cell.label and self.about.label_square:
            return [ANY]
        if cell.label not in known:
            raise MapganError(f"label {cell.label!r}: this generator has {describe_labels(known)}")
        return [known.index(cell.label)]

    def _painting(self, rows: list[list[int]], square: float) -> Painting:
        if len(set(map(len, rows))) > 1 or max(map(max, rows)) >= len(self.about.labels):
            raise MapganError("the recipe's plan does not fit this generator")
        if not self.about.labels or not square or networks.spatial_generator(self.network) is None:
            raise MapganError("the recipe has a plan, and this generator paints none")
        size = (self.recipe.width, self.recipe.height)
        return Painting(np.array(rows, np.int64), square, size, self.recipe.seamless)

    def _seed(self, cell: Cell, what: str) -> int:
        if not cell.latent.isdecimal():
            raise MapganError(f"{shorten(cell.latent)}: {what}, and no other")
        return int(cell.latent)


@torch.no_grad()
def render(trained: TrainedGenerator, recipe: Recipe) -> Image.Image:
    """Draw the sheet or the single image of a recipe.

    Raises:
        MapganError: this generator cannot draw it, or it would be too large.
    """
    renderer = Renderer(trained, recipe)
    if not recipe.columns:
        return Image.fromarray(renderer.image(recipe.cells[0]))
    check_page((recipe.width, recipe.height), len(recipe.cells), recipe.columns, recipe.zoom)
    captions = [cell.caption for cell in recipe.cells]
    return sheet(renderer.images(recipe.cells), captions, recipe.columns, recipe.zoom)
