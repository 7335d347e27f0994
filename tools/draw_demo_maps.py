"""Draw the maps of the demo gallery: `pip install -e ".[demo]"`, then `python tools/draw_demo_maps.py`.

dungeongen depends on skia, which needs system libraries (on Debian: libgl1 libegl1 libfontconfig1), so the package
contains the images and this script is only needed to change them. The same seeds give the same bytes: dungeongen gets
ids from `uuid4`, choices from the global `random`, and furniture from `hash()`, so all three are fixed.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

DEMO = Path(__file__).parents[1] / "mapgan" / "collect" / "demo"
CELL = 16  # side of a grid cell, pixels
MARGIN = 2  # around the dungeon, cells
MAX_CELLS = 60  # the longest side that skia's renderer can draw
COLORS = 32  # enough for flat colors and antialiased edges; more only make the files larger
SEED_STEP = 10_000  # to the next seed, if a layout is too large
OPAQUE = 0xFF000000

KINDS = ["CLASSIC", "WARREN", "TEMPLE", "CRYPT", "CAVERN", "FORTRESS", "LAIR"]
SIZES = ["SMALL", "MEDIUM", "LARGE"]
REPEATS = {"rock": 5, "blueprint": 5, "ink": 2}  # maps of each kind and size, by style
STYLES: dict[str, dict[str, int]] = {
    "rock": {
        "crosshatch_background_color": 0x3A3632,
        "crosshatch_shading_color": 0x3A3632,
        "room_color": 0xE9DFC8,
        "room_shadow_color": 0xB9AD94,
        "grid_color": 0xB9AD94,
        "border_color": 0x14110F,
        "prop_fill_color": 0xD8CCB0,
    },
    "blueprint": {
        "crosshatch_background_color": 0x7FB2D6,
        "crosshatch_shading_color": 0x7FB2D6,
        "room_color": 0xF6FAFC,
        "room_shadow_color": 0xF6FAFC,
        "grid_color": 0x7FB2D6,
        "border_color": 0x2B6CA3,
        "prop_outline_color": 0x2B6CA3,
    },
    "ink": {},  # the default of dungeongen: white paper, black lines, hatched rock
}


@dataclass(frozen=True)
class Plan:
    """One map to draw."""

    number: int
    style: str
    kind: str
    size: str
    repeat: int

    @property
    def name(self) -> str:
        """The file name without the suffix."""
        return f"{self.style}-{self.kind.lower()}-{self.number:03d}"


def plans() -> Iterator[Plan]:
    """All kinds in all sizes and styles, several maps of each."""
    number = 0
    for style, repeats in REPEATS.items():
        for repeat, size, kind in itertools.product(range(repeats), SIZES, KINDS):
            yield Plan(number, style, kind, size, repeat)
            number += 1


def draw(plan: Plan) -> dict[str, str]:
    """Draw one map into the package; returns its entry of `maps.json`."""
    seed = 1000 + plan.number
    while True:
        try:
            image = _render(plan, seed)
            break
        except ValueError:  # the layout is too large
            seed += SEED_STEP
    file = f"{plan.name}.webp"
    image = image.quantize(COLORS, dither=0).convert("RGB")
    image.save(DEMO / "maps" / file, "WEBP", lossless=True, quality=100, method=6)
    title = f"{plan.kind.title()} {plan.number}, {plan.size.lower()}, {plan.style}"
    return {"file": file, "title": title, "style": plan.style, "kind": plan.kind.lower()}


def _render(plan: Plan, seed: int) -> Any:
    import skia
    from dungeongen.layout import DungeonArchetype, DungeonGenerator, DungeonSize, GenerationParams
    from dungeongen.map import map as renderer
    from dungeongen.webview.adapter import convert_dungeon
    from PIL import Image

    choices = random.Random(seed)
    random.seed(seed)
    has_water = plan.repeat % 3 == 1
    params = GenerationParams(
        archetype=DungeonArchetype[plan.kind],
        size=DungeonSize[plan.size],
        density=0.8 if plan.repeat % 2 == 0 else 0.5,
        room_size_bias=(0.0, -1.0, 0.8)[(plan.number + plan.repeat) % 3],
        round_room_chance=0.2,
        water_enabled=has_water,
        water_threshold=0.6 if has_water else 0.0,
    )
    with contextlib.ExitStack() as patches:
        patches.enter_context(mock.patch("uuid.uuid4", side_effect=lambda: uuid.UUID(int=choices.getrandbits(128))))
        if STYLES[plan.style]:  # solid rock needs no hatching
            patches.enter_context(mock.patch.object(renderer, "draw_crosshatches_tiled"))
        dungeon = DungeonGenerator(params).generate(seed=seed)
        left, top, right, bottom = dungeon.bounds
        if max(right - left, bottom - top) > MAX_CELLS:
            raise ValueError(f"{plan.name}: {right - left} x {bottom - top} cells")
        drawing = convert_dungeon(dungeon, water_depth=0.6 if has_water else 0.0, show_numbers=False)
        for option, color in STYLES[plan.style].items():
            setattr(drawing.options, option, OPAQUE | color)
        width, height = (int((span + 2 * MARGIN) * CELL) for span in (right - left, bottom - top))
        surface = skia.Surface(width, height)
        transform = skia.Matrix()
        transform.setScale(CELL / 64, CELL / 64)  # a cell of dungeongen has 64 units
        transform.postTranslate(MARGIN * CELL, MARGIN * CELL)
        drawing.render(surface.getCanvas(), transform)
    pixels = surface.makeImageSnapshot().toarray(colorType=skia.kRGBA_8888_ColorType)
    return Image.fromarray(pixels[:, :, :3].copy())


def main() -> None:
    """Draw all maps and write `maps.json`."""
    if os.environ.get("PYTHONHASHSEED") != "0":  # it can only be set before Python starts
        raise SystemExit(subprocess.call([sys.executable, *sys.argv], env={**os.environ, "PYTHONHASHSEED": "0"}))
    for old in (DEMO / "maps").glob("*.webp"):
        old.unlink()
    (DEMO / "maps").mkdir(exist_ok=True)
    with ProcessPoolExecutor() as pool:
        entries = sorted(pool.map(draw, plans()), key=lambda entry: entry["file"])
    (DEMO / "maps.json").write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")
    size = sum(path.stat().st_size for path in (DEMO / "maps").iterdir())
    print(f"{len(entries)} maps, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
