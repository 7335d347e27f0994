"""Projection: a generator's own map is found again, and its PNG is an operand of walks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from mapgan import networks
from mapgan.cli import app
from mapgan.errors import MapganError
from mapgan.networks.generator_file import About, save_network
from mapgan.params import DcganModern, Project, Sample, Walk
from mapgan.sampling.again import draw_again
from mapgan.sampling.project_files import write_projection
from mapgan.sampling.recipe import Recipe, read_recipe, save_drawn
from mapgan.sampling.render import open_generator, render
from mapgan.sampling.samples import write_samples
from mapgan.sampling.walk_files import write_walk
from tests.sampling.vivid import vivid


def own_map(folder: Path, generator: Path, seed: int) -> Image.Image:
    write_samples(Sample(seeds=str(seed), sheet="1x1", squares="8x4"), generator, folder / "own")
    return Image.open(next((folder / "own/singles").iterdir()))


@pytest.mark.parametrize("labels", [[], ["cave", "town"]], ids=["plain", "labels"])
def test_a_map_of_its_own_is_found_again(tmp_path: Path, labels: list[str]) -> None:
    generator = vivid(tmp_path / "g.safetensors", "spatial", labels)
    image = own_map(tmp_path, generator, 50)
    apart = []
    for steps in (1, 150):
        settings = Project(steps=steps, squares="8x4")
        path, compared, distance = write_projection(settings, generator, image, tmp_path / "p.png")
        found = np.asarray(Image.open(path)).astype(int)
        apart.append(np.abs(found - np.asarray(image)).mean())
        assert distance >= 0
        assert compared.is_file()
    assert apart[1] < 0.7 * apart[0]


def test_where_each_square_has_a_label_any_will_do(tmp_path: Path) -> None:
    narrow = DcganModern(latent=5, generator_channels=4, max_channels=8, last_channels=4)
    generator = networks.build("dcgan-modern", narrow, 64, 64, labels=3, label_square=8).generator
    about = About(network="dcgan-modern", settings=narrow.model_dump(), width=64, height=64, steps=1, seed=0, data="",
                  labels=["door", "floor", "rock"], label_square=8, pixels_per_square=8.0)  # fmt: skip
    save_network(tmp_path / "g.safetensors", generator.state_dict(), about)
    image = Image.new("RGB", (64, 32), "tan")
    path, _, _ = write_projection(
        Project(steps=1, squares="8x4"), tmp_path / "g.safetensors", image, tmp_path / "p.png"
    )
    assert read_recipe(path).cells[0].label == ""
    path, _, _ = write_projection(
        Project(steps=1, squares="8x4", label="rock"), tmp_path / "g.safetensors", image, tmp_path / "p.png"
    )
    assert read_recipe(path).cells[0].label == "rock"


def test_it_is_an_operand_like_any_map_and_is_drawn_again(tmp_path: Path) -> None:
    generator = vivid(tmp_path / "g.safetensors", "theme")
    image = own_map(tmp_path, generator, 50)
    path, _, _ = write_projection(Project(steps=2, squares="8x4"), generator, image, tmp_path / "p.png")
    seed = next((tmp_path / "own/singles").iterdir())
    expr = f'mean(image("{path}"), image("{seed}")) - 7'
    written, _ = write_walk(Walk(expr=expr, squares="8x4"), generator, tmp_path / "walk")
    around = Walk(kind="dimension", around=f'image("{path}")', squares="8x4", film=False, numbers="0")
    written += write_walk(around, generator, tmp_path / "walk")[0]
    for number, drawn in enumerate([path, *written]):
        assert draw_again(drawn, read_recipe(drawn), generator, tmp_path / f"again/{number}.png").endswith("pixel")
    cells = read_recipe(written[0]).cells
    assert cells[3].latent == "50"
    first = render(open_generator(generator), read_recipe(written[0]).single(cells[0]))
    assert np.array_equal(first, Image.open(path))


def test_a_map_that_is_no_operand_is_one_line(tmp_path: Path) -> None:
    generator = vivid(tmp_path / "g.safetensors", "theme")
    own_map(tmp_path, generator, 50)
    seed = next((tmp_path / "own/singles").iterdir())
    write_samples(Sample(seeds="50", sheet="1x1", squares="8x4", truncation=0.5), generator, tmp_path / "own/faint")
    for expr, squares, why in [
        (f'image("{seed}") - 7', "9x4", "walk with --size 64x32"),
        (f'image("{tmp_path / "own/sheet-000.png"}") - 7', "8x4", "not a single map"),
        ('image("none.png")', "8x4", "no such file"),
        (f'image("{tmp_path / "own/faint/singles/seed-000050.png"}")', "8x4", "walk with --truncation 0.5"),
        ("image(7)", "8x4", "is not a latent"),
        ('given("abc")', "8x4", "no such latent is given"),
    ]:
        with pytest.raises(MapganError, match=why):
            write_walk(Walk(expr=expr, squares=squares), generator, tmp_path / "walk")
    vivid(generator, "theme", seed=1)
    with pytest.raises(MapganError, match="drawn by another generator"):
        write_walk(Walk(expr=f'image("{seed}") - 7', squares="8x4"), generator, tmp_path / "walk")


@pytest.mark.parametrize(("numbers", "why"), [("!", "is damaged"), ("AAAA", "is damaged"), ("AAAAAA==", "1 numbers")])
def test_a_latent_that_was_changed_is_one_line(tmp_path: Path, numbers: str, why: str) -> None:
    generator = vivid(tmp_path / "g.safetensors")
    image = own_map(tmp_path, generator, 50)
    path, _, _ = write_projection(Project(steps=1, squares="8x4"), generator, image, tmp_path / "p.png")
    recipe = read_recipe(path)
    changed: Recipe = recipe.model_copy(update={"latents": dict.fromkeys(recipe.latents, numbers)})
    save_drawn(path, Image.open(path), changed)
    with pytest.raises(MapganError, match=why):
        render(open_generator(generator), read_recipe(path))


def test_on_the_command_line(tmp_path: Path) -> None:
    generator = vivid(tmp_path / "g.safetensors")
    Image.new("RGB", (70, 50), (200, 150, 90)).save(tmp_path / "map.webp")
    arguments = ["project", str(tmp_path / "map.webp"), str(generator), "--steps", "2", "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["map-compared.png", "map.png"]
    (tmp_path / "map.webp").write_text("not an image")
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
