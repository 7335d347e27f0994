"""Label images for the demo maps in the style rock: which squares are rock, floor, rubble or a door.

    python -m tools.label_demo_maps OUT
    mapgan train OUT --set dataset.condition=map

Writes each map as PNG with its label image beside it, a pixel for each square of 16 pixels, and `labels.legend`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mapgan import files
from mapgan.collect.demo import packaged
from mapgan.dataset.legend import LABEL_IMAGE, LEGEND

CELL = 16  # side of a square, pixels
COLORS = {"rock": (62, 57, 52), "floor": (235, 222, 200), "rubble": (64, 112, 208), "door": (208, 64, 32)}
LIGHT = 130  # grey value of floor and rubble, above that of rock
GREY = 25  # difference of red and blue below which a light pixel is rubble, above it floor


def main() -> None:
    """Write the images and their labels."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    maps = [path for path in (packaged() / "maps").iterdir() if path.name.startswith("rock-")]
    for path in sorted(maps, key=lambda path: path.name):
        with path.open("rb") as stream, Image.open(stream) as image:
            pixels = np.asarray(image.convert("RGB"))
        name = path.name.removesuffix(".webp")
        Image.fromarray(pixels).save(out / f"{name}.png")
        colors = np.array(list(COLORS.values()), np.uint8)
        Image.fromarray(colors[label_squares(pixels)]).save(out / f"{name}{LABEL_IMAGE}")
    lines = [f"#{red:02x}{green:02x}{blue:02x} {name}" for name, (red, green, blue) in COLORS.items()]
    files.write_text(out / LEGEND, "\n".join(lines) + "\n")


def label_squares(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The index in `COLORS` of each square of a map, `[H, W, 3]`: `[H / CELL, W / CELL]`.

    A door narrows a corridor: its square is partly dark, has floor on two opposite sides, and rock on the others.
    """
    red, blue = pixels[..., 0].astype(int), pixels[..., 2].astype(int)
    light = _share(pixels.mean(axis=2) > LIGHT)
    rubble = _share((pixels.mean(axis=2) > LIGHT) & (red - blue < GREY))
    open_square = light > 0.5
    north, south, west, east = _neighbours(open_square)
    passage = (north & south & ~west & ~east) | (west & east & ~north & ~south)
    door = passage & (light > 0.2) & (light < 0.75)
    return np.select([door, open_square & (rubble > light / 2), open_square], [3, 2, 1], 0)


def _share(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The fraction of each square that is in `mask`, `[H, W]`."""
    height, width = mask.shape
    squares: NDArray[np.float64] = mask.reshape(height // CELL, CELL, width // CELL, CELL).mean(axis=(1, 3))
    return squares


def _neighbours(squares: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """For each square the one to its north, south, west and east; False beyond the map."""
    wide = np.pad(squares, 1)
    return [wide[:-2, 1:-1], wide[2:, 1:-1], wide[1:-1, :-2], wide[1:-1, 2:]]


if __name__ == "__main__":
    main()
