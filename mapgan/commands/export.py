"""`mapgan export IMAGE`: maps for virtual tabletops and for print."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mapgan.commands.run_files import generator_of
from mapgan.commands.seed_list import seeds_from
from mapgan.errors import MapganError
from mapgan.export.export import ROLL20, WALLED, MapExport
from mapgan.export.plan_walls import LabelPlan, plan_of_recipe, read_label_plan
from mapgan.export.square_map import open_map
from mapgan.params import Export, load
from mapgan.params.exporting import parse_formats
from mapgan.sampling.recipe import Recipe, find_recipe

PRINTED = {"pdf", "poster"}
SIDES = ("left", "top", "right", "bottom")


def export(
    images: Sequence[Path], run: Path | None, out: Path, options: dict[str, Any], sample: dict[str, Any], device: str
) -> str:
    """Export maps, and say what was written and what a user should know of it.

    Args:
        images: files; or, where there are seeds, the run, generator or model that draws them.
        run: the run or generator that drew the images, for the pixels per square; None if it is not known.
        out: folder for the files.
        options: settings of the section `export`.
        sample: settings of the section `sample`: `seeds`, and what they are drawn with. Without seeds only `plan` and
            `legend`, by which the images were painted; empty for what they say themselves.
        device: auto, cpu, cuda or mps.

    Raises:
        MapganError: an option is wrong, or an image cannot be exported.
    """
    if sample["seeds"]:
        if run:
            raise MapganError("--run: says what drew images", "with --seeds, name the run in their place")
        return _export_seeds(images, out, options, sample, device)
    for name, usual in {"squares": "", "label": "", "truncation": 1.0}.items():
        if sample[name] != usual:
            raise MapganError(f"--{name}: of maps that are drawn", "name their --seeds")
    if sample["legend"] and not sample["plan"]:
        raise MapganError("--legend: of a plan", "name that with --plan")
    return _export_images(images, run, out, options, [Path(sample[key]) for key in ("plan", "legend") if sample[key]])


def _export_images(
    images: Sequence[Path], run: Path | None, out: Path, options: dict[str, Any], plan: Sequence[Path]
) -> str:
    settings = load(options={"export": options}).export
    names = [image.stem for image in images]
    if twice := {name for name in names if names.count(name) > 1}:
        raise MapganError(f"{min(twice)}: several images of this name", "export them into folders of their own")
    given = read_label_plan(*plan) if plan else None
    square, labels = _of_generator(generator_of(run), settings) if run else (settings.pixels_per_square, [])
    lines: list[str] = []
    for image in images:
        recipe = find_recipe(image)
        if recipe and recipe.columns:
            raise MapganError(f"{image}: a sheet", "name single maps, such as those in the folder singles beside it")
        drawing = open_map(image, square or _drawn_square(recipe))
        job = MapExport(
            drawing, image.stem, out, settings, given or (plan_of_recipe(recipe, labels) if recipe else None)
        )
        if given and not given.fits(drawing):
            raise MapganError(_misfit(given, job), "name the plan of this map")
        written = job.write()
        lines += [_scale(job), *_walls(job), *(f"  {path}" for path in written)]
    return "\n".join(lines)


def _export_seeds(runs: Sequence[Path], out: Path, options: dict[str, Any], sample: dict[str, Any], device: str) -> str:
    """Draw maps and export them; the drawn images go to `out`, too. No map is kept if one cannot be exported."""
    from mapgan.sampling.samples import write_singles  # late: torch
    from mapgan.training.device.device import find_device

    if len(runs) != 1:
        raise MapganError("--seeds: maps of one run", "name one run, generator or model before it")
    sample = sample | {"seeds": seeds_from(sample["seeds"])}
    params = load(options={"sample": sample, "export": options, "machine": {"device": device}})
    generator = generator_of(runs[0])
    _of_generator(generator, params.export)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".draw-", dir=out) as folder:
        drawn = write_singles(params.sample, generator, Path(folder), str(find_device(params.machine)))
        text = _export_images(drawn, runs[0], out, options, ())
        kept = [path.replace(out / path.name) for path in drawn]
    return "\n".join([text, f"drawn: {kept[0]}" + (f" to {kept[-1].name}" if len(kept) > 1 else "")])


def _of_generator(generator: Path, settings: Export) -> tuple[float, list[str]]:
    """Pixels per square of the maps that a generator draws, unless settings say them, and its labels."""
    from mapgan.networks.generator_file import load_generator  # late: torch

    about = load_generator(generator)[1]
    square = settings.pixels_per_square or about.pixels_per_square
    if not square:
        raise MapganError(f"{generator}: was trained on maps without a common grid", "say --pixels-per-square")
    return square, about.labels


def _drawn_square(recipe: Recipe | None) -> float:
    """Pixels per square of a map that was painted by a plan; 0 if it was not."""
    return recipe.plan.square if recipe and recipe.plan else 0.0


def _misfit(plan: LabelPlan, job: MapExport) -> str:
    rows, columns = plan.rows.shape
    return f"--plan: {columns} x {rows} squares, and {job.name} has {job.drawing.columns} x {job.drawing.rows}"


def _scale(job: MapExport) -> str:
    """The size in squares, what was cut off, and whether the image was enlarged."""
    drawing, settings = job.drawing, job.settings
    square = drawing.pixels_per_square
    line = f"{job.name}: {drawing.columns} x {drawing.rows} squares of {square:.4g} pixels"
    if max(drawing.cut) >= 1:
        sides = [f"{round(cut)} at the {side}" for cut, side in zip(drawing.cut, SIDES, strict=True) if cut >= 0.5]
        line += f", without partial squares ({', '.join(sides)})"
    formats = set(parse_formats(settings.to))
    sizes = {job.resolution} if formats - PRINTED - {"roll20"} else set()
    sizes |= {settings.resolution or ROLL20} if "roll20" in formats else set()
    sizes |= {settings.dpi} if formats & PRINTED else set()
    if max(sizes) > square:
        line += f"; enlarged to {max(sizes)} by Lanczos, which makes it larger, not more detailed"
    return line


def _walls(job: MapExport) -> list[str]:
    """What was traced."""
    if not job.settings.walls or not WALLED & set(parse_formats(job.settings.to)):
        return []
    if job.walls is None:
        return ["  no walls: ground and rock cannot be told apart by their colours"]
    segments = sum(len(line) - 1 for line in job.walls.lines)
    by = " by the plan" if job.planned_walls is not None else ""
    return [f"  {segments} wall segments and {len(job.walls.doors)} doors{by}; check them on {job.name}-walls.png"]
