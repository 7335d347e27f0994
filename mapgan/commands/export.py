"""`mapgan export IMAGE`: maps for virtual tabletops and for print."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mapgan.commands.run_files import generator_of
from mapgan.errors import MapganError
from mapgan.export.export import ROLL20, WALLED, MapExport
from mapgan.export.square_map import open_map
from mapgan.params import load
from mapgan.params.exporting import parse_formats

PRINTED = {"pdf", "poster"}
SIDES = ("left", "top", "right", "bottom")


def export(images: Sequence[Path], run: Path | None, out: Path, options: dict[str, Any]) -> str:
    """Export maps, and say what was written and what a user should know of it.

    Args:
        images: files.
        run: the run or generator that drew them, for the pixels per square; None if it is not known.
        out: folder for the files.
        options: settings of the section `export`.

    Raises:
        MapganError: an option is wrong, or an image cannot be exported.
    """
    settings = load(options={"export": options}).export
    names = [image.stem for image in images]
    if twice := {name for name in names if names.count(name) > 1}:
        raise MapganError(f"{min(twice)}: several images of this name", "export them into folders of their own")
    square = settings.pixels_per_square or (_square_of(generator_of(run)) if run else 0.0)
    lines: list[str] = []
    for image in images:
        job = MapExport(open_map(image, square), image.stem, out, settings)
        written = job.write()
        lines += [_scale(job), *_walls(job), *(f"  {path}" for path in written)]
    return "\n".join(lines)


def _square_of(generator: Path) -> float:
    """Pixels per square of the maps that a generator draws."""
    from mapgan.networks.generator_file import load_generator  # late: torch

    square = load_generator(generator)[1].pixels_per_square
    if not square:
        raise MapganError(f"{generator}: was trained on maps without a common grid", "say --pixels-per-square")
    return square


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
    return [f"  {segments} wall segments and {len(job.walls.doors)} doors; check them on {job.name}-walls.png"]
