"""Foundry modules, by the rules of Foundry's documentation for manifests and scenes."""

from __future__ import annotations

import json
from typing import Annotated

from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from mapgan.export import foundry
from mapgan.params import Export
from tests.export.test_universal_vtt import WALLS


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Author(Strict):
    name: Annotated[str, Field(min_length=1)]


class Compatibility(Strict):
    minimum: str


class Manifest(Strict):
    """The fields of https://foundryvtt.com/article/module-development that a module of one map needs."""

    id: Annotated[str, Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]
    title: Annotated[str, Field(min_length=1)]
    description: str
    version: str
    authors: list[Author]
    compatibility: Compatibility
    readme: str


@given(st.text(min_size=1))
def test_any_name_gives_a_manifest(name: str) -> None:
    Manifest.model_validate(json.loads(json.dumps(foundry.manifest(name))))


def test_a_scene_has_the_maps_pixels_and_its_image_in_the_module() -> None:
    scene = foundry.scene("Old Crypt", 5, 4, 100, WALLS, Export())
    assert (scene["width"], scene["height"], scene["grid"]["size"], scene["padding"]) == (500, 400, 100, 0)
    assert scene["background"]["src"] == f"modules/{foundry.manifest('Old Crypt')['id']}/map.webp"
    assert scene["grid"]["alpha"] == 0


def test_walls_and_doors_block_and_have_ids_of_their_own() -> None:
    walls = foundry.scene("Old Crypt", 5, 4, 100, WALLS, Export())["walls"]
    assert [wall["c"] for wall in walls[:2]] == [[100, 100, 400, 100], [400, 100, 400, 300]]
    assert [wall["door"] for wall in walls] == [0, 0, 0, 0, 0, 1, 1]
    assert {wall[kind] for wall in walls for kind in ("move", "light", "sight", "sound")} == {20}
    ids = [wall["_id"] for wall in walls]
    assert len(set(ids)) == len(ids)
    assert all(len(text) == 16 and text.isalnum() for text in ids)


def test_the_grid_is_that_of_the_settings() -> None:
    settings = Export(grid="hex-flat", grid_color="#102030", grid_opacity=0.25)
    grid = foundry.scene("Old Crypt", 5, 4, 100, WALLS, settings)["grid"]
    assert (grid["type"], grid["color"], grid["alpha"]) == (4, "#102030", 0.25)


def test_equal_maps_give_equal_scenes() -> None:
    assert foundry.scene("a", 5, 4, 100, WALLS, Export()) == foundry.scene("a", 5, 4, 100, WALLS, Export())
