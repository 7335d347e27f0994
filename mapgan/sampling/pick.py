"""The best maps of many seeds, unlike each other."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mapgan.errors import MapganError
from mapgan.networks.generator_file import About
from mapgan.params import Pick
from mapgan.params.parsing import parse_seeds
from mapgan.progress import Bar
from mapgan.sampling.diversity import thumbnail
from mapgan.sampling.generate import Pixels
from mapgan.sampling.labels import ANY, labels_for_seeds, parse_labels
from mapgan.sampling.layout import Layout, open_layout
from mapgan.sampling.map_size import map_size
from mapgan.sampling.measures import Critic, edge_density
from mapgan.sampling.recipe import Cell, Recipe, cells_of_seeds
from mapgan.sampling.render import Renderer, TrainedGenerator, open_generator, render
from mapgan.sampling.sheet import check_page, readable_zoom
from mapgan.sampling.unlike import farthest

Measure = Callable[[Pixels, str], float]  # of an image and its label


@dataclass(frozen=True)
class Picked:
    """What was picked, best first.

    Args:
        seeds: their seeds.
        scores: their measure.
        by: its name.
        recipe: of their sheet.
        sheet: their sheet.
    """

    seeds: list[int]
    scores: list[float]
    by: str
    recipe: Recipe
    sheet: Image.Image


def pick(settings: Pick, generator: Path, discriminator: Path, device: str = "cpu") -> Picked:
    """Draw the maps of all seeds, and of the best pick those that are unlike each other.

    Args:
        settings: the section `pick`.
        generator: its file.
        discriminator: a file that need not exist.
        device: where both run.

    Raises:
        MapganError: a setting does not suit the generator, or there are fewer seeds than are to be picked.
    """
    trained = open_generator(generator, device)
    requested = parse_labels(settings.label, trained.about.labels, str(trained.path))
    cells = _cells(settings, trained.about, requested)
    width, height = map_size(settings, trained.about, trained.spatial)
    recipe = Recipe(
        generator=trained.digest,
        width=width,
        height=height,
        seamless=settings.seamless,
        truncation=settings.truncation,
        cells=cells[:1],
        columns=min(settings.columns, settings.top),
        zoom=readable_zoom(width),
    )
    layout = open_layout("", trained, recipe, requested)
    check_page((width, height), settings.top, recipe.columns, recipe.zoom)
    by = ("logit" if discriminator.is_file() else "edges") if settings.by == "auto" else settings.by
    measure = _logit(discriminator, device, trained, recipe) if by == "logit" else lambda image, _: edge_density(image)
    scores, thumbnails = _measured(Renderer(trained, recipe), layout, cells, measure)
    best = sorted(range(len(cells)), key=lambda number: -scores[number])
    best = best[: max(settings.top, math.ceil(settings.keep * len(cells)))]
    places = sorted(farthest(np.stack([thumbnails[number] for number in best]), settings.top))
    chosen = [best[place] for place in places]
    picked = [cells[number] for number in chosen]
    recipe = recipe.model_copy(update={"cells": layout.with_plans(picked) if layout else picked})
    seeds, found = [int(cell.latent) for cell in picked], [scores[number] for number in chosen]
    return Picked(seeds, found, by, recipe, render(trained, recipe))


def _cells(settings: Pick, about: About, requested: list[str]) -> list[Cell]:
    seeds = list(dict.fromkeys(parse_seeds(settings.seeds)))
    if settings.top > len(seeds):
        raise MapganError(f"--top {settings.top}: there are {len(seeds)} seeds", "name more --seeds")
    labels = labels_for_seeds(seeds, about.labels, requested, about.label_square > 0)
    return cells_of_seeds(seeds, labels, about.labels)


def _logit(discriminator: Path, device: str, trained: TrainedGenerator, recipe: Recipe) -> Measure:
    critic, known = Critic(discriminator, device), trained.about.labels
    critic.check(trained.about, (recipe.width, recipe.height))
    unknown = ANY if trained.about.label_square else None
    return lambda image, label: critic.logit(image, known.index(label) if label else unknown)


def _measured(
    renderer: Renderer, layout: Layout | None, cells: list[Cell], measure: Measure
) -> tuple[list[float], list[np.ndarray]]:
    """The measure and a thumbnail, flat, of each cell's image; the images themselves would fill the memory."""
    scores, thumbnails = [], []
    with Bar("pick", total=len(cells)) as bar:
        for cell in cells:
            image = renderer.image(layout.with_plans([cell])[0] if layout else cell)
            scores.append(measure(image, cell.label))
            thumbnails.append(thumbnail(image).ravel())
            bar.advance()
    return scores, thumbnails
