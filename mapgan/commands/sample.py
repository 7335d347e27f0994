"""`mapgan sample RUN`: sheets and single images from a trained generator, new or again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mapgan import stages
from mapgan.commands.run_files import generator_of, layout_of, results_of
from mapgan.commands.seed_list import seeds_from
from mapgan.errors import MapganError
from mapgan.files import sha256_file
from mapgan.models import FOLDER, model_file, model_names
from mapgan.params import load
from mapgan.training.device.device import find_device


def sample(run: Path, out: Path | None, device: str, options: dict[str, Any]) -> str:
    """Generate images with the generator of `run`.

    Args:
        run: a run's folder, or a generator's file.
        out: where the images go; None for `results/samples` beside the generator.
        device: auto, cpu, cuda or mps.
        options: settings of the section `sample`.

    Raises:
        MapganError: an option is wrong, or there is no such generator.
    """
    options = options | {"seeds": seeds_from(options["seeds"]), "layout": layout_of(options["layout"])}
    params = load(options={"sample": options, "machine": {"device": device}})
    generator = generator_of(run)
    out = out or results_of(generator, "samples")
    return stages.sample(params.sample, generator, out, str(find_device(params.machine)))


def sample_again(run: Path, png: Path, out: Path | None, device: str) -> str:
    """Draw an image of mapgan's again, from what its text chunks say.

    Args:
        run: a run's folder, or a generator's file; of those that come with mapgan, the right one is found.
        png: the image.
        out: a folder; None for `results/samples/again` beside the generator.
        device: auto, cpu, cuda or mps.

    Raises:
        MapganError: the image is not mapgan's, or `run` is not what drew it.
    """
    from mapgan.sampling.again import draw_again
    from mapgan.sampling.recipe import read_recipe

    recipe, generator = read_recipe(png), generator_of(run)
    if generator.parent == FOLDER:
        known = {sha256_file(model_file(name)): model_file(name) for name in model_names()}
        generator = known.get(recipe.generator, generator)
    if generator.is_file() and sha256_file(generator) != recipe.generator:
        raise MapganError(
            f"{png}: drawn by another generator than {generator}", f"name the one with the SHA-256 {recipe.generator}"
        )
    found = find_device(load(options={"machine": {"device": device}}).machine)
    target = (out or results_of(generator, "samples") / "again") / png.name
    return draw_again(png, recipe, generator, target, str(found))
