"""Layouts: where rooms and rock, land and sea are, drawn by another generator before the details.

A generator with few pixels per square sees many squares at a time, so it learns how rooms are connected. What it draws
is read as a plan. It is trained on label images (`dataset.images: labels`); the generator that was trained with a label
for each square (`dataset.condition: map`) then draws the map.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mapgan import networks
from mapgan.errors import MapganError
from mapgan.sampling.recipe import Cell, Recipe
from mapgan.sampling.render import Renderer, TrainedGenerator, open_generator


class Layout:
    """Draws plans for the maps of `painter`, as large as `recipe` says, with the generator in `path`.

    Raises:
        MapganError: it cannot draw maps of any size, or the size of its squares is not known.
    """

    def __init__(self, path: Path, painter: TrainedGenerator, recipe: Recipe) -> None:
        trained = open_generator(path, str(next(painter.network.parameters()).device))
        about, square = painter.about, round(trained.about.pixels_per_square)
        colors = trained.about.plan_colors
        if not trained.spatial or not square or not colors or set(colors) - set(about.labels):
            raise MapganError(
                f"{path}: draws no plans for {painter.path}",
                "train one on the label images of the same maps, with dataset.images=labels",
            )
        self.columns = -(-recipe.width // about.label_square)
        self.rows = -(-recipe.height // about.label_square)
        if recipe.seamless:
            _check_seam((self.columns, self.rows), trained, square)
        self.square = square
        self.labels = np.array([about.labels.index(name) for name in colors])
        self.colors = np.array(list(colors.values()))
        size = {"width": self.columns * square, "height": self.rows * square, "generator": trained.digest}
        self.renderer = Renderer(trained, recipe.model_copy(update=size | {"reroll": "", "themes": "1x1"}))

    def plan(self, latent: str) -> list[list[int]]:
        """The number of each square's label in the map of a latent, an expression for this generator: `7`."""
        pixels = self.renderer.image(Cell(latent=latent))
        squares = pixels.reshape(self.rows, self.square, self.columns, self.square, 3).mean(axis=(1, 3))
        nearest = np.square(squares[:, :, None] - self.colors).sum(axis=3).argmin(axis=2)
        labels: list[list[int]] = self.labels[nearest].tolist()
        return labels

    def with_plans(self, cells: Sequence[Cell]) -> list[Cell]:
        """`cells`, each with the plan of its latent; empty places stay empty."""
        return [cell.model_copy(update={"plan": self.plan(cell.latent)}) if cell.latent else cell for cell in cells]


def _check_seam(squares: tuple[int, int], trained: TrainedGenerator, square: int) -> None:
    """Check that the plan of a seamless map, of so many columns and rows, is seamless.

    Raises:
        MapganError: it is not.
    """
    inner = networks.spatial_generator(trained.network)
    assert inner is not None
    multiple = max(1, inner.cell // square)
    if any(side % multiple for side in squares):
        near = "x".join(str(max(multiple, round(side / multiple) * multiple)) for side in squares)
        raise MapganError(
            f"--seamless: a plan of {squares[0]} x {squares[1]} squares has a seam",
            f"use multiples of {multiple} squares, such as --squares {near}",
        )


def open_layout(layout: str, painter: TrainedGenerator, recipe: Recipe, requested: Sequence[str]) -> Layout | None:
    """What draws the plans for `painter`: the run or file `layout`, or if that is empty the file beside it.

    None if nothing does, or if the plan of `recipe` or the labels `requested` leave it nothing to draw.

    Raises:
        MapganError: as `Layout`, or a layout is asked for where there is nothing to draw.
    """
    if recipe.plan or requested:
        if layout:
            raise MapganError("--layout draws the plan", "leave out --plan and --label")
        return None
    about = painter.about
    if not about.label_square:
        if layout:
            raise MapganError(
                "--layout: this generator has no labels of squares", "train one with dataset.condition=map"
            )
        return None
    beside = layout_path(painter.path)
    path = Path(layout) if layout else beside
    if path.is_dir():
        path = path / "generator.safetensors"
    return Layout(path, painter, recipe) if layout or beside.is_file() else None


def layout_path(generator: Path) -> Path:
    """The file of the generator that draws layouts for `generator`, beside it."""
    return generator.with_name(f"{generator.stem}-layout.safetensors")
