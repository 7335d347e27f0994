"""PDFs, true to scale: their pages as they say, and a ruler on what poppler makes of them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mapgan.curate.tiling import Lines
from mapgan.errors import MapganError
from mapgan.export.printing import pages_pdf, poster_pdf
from mapgan.export.square_map import SquareMap, into_squares
from mapgan.params import Export

needs_poppler = pytest.mark.skipif(not shutil.which("pdftoppm"), reason="needs pdftoppm (poppler-utils)")
DPI = 100


def chequered(columns: int, rows: int, square: int = 8) -> SquareMap:
    """Black and white squares."""
    y, x = np.mgrid[: rows * square, : columns * square] // square
    return into_squares(Image.fromarray(((x + y) % 2 * 255).astype(np.uint8)).convert("RGB"), Lines(square), "squares")


def paper_sizes(pdf: bytes) -> list[tuple[float, float]]:
    """Width and height of the pages, inches; the first box is the default for pages without one."""
    _, *boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    return [(float(width) / 72, float(height) / 72) for width, height in boxes]


def rastered(pdf: bytes, folder: Path) -> list[NDArray[np.uint8]]:
    """The pages by pdftoppm, grey."""
    (folder / "map.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", str(DPI), "-gray", "map.pdf", "page"], cwd=folder, check=True)
    return [np.asarray(Image.open(path)) for path in sorted(folder.glob("page*.pgm"))]


def borders(line: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Where a line of pixels changes between black and white."""
    return np.flatnonzero(np.diff((line > 127).astype(np.int8)))


@pytest.mark.parametrize(("square", "inches"), [("1in", 1.0), ("25mm", 25 / 25.4)])
def test_a_poster_is_as_large_as_the_map(square: str, inches: float) -> None:
    ((width, height),) = paper_sizes(poster_pdf(chequered(9, 7), "squares", Export(square=square)))  # type: ignore[arg-type]
    assert (width, height) == pytest.approx((9 * inches, 7 * inches), abs=0.01)


@needs_poppler
@pytest.mark.parametrize(("square", "inches"), [("1in", 1.0), ("25mm", 25 / 25.4)])
def test_squares_of_a_poster_measure_what_they_should(tmp_path: Path, square: str, inches: float) -> None:
    (page,) = rastered(poster_pdf(chequered(9, 7), "squares", Export(square=square)), tmp_path)  # type: ignore[arg-type]
    across, down = borders(page[50]), borders(page[:, 50])
    assert (len(across), len(down)) == (8, 6)
    assert np.abs(np.diff(across) - DPI * inches).max() <= 1
    assert np.abs(np.diff(down) - DPI * inches).max() <= 1


@needs_poppler
@pytest.mark.parametrize("paper", ["A4", "A3", "Letter"])
def test_squares_of_pages_measure_an_inch_and_neighbours_overlap(tmp_path: Path, paper: str) -> None:
    settings = Export(paper=paper, overlap=12.7)  # type: ignore[arg-type]
    plan, *pages = rastered(pages_pdf(chequered(18, 12), "squares", settings), tmp_path)
    assert len(pages) >= 2
    assert plan.min() == 0
    for page in pages:
        middle = borders(page[round(12 / 25.4 * DPI) + DPI // 4])
        inner = np.diff(middle)[1:-1]
        assert np.abs(inner - DPI).max() <= 1
    margin = round(12 / 25.4 * DPI)
    first, second = pages[0], pages[1]
    shared = round(12.7 / 25.4 * DPI) - 4
    right = first[:, -margin - shared - 2 : -margin - 2].astype(int)
    left = second[:, margin + 2 : margin + shared + 2].astype(int)
    inside = slice(margin + 5, -margin - 5)
    assert np.abs(right[inside] - left[inside]).mean() < 12  # black against white would be 255


@needs_poppler
def test_pages_have_crop_marks_and_a_grid_only_if_asked(tmp_path: Path) -> None:
    white = into_squares(Image.new("RGB", (80, 80), "white"), Lines(8), "white")
    margin = round(12 / 25.4 * DPI)
    for name, grid in (("plain", "none"), ("squares", "square")):
        (tmp_path / name).mkdir()
        settings = Export(grid=grid, grid_opacity=1.0, paper="A3")  # type: ignore[arg-type]
        page = rastered(pages_pdf(white, "white", settings), tmp_path / name)[1]
        assert page[margin - 20 : margin - 6, margin - 1 : margin + 2].min() < 140  # a mark above the corner
        lines = np.flatnonzero(page[margin + 50, margin + 5 : margin + 995] < 128)
        assert (len(lines) > 0) == (grid == "square")


def test_equal_maps_give_equal_files() -> None:
    assert pages_pdf(chequered(9, 7), "a", Export()) == pages_pdf(chequered(9, 7), "a", Export())


def test_names_outside_of_latin_1_are_written_as_far_as_may_be() -> None:
    assert pages_pdf(chequered(3, 3), "Höhle 🐉 地図", Export()).startswith(b"%PDF")


def test_without_fpdf2_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fpdf", None)
    with pytest.raises(MapganError, match=r'fpdf2 is not installed; pip install "mapgan\[print\]"'):
        pages_pdf(chequered(3, 3), "a", Export())


def test_a_poster_beyond_the_limits_of_pdf_is_refused() -> None:
    with pytest.raises(MapganError, match="export pdf, which is many pages"):
        poster_pdf(chequered(201, 2, square=4), "squares", Export())
