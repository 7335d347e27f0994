"""Several themes in one map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from mapgan import networks, stages
from mapgan.cli import app
from mapgan.errors import MapganError
from mapgan.networks.generator_file import load_generator
from mapgan.params import Sample
from mapgan.sampling.again import draw_again
from mapgan.sampling.large import generate_large
from mapgan.sampling.latents import latent
from mapgan.sampling.recipe import read_recipe
from mapgan.sampling.themes import theme_grid, themes_of
from tests.sampling.vivid import vivid


def drawn(generator: Path, out: Path, **settings: object) -> np.ndarray:
    stages.sample(Sample(seeds="4", sheet="1x1", size="320x96", **settings), generator, out)  # type: ignore[arg-type]
    (single,) = (out / "singles").iterdir()
    return np.asarray(Image.open(single).convert("RGB"), np.float64)


def test_a_map_with_themes_is_another_from_side_to_side(tmp_path: Path) -> None:
    generator = vivid(tmp_path / "g.safetensors", "theme")
    one, several = drawn(generator, tmp_path / "a"), drawn(generator, tmp_path / "b", themes="2x1")

    def across(image: np.ndarray) -> float:
        return float(np.abs(image[:, :160].mean((0, 1)) - image[:, 160:].mean((0, 1))).max())

    assert across(several) > 2 * across(one)


@pytest.mark.parametrize("labels", [None, ["cave", "town"]])
def test_it_is_drawn_again_to_the_pixel(tmp_path: Path, labels: list[str] | None) -> None:
    generator = vivid(tmp_path / "g.safetensors", "theme", labels)
    drawn(generator, tmp_path / "out", themes="3x2")
    path = tmp_path / "out" / "sheet-000.png"
    said = draw_again(path, read_recipe(path), generator, tmp_path / "again.png")
    assert said.endswith("again, to the pixel")


def test_windows_are_exact(tmp_path: Path) -> None:
    generator, _ = load_generator(vivid(tmp_path / "g.safetensors", "theme"))
    z = latent(1, networks.resize(generator, 320, 160, seamless=False))[None]
    with themes_of(generator, (3, 2), 1):
        whole, parts = (generate_large(generator, z, size=size) for size in (100, 3))
    assert np.abs(whole.astype(int) - parts.astype(int)).max() <= 1
    assert generator.themes is None


@pytest.mark.parametrize(
    ("size", "grid"), [((128, 128), (1, 1)), ((384, 256), (1, 1)), ((1280, 800), (5, 3)), ((256, 1024), (1, 4))]
)
def test_by_itself_a_theme_is_two_training_images_wide(tmp_path: Path, size: tuple[int, int], grid: object) -> None:
    generator, about = load_generator(vivid(tmp_path / "g.safetensors", "theme"))
    about = about.model_copy(update={"width": 128, "height": 128})
    inner = networks.spatial_generator(generator)
    assert theme_grid("auto", size, about, inner, seamless=False) == grid
    assert theme_grid("auto", size, about, inner, seamless=True) == (1, 1)


@pytest.mark.parametrize("kind", ["spatial", "vector"])
def test_a_generator_without_themes_says_so(tmp_path: Path, kind: str) -> None:
    generator, about = load_generator(vivid(tmp_path / "g.safetensors", kind))
    inner = networks.spatial_generator(generator)
    assert theme_grid("auto", (900, 900), about, inner, seamless=False) == (1, 1)
    with pytest.raises(MapganError, match="--themes: this generator has none; train one with"):
        theme_grid("2x1", (900, 900), about, inner, seamless=False)


def test_a_seamless_map_has_one_theme(tmp_path: Path) -> None:
    generator, about = load_generator(vivid(tmp_path / "g.safetensors", "theme"))
    with pytest.raises(MapganError, match="--themes: a seamless map has one theme"):
        theme_grid("2x1", (320, 320), about, networks.spatial_generator(generator), seamless=True)


@pytest.mark.parametrize("themes", ["", "3", "0x2", "3x", "axb", "1000x2"])
def test_what_is_no_number_of_themes_is_one_line(themes: str) -> None:
    said = CliRunner().invoke(app, ["sample", "plans", "--themes", themes])
    assert (said.exit_code, said.stderr.count("\n")) == (2, 1)
    assert "allowed: columns x rows" in said.stderr
