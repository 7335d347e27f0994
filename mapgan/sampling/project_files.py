"""A projected image: the map that is nearest to it, and both beside each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps

from mapgan.params import Project
from mapgan.sampling.given import encoded
from mapgan.sampling.labels import ANY, parse_labels
from mapgan.sampling.map_size import map_size
from mapgan.sampling.projection import project
from mapgan.sampling.recipe import Cell, Recipe, save_drawn
from mapgan.sampling.render import Renderer, open_generator, render
from mapgan.sampling.sheet import readable_zoom, save_png, sheet


def write_projection(
    settings: Project, generator: Path, image: Image.Image, path: Path, device: str = "cpu"
) -> tuple[Path, Path, float]:
    """Write the map that is nearest to `image` to `path`, and a sheet of both beside it.

    Returns:
        Both files, and the distance, in units of [-1, 1].

    Raises:
        MapganError: a setting does not suit the generator.
    """
    trained = open_generator(generator, device)
    known, of_squares = trained.about.labels, trained.about.label_square > 0
    requested = parse_labels(settings.label, known, str(generator)) or ([] if of_squares else known)
    label = next(iter(requested), "")
    width, height = map_size(settings, trained.about, trained.spatial)
    cell = Cell(latent="zero", label=label)
    recipe = Recipe(generator=trained.digest, width=width, height=height, cells=[cell])
    wanted = np.array(ImageOps.fit(image.convert("RGB"), (width, height), Image.Resampling.LANCZOS))
    target = torch.from_numpy(wanted).permute(2, 0, 1).float() / 127.5 - 1
    number = [known.index(label)] if label else [ANY] if of_squares else None
    z, distance = project(Renderer(trained, recipe), target, settings.steps, number)
    name, numbers = encoded(z)
    cell = cell.model_copy(update={"latent": f'given("{name}")'})
    recipe = recipe.model_copy(update={"cells": [cell], "latents": {name: numbers}})
    found = render(trained, recipe)
    save_drawn(path, found, recipe)
    compared = path.with_name(f"{path.stem}-compared.png")
    save_png(compared, sheet([wanted, np.asarray(found)], ["given", "projected"], 2, readable_zoom(width)))
    return path, compared, distance
