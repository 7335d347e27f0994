"""`mapgan pick RUN`: the best maps of many seeds, unlike each other."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mapgan import files
from mapgan.commands.run_files import generator_of, results_of
from mapgan.commands.seed_list import seeds_from
from mapgan.params import load
from mapgan.training.checkpoints.finetune import DISCRIMINATOR
from mapgan.training.device.device import find_device

if TYPE_CHECKING:
    from mapgan.sampling.recipe import Recipe


def pick(run: Path, out: Path | None, device: str, options: dict[str, Any]) -> str:
    """Pick the best maps of the generator of `run`: `picked.txt` and `picked.png`.

    Args:
        run: a run's folder, or a generator's file.
        out: where they go; None for `results/picked` beside the generator.
        device: auto, cpu, cuda or mps.
        options: settings of the section `pick`.

    Raises:
        MapganError: an option is wrong, or there is no such generator.
    """
    from mapgan.sampling.pick import pick
    from mapgan.sampling.recipe import save_drawn

    options = options | {"seeds": seeds_from(options["seeds"])}
    params = load(options={"pick": options, "machine": {"device": device}})
    generator = generator_of(run)
    results = out or results_of(generator, "picked")
    discriminator = generator.with_name(DISCRIMINATOR)
    picked = pick(params.pick, generator, discriminator, str(find_device(params.machine)))
    save_drawn(results / "picked.png", picked.sheet, picked.recipe)
    command = _sample_command(run, results / "picked.txt", picked.recipe, params.pick.label)
    header = f"# the best by {picked.by}, unlike each other; the generator has the SHA-256 {picked.recipe.generator}"
    lines = [f"{seed}\t{picked.by} {score:.4g}" for seed, score in zip(picked.seeds, picked.scores, strict=True)]
    files.write_text(results / "picked.txt", "\n".join([header, f"# {command}", *lines]) + "\n")
    return f"the best by {picked.by} are in {results / 'picked.png'}; to draw them: {command}"


def _sample_command(run: Path, seeds: Path, recipe: Recipe, label: str) -> str:
    """The command that draws them: with a spatial latent, a seed gives another map at another size."""
    words = ["mapgan", "sample", str(run), "--seeds", f"@{seeds}", "--size", f"{recipe.width}x{recipe.height}"]
    words += ["--truncation", f"{recipe.truncation:g}"] if recipe.truncation != 1 else []
    words += ["--seamless"] if recipe.seamless else []
    words += ["--label", label] if label else []
    return shlex.join(words)
