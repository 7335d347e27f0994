"""Images drawn again from their own text chunks, to the pixel."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from mapgan import __version__, files, stages
from mapgan.errors import MapganError
from mapgan.params import Pick, Sample, Walk
from mapgan.sampling.again import draw_again
from mapgan.sampling.pick import pick
from mapgan.sampling.recipe import KEY, read_recipe, save_drawn
from mapgan.sampling.walk_files import write_walk
from tests.sampling.vivid import KINDS, vivid


def again(path: Path, generator: Path) -> str:
    return draw_again(path, read_recipe(path), generator, path.parent / "again" / path.name)


def all_again(folder: Path, generator: Path) -> int:
    pictures = sorted(folder.rglob("*.png"))
    for path in pictures:
        assert again(path, generator).endswith("again, to the pixel"), path
        copy = path.parent / "again" / path.name
        assert read_recipe(copy) == read_recipe(path)
    return len(pictures)


@pytest.mark.parametrize("kind", KINDS)
def test_sheets_and_single_images(tmp_path: Path, kind: str) -> None:
    generator = vivid(tmp_path / "g.safetensors", kind, ["cave", "town"])
    stages.sample(Sample(seeds="2,3,9", sheet="2x1", truncation=0.8), generator, tmp_path / "out")
    assert all_again(tmp_path / "out", generator) == 5


@pytest.mark.parametrize(
    "options", [{"size": "160x80", "seamless": True}, {"reroll": "3,2", "around": 1, "attempt": 5}]
)
def test_whatever_was_asked_for(tmp_path: Path, options: dict[str, object]) -> None:
    generator = vivid(tmp_path / "g.safetensors")
    stages.sample(Sample(seeds="7", sheet="1x1", **options), generator, tmp_path / "out")  # type: ignore[arg-type]
    assert all_again(tmp_path / "out", generator) == 2


def test_a_painted_plan_needs_no_plan_file(tmp_path: Path) -> None:
    generator = vivid(tmp_path / "g.safetensors", "theme", ["cave", "town"])
    (tmp_path / "plan.txt").write_text("##~~~\n#~~~~\n##~##\n")
    (tmp_path / "plan.legend").write_text("# cave\n~ town\n")
    settings = Sample(seeds="7", sheet="1x1", plan=str(tmp_path / "plan.txt"))
    stages.sample(settings, generator, tmp_path / "out")
    (tmp_path / "plan.txt").unlink()
    assert all_again(tmp_path / "out", generator) == 2


def test_walks_and_picks(tmp_path: Path) -> None:
    generator = vivid(tmp_path / "g.safetensors", "theme", ["cave", "town"])
    write_walk(Walk(kind="direction", film=False, truncation=0.9), generator, tmp_path / "out")
    write_walk(Walk(expr="1 - mean(2, 3)", seamless=True, size="64x32"), generator, tmp_path / "out")
    picked = pick(Pick(seeds="0-9", top=4), generator, tmp_path / "none")
    save_drawn(tmp_path / "out/picked.png", picked.sheet, picked.recipe)
    assert all_again(tmp_path / "out", generator) == 4


def test_the_chunks_say_what_made_it(tmp_path: Path) -> None:
    generator = vivid(tmp_path / "g.safetensors", labels=["cave", "town"])
    stages.sample(Sample(seeds="7", sheet="1x1", squares="5x3", truncation=0.5), generator, tmp_path)
    with Image.open(tmp_path / "singles/seed-000007-label-1.png") as image:
        assert image.info["Software"] == f"mapgan {__version__}"
        told = json.loads(image.info[KEY])
    assert told["generator"] == files.sha256_file(generator)
    assert told["cells"] == [{"latent": "7", "label": "town", "caption": "7 town"}]
    assert (told["width"], told["height"], told["truncation"], told["version"]) == (40, 24, 0.5, __version__)


def test_an_image_that_was_changed_is_told_apart(tmp_path: Path) -> None:
    generator = vivid(tmp_path / "g.safetensors")
    stages.sample(Sample(seeds="7", sheet="1x1", size=""), generator, tmp_path)
    path = tmp_path / "singles/seed-000007.png"
    recipe = read_recipe(path)
    pixels = np.array(Image.open(path))
    pixels[3, :4] ^= 255
    save_drawn(path, Image.fromarray(pixels), recipe)
    assert "differs from" in again(path, generator)
    assert "0.42 % of its pixels" in again(path, generator)
    save_drawn(path, Image.fromarray(pixels[:9]), recipe)
    assert "another size" in again(path, generator)
    with pytest.raises(MapganError, match="the image itself would be replaced"):
        draw_again(path, recipe, generator, path)


def with_text(path: Path, text: str) -> Path:
    info = PngInfo()
    info.add_text(KEY, text)
    Image.new("RGB", (40, 24)).save(path, pnginfo=info)
    return path


def test_what_has_no_recipe_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("not a picture")
    Image.new("RGB", (8, 8)).save(tmp_path / "other.png")
    for name, why in {
        "none.png": "no such file",
        "text.png": "not a PNG, or damaged",
        "other.png": "does not say what drew it",
    }.items():
        with pytest.raises(MapganError, match=why):
            read_recipe(tmp_path / name)
    for text in ("{}", "[" * 5000, '{"format": 2}', "nonsense"):
        with pytest.raises(MapganError, match="of another version of mapgan, or damaged"):
            read_recipe(with_text(tmp_path / "bad.png", text))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"cells": [{"latent": "__import__('os')"}]}, "is not a latent"),
        ({"cells": [{"latent": "7", "label": "swamp"}]}, "this generator has no labels"),
        ({"cells": [{"latent": "7"}] * 9000, "columns": 90, "width": 9000, "height": 9000}, "a sheet of 9000 images"),
        ({"plan": {"rows": [[0, 1], [0]], "square": 8.0}}, "does not fit this generator"),
        ({"plan": {"rows": [[7]], "square": 8.0}}, "does not fit this generator"),
        ({"reroll": "1,1", "cells": [{"latent": "1 + 2"}]}, "squares of a seed's map"),
    ],
)
def test_a_recipe_of_somebody_else_is_not_trusted(tmp_path: Path, changes: dict[str, object], why: str) -> None:
    generator = vivid(tmp_path / "g.safetensors")
    recipe = {"generator": files.sha256_file(generator), "width": 40, "height": 24, "cells": [{"latent": "7"}]}
    path = with_text(tmp_path / "theirs.png", json.dumps(recipe | changes))
    with pytest.raises(MapganError, match=why):
        again(path, generator)
