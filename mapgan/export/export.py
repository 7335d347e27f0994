"""One map in all the formats that are asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from PIL import Image

from mapgan import files
from mapgan.export import foundry
from mapgan.export.grid_lines import grid_overlay, with_grid
from mapgan.export.pictures import encoded, for_roll20
from mapgan.export.plan_walls import LabelPlan, plan_walls
from mapgan.export.printing import INCH, SQUARES, pages_pdf, poster_pdf
from mapgan.export.square_map import SquareMap
from mapgan.export.universal_vtt import universal_vtt
from mapgan.export.wall_picture import draw_walls
from mapgan.export.walls import NO_WALLS, Walls, trace_walls
from mapgan.params import Export
from mapgan.params.exporting import parse_formats

ROLL20, RESOLUTION = 70, 100  # pixels per square: Roll20's own, and Foundry's
WALLED = {"vtt", "foundry"}  # formats with walls


@dataclass(frozen=True)
class MapExport:
    """A map, and where its files go.

    Args:
        drawing: the map.
        name: of its files, without suffix.
        out: folder.
        settings: what is asked for.
        plan: by which it was painted, if it is known.
    """

    drawing: SquareMap
    name: str
    out: Path
    settings: Export
    plan: LabelPlan | None = None

    def write(self) -> list[Path]:
        """Write all formats.

        Returns:
            The files, in the order of `settings.to`; of a Foundry module its folder.

        Raises:
            MapganError: a format cannot hold this map.
        """
        writers: dict[str, Callable[[], list[Path]]] = {
            "vtt": self._vtt,
            "foundry": self._foundry,
            "roll20": self._roll20,
            "pdf": lambda: [self._file("-pages.pdf", pages_pdf(self.drawing, self.name, self.settings))],
            "poster": lambda: [self._file("-poster.pdf", poster_pdf(self.drawing, self.name, self.settings))],
        }
        written: list[Path] = []
        for kind in parse_formats(self.settings.to):
            written += writers[kind]() if kind in writers else self._image(kind)
        if self.walls and WALLED & set(parse_formats(self.settings.to)):
            square = self.resolution
            written.append(self._file("-walls.png", encoded(draw_walls(self.drawing, self.walls), "png", square)))
        return list(dict.fromkeys(written))

    @cached_property
    def walls(self) -> Walls | None:
        """The walls, or None if there are none to trace, or they are not wanted."""
        settings = self.settings
        if not settings.walls:
            return None
        if self.planned_walls is not None:
            return self.planned_walls
        return trace_walls(self.drawing, settings.ground, settings.snap, settings.doors)

    @cached_property
    def planned_walls(self) -> Walls | None:
        """The walls by the plan, or None if there is none that says where they are."""
        if self.plan is None:
            return None
        rock = [name.strip() for name in self.settings.rock.split(",")]
        return plan_walls(self.plan, self.drawing, rock, self.settings.doors)

    @property
    def resolution(self) -> int:
        """Pixels per square, but for Roll20."""
        return self.settings.resolution or RESOLUTION

    def _vtt(self) -> list[Path]:
        image = encoded(self._picture(self.resolution), "png", self._dpi(self.resolution))
        size = self.drawing.columns, self.drawing.rows
        content = universal_vtt(image, *size, self.resolution, self.walls or NO_WALLS)
        return [self._file(".dd2vtt", files.canonical_json(content).encode())]

    def _foundry(self) -> list[Path]:
        module = self.out / foundry.module_id(self.name)
        image = encoded(self._picture(self.resolution), "webp", self._dpi(self.resolution))
        size, walls = (self.drawing.columns, self.drawing.rows), self.walls or NO_WALLS
        files.write_bytes(module / foundry.IMAGE, image)
        scene = foundry.scene(self.name, *size, self.resolution, walls, self.settings)
        files.write_text(module / foundry.SCENE, json.dumps(scene, ensure_ascii=False) + "\n")
        files.write_text(module / "README.md", foundry.readme(self.name, *size, walls))
        files.write_json(module / "module.json", foundry.manifest(self.name))
        return [module]

    def _roll20(self) -> list[Path]:
        square = self.settings.resolution or ROLL20
        suffix, content = for_roll20(self._picture(square), self._dpi(square))
        return [self._file(f"-roll20{suffix}", content), *self._grid_file(square, "-roll20")]

    def _image(self, kind: str) -> list[Path]:
        square = self.resolution
        content = encoded(self._picture(square), kind, self._dpi(square))
        return [self._file(f"-{square}px.{kind}", content), *self._grid_file(square, f"-{square}px")]

    def _grid_file(self, square: int, ending: str) -> list[Path]:
        """The grid as an image of its own, if one is wanted and not in the map's."""
        if self.settings.grid == "none" or self.settings.burn_grid:
            return []
        overlay = grid_overlay(self.settings, self.drawing.columns, self.drawing.rows, square)
        return [self._file(f"{ending}-grid.png", encoded(overlay, "png", self._dpi(square)))]

    def _picture(self, square: int) -> Image.Image:
        picture = self.drawing.resized(square)
        if self.settings.grid == "none" or not self.settings.burn_grid:
            return picture
        return with_grid(picture, self.settings, self.drawing.columns, self.drawing.rows, square)

    def _dpi(self, square: int) -> float:
        """Dots per inch at which an image of `square` pixels per square prints true to scale."""
        return square * INCH / SQUARES[self.settings.square]

    def _file(self, ending: str, content: bytes) -> Path:
        path = self.out / f"{self.name}{ending}"
        files.write_bytes(path, content)
        return path
