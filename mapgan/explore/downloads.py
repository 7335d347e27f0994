"""What can be downloaded: the map as PNG, for tabletops, and for print."""

from __future__ import annotations

import tempfile
from pathlib import Path

from mapgan.curate.tiling import Lines
from mapgan.explore.scene_renderer import RenderedMap
from mapgan.export.export import MapExport
from mapgan.export.plan_walls import plan_of_recipe
from mapgan.export.square_map import into_squares
from mapgan.params import Export
from mapgan.sampling.recipe import save_drawn


def write_download(kind: str, drawn: RenderedMap, square: float, name: str, folder: Path, grid: bool) -> Path:
    """Write a map to a file in `folder`.

    Args:
        kind: png (with its recipe, for `mapgan sample --like`), vtt or pdf.
        drawn: the map.
        square: pixels per square.
        name: of the file, without suffix.
        folder: in which the file gets a folder of its own, as several users may download at once.
        grid: whether a pdf shows the grid.

    Raises:
        MapganError: the format cannot hold this map.
    """
    folder = Path(tempfile.mkdtemp(dir=folder))
    if kind == "png":
        path = folder / f"{name}.png"
        save_drawn(path, drawn.image, drawn.recipe)
        return path
    settings = Export(to=kind, grid="square" if grid else "none")
    drawing = into_squares(drawn.image, Lines(square), "the map")
    return MapExport(drawing, name, folder, settings, plan_of_recipe(drawn.recipe)).write()[0]
