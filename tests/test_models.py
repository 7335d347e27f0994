"""The generators that come with mapgan."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from mapgan.cli import app
from mapgan.models import DEFAULT, model_file, model_names
from mapgan.params import Sample, Walk
from mapgan.params.reading import read_yaml
from mapgan.sampling.recipe import read_recipe
from mapgan.sampling.samples import write_singles
from mapgan.sampling.walk_files import write_walk
from tools.pack_model import draw

MAX_BYTES = 8_000_000
TOLERANCE = 2.0  # mean difference of pixel values: kernels round differently from one CPU to another


@pytest.mark.parametrize("name", model_names())
def test_a_model_draws_what_its_picture_shows(name: str) -> None:
    with Image.open(model_file(name).with_suffix(".webp")) as picture:
        stored = np.asarray(picture.convert("RGB"), np.float64)
    assert np.abs(np.asarray(draw(model_file(name)), np.float64) - stored).mean() < TOLERANCE
    assert stored.std() > 20  # it is not blank


@pytest.mark.parametrize("name", model_names())
def test_a_model_is_small_and_says_how_it_was_made(name: str) -> None:
    assert model_file(name).stat().st_size <= MAX_BYTES
    assert read_yaml(model_file(name).with_suffix(".yaml"))["scrape"]["source"] in ("demo", "folder")
    assert model_file(name).with_suffix(".json").is_file()


def test_seamless_maps_have_a_layout_too(tmp_path: Path) -> None:
    sample = ["sample", "plans", "--seeds", "3", "--sheet", "1x1", "--seamless", "--out", str(tmp_path), "--squares"]
    result = CliRunner().invoke(app, [*sample, "8x8", "--layout", "plans"])
    assert result.exit_code == 0, result.output
    recipe = read_recipe(tmp_path / "singles/seed-000003.png")
    assert np.shape(recipe.cells[0].plan) == (8, 8)
    with Image.open(tmp_path / "singles/seed-000003.png") as image:
        pixels = np.asarray(image, float)
    columns = np.abs(pixels - np.roll(pixels, 1, axis=1)).mean(axis=(0, 2))
    assert columns[0] <= 3 * columns[1:].mean()  # where the map meets itself
    odd = CliRunner().invoke(app, [*sample, "10x6"])
    assert odd.exit_code == 2
    assert "a plan of 10 x 6 squares has a seam; use multiples of" in odd.stderr


def test_plans_follow_a_walk_from_seed_to_seed_but_not_along_a_direction(tmp_path: Path) -> None:
    shared = {"seeds": "3,7", "steps": 3, "squares": "6x6", "film": False}
    write_walk(Walk(kind="linear", alpha=[0.0, 1.0], **shared), model_file("plans"), tmp_path)
    first, middle, last = (cell.plan for cell in read_recipe(tmp_path / "linear.png").cells)
    singles = write_singles(Sample(seeds="3,7", squares="6x6"), model_file("plans"), tmp_path)
    assert [read_recipe(path).cells[0].plan for path in singles] == [first, last]
    assert np.shape(middle) == (6, 6)
    write_walk(Walk(expr="7 - 3 + 3", **shared), model_file("plans"), tmp_path)
    assert read_recipe(tmp_path / "result.png").cells[0].plan == last
    write_walk(Walk(kind="direction", numbers="0", **shared), model_file("plans"), tmp_path)
    recipe = read_recipe(tmp_path / "direction.png")
    assert recipe.plan is not None
    assert recipe.plan.rows == first


def test_sample_without_a_run_takes_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    result = runner.invoke(app, ["sample", "--seeds", "3", "--sheet", "1x1", "--squares", "8x6"])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "samples" / DEFAULT / "sheet-000.png").is_file()
    assert f"\n{DEFAULT}  " in "\n" + runner.invoke(app, ["models"]).output
