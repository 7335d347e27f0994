"""Draw the maps of the demo gallery anew: `pip install -e ".[demo]"`, then `python tools/draw_demo_maps.py`.

dungeongen brings skia, which needs system libraries (on Debian: libgl1 libegl1 libfontconfig1), so this is
done once, here, and the package carries the images. The same seeds give the same bytes: dungeongen takes
ids from `uuid4`, choices from the global `random`, and furniture from `hash()`, so all three are pinned.
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
CELL = 16  # pixels a side of a grid cell
MARGIN = 2  # cells around the dungeon
LARGEST = 60  # cells a side that skia's renderer takes
COLOURS = 32  # flat colours and their soft edges; more only make the files larger
ANOTHER_SEED = 10_000
OPAQUE = 0xFF000000

KINDS = ["CLASSIC", "WARREN", "TEMPLE", "CRYPT", "CAVERN", "FORTRESS", "LAIR"]
SIZES = ["SMALL", "MEDIUM", "LARGE"]
ROUNDS = {"rock": 5, "blueprint": 5, "ink": 2}  # maps of each kind, size and look
LOOKS: dict[str, dict[str, int]] = {
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
    "ink": {},  # dungeongen's own: white paper, black lines, hatched rock
}


@dataclass(frozen=True)
class Plan:
    """One map to draw."""

    number: int
    look: str
    kind: str
    size: str
    turn: int

    @property
    def name(self) -> str:
        """Its file's name without the suffix."""
        return f"{self.look}-{self.kind.lower()}-{self.number:03d}"


def plans() -> Iterator[Plan]:
    """Every kind in every size and look, several times."""
    number = 0
    for look, rounds in ROUNDS.items():
        for turn, size, kind in itertools.product(range(rounds), SIZES, KINDS):
            yield Plan(number, look, kind, size, turn)
            number += 1


def draw(plan: Plan) -> dict[str, str]:
    """Draw one map into the package; returns its entry of `maps.json`."""
    seed = 1000 + plan.number
    while True:
        try:
            image = _render(plan, seed)
            break
        except ValueError:  # the layout grew too large
            seed += ANOTHER_SEED
    file = f"{plan.name}.webp"
    image = image.quantize(COLOURS, dither=0).convert("RGB")
    image.save(DEMO / "maps" / file, "WEBP", lossless=True, quality=100, method=6)
    title = f"{plan.kind.title()} {plan.number}, {plan.size.lower()}, {plan.look}"
    return {"file": file, "title": title, "style": plan.look, "kind": plan.kind.lower()}


def _render(plan: Plan, seed: int) -> Any:
    import skia
    from dungeongen.layout import DungeonArchetype, DungeonGenerator, DungeonSize, GenerationParams
    from dungeongen.map import map as renderer
    from dungeongen.webview.adapter import convert_dungeon
    from PIL import Image

    choices = random.Random(seed)
    random.seed(seed)
    wet = plan.turn % 3 == 1
    params = GenerationParams(
        archetype=DungeonArchetype[plan.kind],
        size=DungeonSize[plan.size],
        density=0.8 if plan.turn % 2 == 0 else 0.5,
        room_size_bias=(0.0, -1.0, 0.8)[(plan.number + plan.turn) % 3],
        round_room_chance=0.2,
        water_enabled=wet,
        water_threshold=0.6 if wet else 0.0,
    )
    with contextlib.ExitStack() as pinned:
        pinned.enter_context(mock.patch("uuid.uuid4", side_effect=lambda: uuid.UUID(int=choices.getrandbits(128))))
        if LOOKS[plan.look]:  # solid rock needs no hatching
            pinned.enter_context(mock.patch.object(renderer, "draw_crosshatches_tiled"))
        dungeon = DungeonGenerator(params).generate(seed=seed)
        left, top, right, bottom = dungeon.bounds
        if max(right - left, bottom - top) > LARGEST:
            raise ValueError(f"{plan.name}: {right - left} x {bottom - top} cells")
        plan_drawn = convert_dungeon(dungeon, water_depth=0.6 if wet else 0.0, show_numbers=False)
        for option, colour in LOOKS[plan.look].items():
            setattr(plan_drawn.options, option, OPAQUE | colour)
        width, height = (int((span + 2 * MARGIN) * CELL) for span in (right - left, bottom - top))
        surface = skia.Surface(width, height)
        placed = skia.Matrix()
        placed.setScale(CELL / 64, CELL / 64)  # dungeongen draws 64 units to a cell
        placed.postTranslate(MARGIN * CELL, MARGIN * CELL)
        plan_drawn.render(surface.getCanvas(), placed)
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
