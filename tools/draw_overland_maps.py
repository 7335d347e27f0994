"""Draw overland maps of sea, woods, mountains and roads, each with the label of every square.

    python -m tools.draw_overland_maps OUT --maps 80

Writes `overland-000.webp`, `overland-000.labels.png` (one pixel per square) and so on, and `labels.legend`. The maps
are made of seeded noise and the stamps in `tools/overland`; the same seeds give the same bytes with the same Pillow.
"""

from __future__ import annotations

import argparse
import io
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from PIL import Image

from mapgan import files
from mapgan.dataset.legend import LABEL_IMAGE, LEGEND
from tools.overland.painting import paint
from tools.overland.terrain import Label, Terrain, generate

COLORS = {
    Label.WATER: "#3060c0",
    Label.SAND: "#e8d080",
    Label.GRASS: "#90c060",
    Label.SWAMP: "#708050",
    Label.WOOD: "#206030",
    Label.HILL: "#b09050",
    Label.MOUNTAIN: "#808080",
    Label.RIVER: "#40b0f0",
    Label.ROAD: "#c07830",
    Label.VILLAGE: "#d03030",
}


def legend() -> str:
    """The content of `labels.legend`: a color and a label per line."""
    return "".join(f"{color} {label.name.lower()}\n" for label, color in COLORS.items())


def picture_bytes(terrain: Terrain) -> bytes:
    """The map as lossless WebP."""
    content = io.BytesIO()
    paint(terrain).save(content, "WEBP", lossless=True, quality=100, method=6)
    return content.getvalue()


def label_bytes(terrain: Terrain) -> bytes:
    """The label map as PNG, one pixel per square."""
    picture = Image.fromarray(terrain.labels.astype("uint8")).convert("P")
    picture.putpalette(b"".join(bytes.fromhex(COLORS[label][1:]) for label in Label))
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


def draw(out: Path, seed: int) -> int:
    """Write one map and its labels; returns the bytes of the map."""
    terrain = generate(seed)
    content = picture_bytes(terrain)
    files.write_bytes(out / f"overland-{seed:03d}.webp", content)
    files.write_bytes(out / f"overland-{seed:03d}{LABEL_IMAGE}", label_bytes(terrain))
    return len(content)


def main() -> None:
    """Draw all maps."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--maps", type=int, default=80, help="how many (default: 80)")
    parser.add_argument("--first-seed", type=int, default=0, help="the seed and number of the first map (default: 0)")
    parser.add_argument("--workers", type=int, help="processes (default: one per core)")
    arguments = parser.parse_args()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.maps)
    files.write_text(arguments.out / LEGEND, legend())
    with ProcessPoolExecutor(arguments.workers) as pool:
        sizes = list(pool.map(draw, [arguments.out] * len(seeds), seeds))
    print(f"{len(sizes)} maps, {sum(sizes) / 1e6:.1f} MB, the largest {max(sizes) / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
