"""The battle grid of a map, from the image alone."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mapgan import rng
from mapgan.collect.demo import __file__ as demo
from mapgan.curate.grid import common_period, find_grid
from mapgan.curate.tiling import Lines

DEMO_MAPS = sorted((Path(demo).parent / "maps").glob("*.webp"))


def drawn(period: float, size: tuple[int, int] = (400, 300), phase: float = 3.0, noise: float = 20.0) -> Image.Image:
    """Grid lines on noise."""
    pixels = 128 + noise * rng.normal(0, "paper", 0, 0, size[0] * size[1]).reshape(size[1], size[0])
    for line in np.arange(phase, size[0], period):
        pixels[:, int(line)] -= 60
    for line in np.arange(phase / 2, size[1], period):
        pixels[int(line)] -= 60
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("period", [10, 16, 22.5, 40, 37.3])
def test_the_period_is_found_to_a_hundredth(period: float) -> None:
    found = find_grid(drawn(period))
    assert found is not None
    assert abs(found.period - period) < 0.01 * period


@pytest.mark.parametrize(("period", "phase"), [(16, 3.0), (25, 20.0), (40, 0.0)])
def test_lines_are_found_to_a_pixel(period: float, phase: float) -> None:
    found = find_grid(drawn(period, phase=phase))
    assert found is not None
    for position, expected in ((found.x, phase), (found.y, phase / 2)):
        apart = (position - int(expected) - 0.5 + period / 2) % period - period / 2  # a line is a pixel wide
        assert abs(apart) <= 1


def test_the_demo_maps_have_squares_of_16_pixels() -> None:
    """As `tools/draw_demo_maps.py` drew them: right within 1 % for 95 % of them."""
    found = [find_grid(Image.open(path)) for path in DEMO_MAPS]
    right = [grid for grid in found if grid is not None and abs(grid.period - 16) < 0.16]
    assert len(right) >= 0.95 * len(DEMO_MAPS)
    phases = np.array([phase for grid in right for phase in (grid.x, grid.y)])
    assert np.mean(np.abs((phases + 8) % 16 - 8) <= 1) >= 0.95  # squares start at the corner of the map


def compressed(seed: int) -> Image.Image:
    """Rough and smooth ground, as a JPEG of low quality."""
    side, coarse, fine = 400, 10, 133
    hills, grain = (
        np.asarray(
            Image.fromarray(
                rng.normal(seed, "ground", 0, 0, cells * cells).reshape(cells, cells).astype(np.float32)
            ).resize((side, side), Image.Resampling.BICUBIC)
        )
        for cells in (coarse, fine)
    )
    pixels = 128 + 30 * hills + 40 * grain * np.clip(hills, 0, None)
    file = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).convert("RGB").save(file, "JPEG", quality=25)
    return Image.open(file)


NOT_GRIDS = {
    "noise": drawn(1000),
    "one frame": drawn(380, phase=10),
    "flat": Image.new("RGB", (300, 300), "white"),
    "too small": drawn(10, (40, 40)),
    "stripes one way": Image.fromarray(np.tile(np.arange(300) % 20 // 10 * 255, (300, 1)).astype(np.uint8)),
}


@pytest.mark.parametrize("image", NOT_GRIDS.values(), ids=NOT_GRIDS)
def test_no_grid_is_claimed_where_there_is_none(image: Image.Image) -> None:
    assert find_grid(image) is None


def test_the_blocks_of_a_jpeg_are_no_grid() -> None:
    assert sum(find_grid(compressed(seed)) is not None for seed in range(20)) <= 1


def test_a_grid_is_found_in_a_jpeg_whose_blocks_it_meets() -> None:
    file = io.BytesIO()
    drawn(16, phase=0.0).convert("RGB").save(file, "JPEG", quality=60)
    found = find_grid(Image.open(file))
    assert found is not None
    assert abs(found.period - 16) < 0.16


def test_a_set_has_a_grid_if_most_of_its_images_have_one() -> None:
    assert common_period([Lines(16), Lines(17), Lines(40), None]) == 17
    assert common_period([Lines(16), None, None]) == 0
    assert common_period([None]) == common_period([]) == 0
