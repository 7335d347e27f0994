"""Sheets and single images of seeds."""

from __future__ import annotations

from pathlib import Path

from PIL.Image import fromarray

from mapgan.params import Sample
from mapgan.params.parsing import parse_seeds, parse_sheet
from mapgan.sampling.labels import file_names, labels_for_seeds, parse_labels
from mapgan.sampling.layout import open_layout
from mapgan.sampling.map_size import map_size
from mapgan.sampling.painting import open_painting
from mapgan.sampling.real_maps import write_real_maps
from mapgan.sampling.recipe import Cell, Plan, Recipe, cells_of_seeds, save_drawn
from mapgan.sampling.render import Renderer, open_generator
from mapgan.sampling.sheet import check_page, sheet


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
    trained = open_generator(generator, device)
    about = trained.about
    seeds, (columns, rows) = parse_seeds(settings.seeds), parse_sheet(settings.sheet)
    requested = parse_labels(settings.label, about.labels, str(generator))
    painting = open_painting(settings, trained.network, about) if settings.plan else None
    width, height = painting.size if painting else map_size(settings, about, trained.spatial)
    recipe = Recipe(
        generator=trained.digest,
        width=width,
        height=height,
        seamless=settings.seamless,
        truncation=settings.truncation,
        reroll=settings.reroll,
        around=settings.around,
        attempt=settings.attempt,
        plan=Plan(rows=painting.plan.tolist(), square=painting.square) if painting else None,
        cells=[Cell(latent=str(seeds[0]))],
        columns=min(columns, len(seeds)),
        zoom=settings.zoom,
    )
    renderer = Renderer(trained, recipe)
    layout = open_layout(settings.layout, trained, recipe, requested)
    check_page((width, height), min(len(seeds), columns * rows), recipe.columns, settings.zoom)
    pages: list[Path] = []
    for number, start in enumerate(range(0, len(seeds), columns * rows)):
        chunk = seeds[start : start + columns * rows]
        labels = None if painting else labels_for_seeds(chunk, about.labels, requested, about.label_square > 0)
        cells = cells_of_seeds(chunk, labels, about.labels)
        if layout:
            cells = layout.with_plans(cells)
        images = [renderer.image(cell) for cell in cells]
        page = recipe.model_copy(update={"cells": cells, "columns": min(columns, len(chunk))})
        pages.append(results / f"sheet-{number:03d}.png")
        save_drawn(pages[-1], sheet(images, [cell.caption for cell in cells], page.columns, settings.zoom), page)
        for name, image, cell in zip(file_names(chunk, labels), images, cells, strict=True) if settings.singles else ():
            save_drawn(results / "singles" / name, fromarray(image), recipe.single(cell))
    if maps:
        write_real_maps(maps, (width, height), (columns, rows), settings.zoom, results / "real.png")
    return pages
