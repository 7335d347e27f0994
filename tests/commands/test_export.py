"""`mapgan export`: what it writes and says, and one line for each thing that is wrong."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from mapgan import stages
from mapgan.cli import app
from mapgan.models import model_file
from mapgan.params import Sample
from tests.export.plans import Plan, draw

PLAN = Plan(12, 9, rects=[(1, 1, 5, 5), (6, 3, 2, 1), (8, 1, 3, 6)], circles=[], doors=[])


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    path = tmp_path / "Old Crypt.png"
    draw(PLAN).save(path)
    return path


def export(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["export", *map(str, arguments)])


def written(result: Result) -> list[Path]:
    assert result.exit_code == 0, result.output
    return [Path(line.strip()) for line in result.stdout.splitlines() if line.startswith("  ") and "/" in line]


def test_all_formats(drawn: Path, tmp_path: Path) -> None:
    before = drawn.read_bytes()
    formats = "vtt,foundry,roll20,png,webp,jpeg,pdf,poster"
    result = export(drawn, "--pixels-per-square", "16", "--to", formats, "--out", tmp_path / "out")
    assert [path.name for path in written(result)] == [
        "Old Crypt.dd2vtt",
        "mapgan-old-crypt",
        "Old Crypt-roll20.png",
        "Old Crypt-100px.png",
        "Old Crypt-100px.webp",
        "Old Crypt-100px.jpeg",
        "Old Crypt-pages.pdf",
        "Old Crypt-poster.pdf",
        "Old Crypt-walls.png",
    ]
    assert all(path.exists() for path in written(result))
    assert drawn.read_bytes() == before
    with Image.open(tmp_path / "out/Old Crypt-roll20.png") as image:
        assert image.size == (12 * 70, 9 * 70)
    with Image.open(tmp_path / "out/Old Crypt-100px.png") as image:
        assert image.size == (12 * 100, 9 * 100)
        assert image.info["dpi"] == pytest.approx((100, 100), abs=0.1)
    module = tmp_path / "out/mapgan-old-crypt"
    scene = json.loads((module / "scene.json").read_text(encoding="utf-8"))
    assert json.loads((module / "module.json").read_text(encoding="utf-8"))["id"] == module.name
    with Image.open(module / Path(scene["background"]["src"]).name) as image:
        assert image.size == (scene["width"], scene["height"])
    assert scene["background"]["src"].startswith(f"modules/{module.name}/")


def test_it_says_that_an_enlarged_map_has_no_more_detail(drawn: Path, tmp_path: Path) -> None:
    result = export(drawn, "--pixels-per-square", "16", "--out", tmp_path)
    assert "12 x 9 squares of 16 pixels; enlarged to 100 by Lanczos" in result.stdout
    same = export(drawn, "--pixels-per-square", "16", "--resolution", "16", "--to", "png", "--out", tmp_path)
    assert "Lanczos" not in same.stdout
    with Image.open(tmp_path / "Old Crypt-16px.png") as image:
        assert (np.asarray(image) == np.asarray(Image.open(drawn))).all()


def test_the_generator_knows_the_pixels_per_square(drawn: Path, tmp_path: Path) -> None:
    assert "12 x 9 squares of 16 pixels" in export(drawn, "--run", "plans", "--out", tmp_path).stdout


def test_without_walls(drawn: Path, tmp_path: Path) -> None:
    (path,) = written(export(drawn, "--pixels-per-square", "16", "--no-walls", "--out", tmp_path / "out"))
    file = json.loads(path.read_text(encoding="utf-8"))
    assert (file["line_of_sight"], file["portals"]) == ([], [])
    with Image.open(io.BytesIO(base64.b64decode(file["image"]))) as image:
        assert image.size == (1200, 900)


def test_a_map_without_two_colours_is_written_without_walls(tmp_path: Path) -> None:
    Image.new("RGB", (160, 160), "tan").save(tmp_path / "plain.png")
    result = export(tmp_path / "plain.png", "--pixels-per-square", "16", "--out", tmp_path / "out")
    assert "no walls: ground and rock cannot be told apart" in result.stdout
    assert [path.name for path in written(result)] == ["plain.dd2vtt"]


def test_a_grid_is_a_file_of_its_own_unless_it_is_to_be_burnt_in(drawn: Path, tmp_path: Path) -> None:
    options = ["--pixels-per-square", "16", "--to", "png", "--grid", "square", "--grid-opacity", "1"]
    plain = written(export(drawn, *options[:4], "--out", tmp_path / "plain"))
    beside = written(export(drawn, *options, "--out", tmp_path / "beside"))
    burnt = written(export(drawn, *options, "--burn-grid", "--out", tmp_path / "burnt"))
    assert [len(plain), len(beside), len(burnt)] == [1, 2, 1]
    assert plain[0].read_bytes() == beside[0].read_bytes() != burnt[0].read_bytes()
    with Image.open(beside[1]) as overlay:
        assert overlay.mode == "RGBA"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--to", "vtt,obj"], "'vtt,obj' is not a list of formats; allowed: vtt, foundry"),
        (["--to", ""], "not a list of formats"),
        (["--paper", "A5"], "'A5' is not allowed; allowed: one of A4, A3, Letter"),
        (["--grid-color", "red"], "'red' is not a colour"),
        (["--grid-offset", "1"], "'1' is not an offset"),
        (["--grid", "triangles"], "one of none, square, hex-flat, hex-pointy"),
        (["--snap", "2"], "a number from 0 to 0.5"),
        (["--resolution", "600"], "pixels are more than 100 megapixels"),
        (["--pixels-per-square", "-1"], "a number from 0 to 2000"),
        (["--pixels-per-square", "500"], "pixels per square; say --pixels-per-square"),
        (["--pixels-per-square", "nan"], "not allowed"),
        (["--run", "no-such-run"], "no-such-run: no such file"),
        (["--doors", "all"], "one of gaps, drawn, none"),
    ],
)
def test_a_wrong_option_is_one_line_and_nothing_is_written(tmp_path: Path, options: list[str], message: str) -> None:
    large = Plan(60, 60, rects=[(1, 1, 5, 5)], circles=[], doors=[])
    draw(large, square=5).save(tmp_path / "map.png")
    known = [] if "--run" in options else ["--pixels-per-square", "5"]
    result = export(tmp_path / "map.png", *known, *options, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.png", None, "the file is missing"),
        ("text.png", b"not an image", "not an image of a known format"),
        ("cut.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "export takes images"),
    ],
)
def test_what_is_no_image_is_one_line(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    result = export(tmp_path / name, "--out", tmp_path / "out")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert message in result.stderr


def test_a_folder_is_one_line_that_says_what_to_name(tmp_path: Path) -> None:
    result = export(tmp_path, "--out", tmp_path / "out")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "a folder; name its images" in result.stderr


def test_a_sheet_is_one_line_that_says_what_to_name(tmp_path: Path) -> None:
    stages.sample(Sample(seeds="1", sheet="1x1", squares="4x4"), model_file("plans"), tmp_path)
    result = export(tmp_path / "sheet-000.png", "--run", "plans", "--out", tmp_path / "out")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "a sheet; name single maps" in result.stderr


def test_maps_of_one_name_are_refused(drawn: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / drawn.name).write_bytes(drawn.read_bytes())
    result = export(drawn, tmp_path / "other" / drawn.name, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "Old Crypt: several images of this name" in result.stderr
    assert not (tmp_path / "out").exists()


def test_an_output_folder_that_is_a_file_is_one_line(drawn: Path) -> None:
    result = export(drawn, "--pixels-per-square", "16", "--out", drawn)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
