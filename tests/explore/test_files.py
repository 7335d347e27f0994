"""What the page reads and writes: favourites, plans from images, downloads."""

from __future__ import annotations

import base64
import io
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mapgan.curate.tiling import Lines
from mapgan.errors import MapganError
from mapgan.explore import view
from mapgan.explore.downloads import write_download
from mapgan.explore.favourites import Favourites
from mapgan.explore.plans import plan_of_image
from mapgan.explore.scene import Scene
from mapgan.explore.scene_renderer import SceneRenderer
from mapgan.export.plan_walls import plan_of_recipe, plan_walls
from mapgan.export.square_map import into_squares
from mapgan.export.universal_vtt import universal_vtt
from mapgan.sampling.recipe import read_recipe


def test_favourites_are_there_after_a_restart(tmp_path: Path, renderer: SceneRenderer, scene: Scene) -> None:
    path, drawn = tmp_path / "favourites.json", renderer.draw(scene)
    other = scene.changed(latent="9")
    for one in (scene, other):
        assert Favourites(path).add(one, drawn.recipe.generator, drawn.image)
    assert not Favourites(path).add(scene, drawn.recipe.generator, drawn.image)
    kept = Favourites(path).all()
    assert [one.scene for one in kept] == [other, scene]
    assert Image.open(io.BytesIO(base64.b64decode(kept[0].thumbnail.split(",")[1]))).size == (192, 128)
    Favourites(path).remove(kept[0])
    assert [one.scene for one in Favourites(path).all()] == [scene]


@pytest.mark.parametrize("content", ["", "[]", '{"favourites": 1}', '{"favourites": [{"scene": {}}]}'])
def test_a_damaged_file_of_favourites_is_left_as_it_is(
    tmp_path: Path, renderer: SceneRenderer, scene: Scene, content: str
) -> None:
    path, drawn = tmp_path / "favourites.json", renderer.draw(scene)
    path.write_text(content)
    with pytest.raises(MapganError, match=r"favourites\.json"):
        Favourites(path).add(scene, drawn.recipe.generator, drawn.image)
    assert path.read_text() == content


def test_an_image_is_read_as_a_plan_by_the_nearest_colours(tmp_path: Path, renderer: SceneRenderer) -> None:
    opened = renderer.open("plans")
    plan = np.arange(12).reshape(3, 4) % 4
    Image.fromarray((np.array(opened.colors)[plan] + 3).clip(0, 255).astype(np.uint8)).save(tmp_path / "plan.png")
    assert plan_of_image(tmp_path / "plan.png", opened) == plan.tolist()


def test_no_plan_is_read_from_anything_else(tmp_path: Path, renderer: SceneRenderer) -> None:
    opened, path = renderer.open("plans"), tmp_path / "plan.png"
    path.write_bytes(pickle.dumps(print))
    with pytest.raises(MapganError, match="not an image of a known format"):
        plan_of_image(path, opened)
    Image.new("RGB", (1100, 1000)).save(path)
    with pytest.raises(MapganError, match="too large"):
        plan_of_image(path, opened)


def test_downloads(tmp_path: Path, renderer: SceneRenderer, scene: Scene) -> None:
    drawn = renderer.draw(scene)
    png, vtt, pdf = (write_download(kind, drawn, 16.0, "map", tmp_path, True) for kind in ("png", "vtt", "pdf"))
    assert read_recipe(png) == drawn.recipe
    content = json.loads(vtt.read_text())
    assert content["resolution"]["map_size"] == {"x": 12, "y": 8}
    plan = plan_of_recipe(read_recipe(png))
    assert plan is not None
    walls = plan_walls(plan, into_squares(drawn.image, Lines(16.0), ""), ["rock"], "gaps")
    assert walls is not None
    assert content["line_of_sight"] == universal_vtt(b"", 12, 8, 100, walls)["line_of_sight"] != []
    assert pdf.read_bytes().startswith(b"%PDF")


def test_names_from_elsewhere_are_escaped() -> None:
    text = '<img src=x onerror="alert(1)">'
    page = view.status_line(text) + view.gallery([(text, "data:,", text)], True, text) + view.gallery([], True, text)
    assert "<img src=x" not in page
    assert view.file_name(Scene(generator="../../etc/passwd", latent="sefa(0)")) == "etc-passwd-walk-24x16"
