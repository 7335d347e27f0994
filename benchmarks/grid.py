"""How often the battle grid of a map is found, and claimed where there is none.

    python benchmarks/grid.py --without wesnoth=FOLDER --other crawl=FOLDER

The demo maps have squares of 16 pixels, at the map's corner. Maps in folders `--without` a grid show false claims; of
`--other` folders, the number of maps with a grid is counted.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

from PIL import Image
from tables import Row, number, table, word

from mapgan import files
from mapgan.collect.demo import __file__ as demo
from mapgan.curate.grid import find_grid
from mapgan.curate.tiling import Lines

RESULTS = Path(__file__).parent / "results" / "grid.md"
SQUARE = 16  # pixels, of the demo maps


def main() -> None:
    """Measure all folders, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--without", "--other"):
        parser.add_argument(name, nargs="*", default=[], metavar="NAME=FOLDER")
    options = parser.parse_args()
    rows = [measure("demo maps", (Path(demo).parent / "maps").glob("*.webp"), "16 px within 1 %", is_right)]
    for folders, what, counts in (
        (options.without, "claimed where there is none", lambda grid: True),
        (options.other, "found", lambda grid: True),
    ):
        for name, folder in (pair.split("=", 1) for pair in folders):
            rows.append(measure(name, Path(folder).rglob("*.*"), what, counts))
    columns = [("maps", word("name")), ("number", word("count")), ("", word("what")), ("%", number("percent", ".1f"))]
    files.write_text(RESULTS, "# The battle grid, from the image alone\n\n" + table(rows, columns) + "\n")
    print(RESULTS)


def is_right(grid: Lines) -> bool:
    """Whether the period is that of the demo maps."""
    return abs(grid.period - SQUARE) < 0.01 * SQUARE


def measure(name: str, paths: Iterable[Path], what: str, counts: Callable[[Lines], bool]) -> Row:
    """A row of the table."""
    images = sorted(path for path in paths if path.suffix in {".jpg", ".png", ".webp"})
    grids = [find_grid(Image.open(path)) for path in images]
    found = sum(grid is not None and counts(grid) for grid in grids)
    return {"name": name, "count": len(images), "what": what, "percent": 100 * found / len(images)}


if __name__ == "__main__":
    main()
