"""Walks as files: sheets and films."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mapgan.errors import MapganError
from mapgan.models import model_file
from mapgan.params import Walk
from mapgan.sampling.recipe import read_recipe
from mapgan.sampling.sheet import GAP, LABEL
from mapgan.sampling.walk_files import write_walk
from mapgan.sampling.walks import WALKS
from tests.sampling.vivid import vivid


def frames_of(path: Path) -> list[np.ndarray]:  # type: ignore[type-arg]
    with Image.open(path) as film:
        found = []
        for number in range(film.n_frames):
            film.seek(number)
            found.append(np.asarray(film.convert("RGB")).astype(int))
        return found


@pytest.mark.parametrize("kind", WALKS)
def test_every_walk_is_a_sheet_and_a_film(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    generator = vivid(tmp_path / "g.safetensors", "theme", ["cave", "town"])
    settings = Walk(kind=kind, seeds="3,7", numbers="0-1", steps=4, frames=5, zoom=1, squares="8x4", label="town")  # type: ignore[arg-type]
    written, _ = write_walk(settings, generator, tmp_path / "out")
    assert [path.name for path in written] == [f"{kind}.png", f"{kind}.gif"]
    rows = 1 if kind in ("linear", "spherical", "direction") else 2
    rows = 2 if kind == "direction" else rows
    with Image.open(written[0]) as sheet:
        assert sheet.size == (4 * (64 + GAP) + GAP, rows * (32 + GAP + LABEL) + GAP)
    recipe = read_recipe(written[0])
    assert {cell.label for cell in recipe.cells} == {"town"}
    assert len(frames_of(written[1])) == (10 if kind == "loop" else 8)  # there and back


def test_the_film_of_a_loop_moves_in_small_steps_and_closes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    generator = vivid(tmp_path / "g.safetensors", "theme")
    settings = Walk(seeds="3,7", frames=20, zoom=1, squares="8x4")
    [_, film], _ = write_walk(settings, generator, tmp_path / "out")
    frames = [frame[: 4 * 32] for frame in frames_of(film)]
    steps = [np.abs(one - other).mean() for one, other in zip(frames, [*frames[1:], frames[0]], strict=True)]
    far = np.abs(frames[0] - frames[20]).mean()
    assert max(steps) < 0.5 * far
    assert steps[-1] < 2 * np.median(steps)


def test_arithmetic_is_a_sheet_and_the_result_alone(tmp_path: Path) -> None:
    written, _ = write_walk(Walk(expr="mean(1,2) - 3"), vivid(tmp_path / "g.safetensors"), tmp_path / "out")
    assert [path.name for path in written] == ["arithmetic.png", "result.png"]
    recipe = read_recipe(written[1])
    assert (recipe.cells[0].latent, recipe.columns) == ("mean(1,2) - 3", 0)
    with Image.open(written[1]) as result:
        assert result.size == (96, 64)  # 12 x 8 squares


def test_a_mp4_where_pyav_is_installed(tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="PyAV is not installed: pip install 'mapgan[video]'")
    written, _ = write_walk(Walk(frames=4, seeds="1,2"), vivid(tmp_path / "g.safetensors", "mlp"), tmp_path / "out")
    with av.open(str(written[2])) as film:
        stream = film.streams.video[0]
        assert (stream.frames, stream.codec_context.name) == (8, "h264")


def test_a_walk_in_a_region_leaves_the_rest(tmp_path: Path) -> None:
    settings = Walk(kind="linear", seeds="3,7", region="0,0,2,3", steps=3, film=False, zoom=1, squares="40x12")
    [path], _ = write_walk(settings, vivid(tmp_path / "g.safetensors", "theme"), tmp_path / "out")
    page = np.asarray(Image.open(path)).astype(int)
    one, _, other = (page[GAP : GAP + 96, left : left + 320] for left in range(GAP, 3 * 328, 328))
    changed = (one != other).any(axis=(0, 2))
    assert changed[:24].mean() > 0.9
    assert not changed[100:200].any()  # what lies farther away than the generator sees, also around the edge


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (Walk(expr="12 -"), "not an expression"),
        (Walk(expr="mean(1) - axis(99)"), "axis, sefa and pca take a number from 0 to 4"),
        (Walk(kind="direction", around="("), "not an expression"),
        (Walk(label="town"), "has no labels"),
        (Walk(region="12,0,13,1"), "outside of the map of 12 x 8 squares"),
        (Walk(region="0,0,1,1", expr="1 + 2"), "not with --expr"),
        (Walk(size="16000x16000"), "a sheet of 36 images"),
        (Walk(seeds="0-99", frames=1000, squares="40x40"), "is too long; lower --frames, which is 1000"),
    ],
)
def test_what_cannot_be_drawn_is_one_line_and_leaves_no_file(tmp_path: Path, settings: Walk, why: str) -> None:
    with pytest.raises(MapganError, match=why):
        write_walk(settings, vivid(tmp_path / "g.safetensors"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "same",
    [Walk(kind="direction", around="7"), Walk(expr="7 + 2 * sefa(0)"), Walk(region="0,0,1,1", around="7")],
    ids=["around", "sum", "region"],
)
def test_the_plan_of_a_walk_about_one_map_is_that_of_the_map(tmp_path: Path, same: Walk) -> None:
    plans = []
    for number, walk in enumerate([same, Walk(kind="direction", seeds="7"), Walk(kind="direction", seeds="0")]):
        small = walk.model_copy(update={"squares": "4x4", "steps": 2, "numbers": "0", "film": False})
        [path, *_], _ = write_walk(small, model_file("plans"), tmp_path / str(number))
        plans.append(read_recipe(path).plan)
    assert plans[0] == plans[1] != plans[2]


def test_it_says_where_a_dimension_shows_little(tmp_path: Path) -> None:
    one = Walk(kind="dimension", numbers="0", steps=2, film=False)
    assert "only the sign" in write_walk(one, vivid(tmp_path / "g.safetensors"), tmp_path)[1]
    assert "go farther" in write_walk(one, vivid(tmp_path / "g.safetensors", "mlp"), tmp_path)[1]
    around = one.model_copy(update={"around": "7"})
    assert write_walk(around, vivid(tmp_path / "g.safetensors"), tmp_path)[1] == ""
