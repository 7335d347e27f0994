from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from mapgan.errors import MapganError
from mapgan.explore.directions import direction_names
from mapgan.explore.generators import Generators
from mapgan.explore.scene import Patch, Rectangle, Scene
from mapgan.explore.scene_renderer import SceneRenderer
from mapgan.params import Machine
from mapgan.sampling.memory_needed import memory_needed
from mapgan.sampling.render import render

PATCH = Patch(where=Rectangle(left=0, top=0, right=4, bottom=4), seed=5)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"latent": "slerp(3, 9, 0.4)", "truncation": 0.7, "directions": [1.0, 0.0, -1.0, 0.0]},
        {"patches": [PATCH]},
        {"plan": [[column % 4 for column in range(12)] for _ in range(8)]},
        {"seamless": True},
    ],
)
def test_the_recipe_draws_the_map_again(renderer: SceneRenderer, scene: Scene, change: dict[str, object]) -> None:
    drawn = renderer.draw(scene.changed(**change))
    again = render(renderer.open("plans").trained, drawn.recipe)
    assert np.array_equal(np.asarray(drawn.image), np.asarray(again))


def test_a_painted_plan_is_followed(renderer: SceneRenderer, scene: Scene) -> None:
    rock, floor = (renderer.open("plans").labels.index(name) for name in ("rock", "floor"))
    plan = [[rock] * 6 + [floor] * 6 for _ in range(8)]
    pixels = np.asarray(renderer.draw(scene.changed(plan=plan)).image, float)
    assert pixels[16:-16, 16:80].mean() + 80 < pixels[16:-16, 112:176].mean()


def test_directions_change_the_plan(renderer: SceneRenderer, scene: Scene) -> None:
    steered = scene.changed(directions=[-3.0, 0.0, 0.0, 0.0])
    assert renderer.draw(steered).plan != renderer.draw(scene).plan


def test_directions_are_named_by_what_grows(renderer: SceneRenderer, scene: Scene) -> None:
    assert direction_names(renderer, scene)[0] == "1: floor or rock"
    painted = scene.changed(plan=[[0] * 12] * 8)
    assert direction_names(renderer, painted)[0] == "Direction 1"


def test_users_at_once_get_their_own_maps(renderer: SceneRenderer) -> None:
    scenes = [
        Scene(generator=name, columns=columns, rows=8)
        for name, columns in (("plans", 12), ("overland", 12), ("plans", 8))
    ]
    fresh = SceneRenderer(Generators({}), Machine(), torch.device("cpu"))
    with ThreadPoolExecutor(3) as pool:
        at_once = list(pool.map(fresh.draw, scenes))
    assert all(
        np.array_equal(np.asarray(one.image), np.asarray(renderer.draw(scene).image))
        for one, scene in zip(at_once, scenes, strict=True)
    )


def test_a_huge_map_is_refused_by_the_memory_it_would_take() -> None:
    small = SceneRenderer(Generators({}), Machine(memory_gib=0.5), torch.device("cpu"))
    with pytest.raises(MapganError, match=r"4800 x 4800 pixels take 0\.\d\d GiB of memory, and 0\.25 GiB may be"):
        small.draw(Scene(generator="plans", columns=300, rows=300))


def test_the_memory_grows_with_the_map_but_not_its_windows(renderer: SceneRenderer) -> None:
    trained = renderer.open("plans").trained
    small, large, larger = (memory_needed(trained, side, side) for side in (256, 2048, 4096))
    assert small < large < larger < large + 4 * (4096**2 - 2048**2) * 16


@pytest.mark.parametrize("content", [b"", b"\x80\x04nonsense", b"{}", pickle.dumps(print)])
def test_a_broken_generator_is_one_line(tmp_path: Path, scene: Scene, content: bytes) -> None:
    (tmp_path / "broken.safetensors").write_bytes(content)
    broken = Generators({"broken": tmp_path / "broken.safetensors"})
    with pytest.raises(MapganError, match="not a safetensors file, or damaged"):
        broken.open("broken")


def test_no_path_from_the_browser_is_opened(tmp_path: Path) -> None:
    with pytest.raises(MapganError, match="no such generator here"):
        Generators({}).open(str(tmp_path))
