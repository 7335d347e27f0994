"""Sheets and single images of seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL.Image import fromarray

from mapgan import networks
from mapgan.params import Sample
from mapgan.params.parsing import parse_seeds, parse_sheet
from mapgan.progress import Bar
from mapgan.sampling.labels import file_names, labels_for_seeds, parse_labels
from mapgan.sampling.layout import Layout, open_layout
from mapgan.sampling.map_size import map_size
from mapgan.sampling.painting import open_painting
from mapgan.sampling.real_maps import write_real_maps
from mapgan.sampling.recipe import Cell, Plan, Recipe, cells_of_seeds, save_drawn
from mapgan.sampling.render import Renderer, TrainedGenerator, open_generator
from mapgan.sampling.sheet import check_page, sheet
from mapgan.sampling.themes import theme_grid


@dataclass(frozen=True)
class _Drawing:
    """What draws the seeds of some settings.

    Args:
        trained: the generator.
        recipe: of a sheet, but for its cells.
        renderer: of such a recipe.
        layout: what draws the plans, if something does.
        requested: the labels that are asked for.
    """

    trained: TrainedGenerator
    recipe: Recipe
    renderer: Renderer
    layout: Layout | None
    requested: list[str]

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """A cell for each seed."""
        cells = cells_of_seeds(seeds, self._labels(seeds), self.trained.about.labels)
        return self.layout.with_plans(cells) if self.layout else cells

    def names(self, seeds: Sequence[int]) -> list[str]:
        """A file name for each seed."""
        return file_names(seeds, self._labels(seeds))

    def _labels(self, seeds: Sequence[int]) -> list[int] | None:
        about = self.trained.about
        return None if self.recipe.plan else labels_for_seeds(
            seeds, about.labels, self.requested, about.label_square > 0
        )  # fmt: skip


def write_samples(
    settings: Sample, generator: Path, results: Path, device: str = "cpu", maps: Path | None = None
) -> list[Path]:
    """Generate the images of the seeds in `settings`: sheets in `results`, single images in `singles` there.

    With the training set `maps`, also a sheet of real maps, real.png.

    Returns:
        The sheets.

    Raises:
        MapganError: a setting does not suit the generator; nothing is written then.
    """
    seeds, (columns, rows) = parse_seeds(settings.seeds), parse_sheet(settings.sheet)
    drawing = _open(settings, generator, device)
    recipe = drawing.recipe
    check_page((recipe.width, recipe.height), min(len(seeds), columns * rows), recipe.columns, settings.zoom)
    pages: list[Path] = []
    for number, start in enumerate(range(0, len(seeds), columns * rows)):
        chunk = seeds[start : start + columns * rows]
        cells = drawing.cells(chunk)
        images = [drawing.renderer.image(cell) for cell in cells]
        page = recipe.model_copy(update={"cells": cells, "columns": min(columns, len(chunk))})
        pages.append(results / f"sheet-{number:03d}.png")
        save_drawn(pages[-1], sheet(images, [cell.caption for cell in cells], page.columns, settings.zoom), page)
        for name, image, cell in zip(drawing.names(chunk), images, cells, strict=True) if settings.singles else ():
            save_drawn(results / "singles" / name, fromarray(image), recipe.single(cell))
    if maps:
        write_real_maps(maps, (recipe.width, recipe.height), (columns, rows), settings.zoom, results / "real.png")
    return pages


def write_singles(settings: Sample, generator: Path, folder: Path, device: str = "cpu") -> list[Path]:
    """Generate the images of the seeds in `settings`, each as a file of its own in `folder`.

    Raises:
        MapganError: as `write_samples`.
    """
    seeds = parse_seeds(settings.seeds)
    drawing = _open(settings, generator, device)
    paths = []
    with Bar("draw", total=len(seeds)) as bar:
        for seed in seeds:
            [cell], [name] = drawing.cells([seed]), drawing.names([seed])
            paths.append(folder / name)
            save_drawn(paths[-1], fromarray(drawing.renderer.image(cell)), drawing.recipe.single(cell))
            bar.advance()
    return paths


def _open(settings: Sample, generator: Path, device: str) -> _Drawing:
    trained = open_generator(generator, device)
    about = trained.about
    seeds, (columns, _) = parse_seeds(settings.seeds), parse_sheet(settings.sheet)
    requested = parse_labels(settings.label, about.labels, str(generator))
    painting = open_painting(settings, trained.network, about) if settings.plan else None
    width, height = painting.size if painting else map_size(settings, about, trained.spatial)
    inner = networks.spatial_generator(trained.network)
    themes = theme_grid(settings.themes, (width, height), about, inner, settings.seamless)
    recipe = Recipe(
        generator=trained.digest,
        width=width,
        height=height,
        seamless=settings.seamless,
        truncation=settings.truncation,
        themes=f"{themes[0]}x{themes[1]}",
        reroll=settings.reroll,
        around=settings.around,
        attempt=settings.attempt,
        plan=Plan(rows=painting.plan.tolist(), square=painting.square) if painting else None,
        label_names=about.labels if painting or about.label_square else [],
        cells=[Cell(latent=str(seeds[0]))],
        columns=min(columns, len(seeds)),
        zoom=settings.zoom,
    )
    renderer = Renderer(trained, recipe)
    return _Drawing(trained, recipe, renderer, open_layout(settings.layout, trained, recipe, requested), requested)
