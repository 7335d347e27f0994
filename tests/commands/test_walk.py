"""`mapgan walk`, `pick` and `sample --like` on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from mapgan.cli import app
from mapgan.commands.seed_list import seeds_from
from mapgan.errors import MapganError
from tests.sampling.vivid import vivid


def mapgan(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    vivid(tmp_path / "run/generator.safetensors")
    return tmp_path / "run"


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*"))


def test_what_was_picked_is_sampled_walked_and_drawn_again(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run.parent)
    result = mapgan("pick", "run", "--seeds", "0-19", "--top", 3, "--squares", "8x4", "--truncation", 0.9)
    assert result.exit_code == 0, result.output
    assert names(run / "results/picked") == ["picked.png", "picked.txt"]
    command = result.stdout.strip().split("to draw them: ")[1].split(" ")
    seeds = "@run/results/picked/picked.txt"
    assert command == ["mapgan", "sample", "run", "--seeds", seeds, "--size", "64x32", "--truncation", "0.9"]
    assert mapgan(*command[1:]).exit_code == 0
    singles = sorted(f"singles/seed-{int(seed):06d}.png" for seed in seeds_from(seeds).split(","))
    assert names(run / "results/samples") == ["sheet-000.png", *singles]

    result = mapgan("walk", "run", "--seeds", seeds, "--no-film")
    assert (result.exit_code, result.stdout) == (0, "the sheet is run/results/walks/loop.png\n")

    result = mapgan("sample", "run", "--like", "run/results/walks/loop.png")
    assert result.stdout == "run/results/samples/again/loop.png is run/results/walks/loop.png again, to the pixel\n"


def test_the_generator_that_comes_with_mapgan_is_found(tmp_path: Path) -> None:
    assert mapgan("sample", "--seeds", 7, "--squares", "4x4", "--out", tmp_path).exit_code == 0
    result = mapgan("sample", "--like", tmp_path / "singles/seed-000007.png", "--out", tmp_path / "again")
    assert result.stdout.endswith("again, to the pixel\n"), result.output


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["walk", "--seeds", "5-"], "walk.seeds"),
        (["walk", "--seeds", "1e9"], "walk.seeds"),
        (["walk", "--seeds", "@none.txt"], "none.txt: no such file"),
        (["walk", "--kind", "circle"], "walk.kind"),
        (["walk", "--expr", "12 -"], "'12 -': not an expression"),
        (["walk", "--range", "3"], "--range: a loop has none"),
        (["walk", "--kind", "all", "--range", "a,b"], "--range a,b: not a range"),
        (["walk", "--kind", "all", "--range", "1,2,3"], "walk.all_range"),
        (["walk", "--kind", "all", "--range", "nan,2"], "walk.all_range"),
        (["walk", "--size", "99999x99999"], "walk.size"),
        (["walk", "--squares", "0x10"], "walk.squares"),
        (["walk", "--truncation", "2"], "walk.truncation"),
        (["walk", "--steps", "1"], "walk.steps"),
        (["walk", "--region", "1,2,3"], "walk.region"),
        (["walk", "--region", "3,2,1,4"], "walk.region"),
        (["pick", "--top", "0"], "pick.top"),
        (["pick", "--by", "beauty"], "pick.by"),
        (["sample", "--like", "none.png"], "none.png: no such file"),
        (["sample", "--truncation=-1"], "sample.truncation"),
    ],
)
def test_bad_input_is_one_line_and_leaves_no_file(run: Path, arguments: list[str], line: str) -> None:
    result = mapgan(arguments[0], run, *arguments[1:])
    assert result.exit_code == 2
    assert line in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert names(run) == ["discriminator.safetensors", "generator.safetensors"]


def test_the_command_that_draws_what_was_picked_names_the_label(tmp_path: Path) -> None:
    vivid(tmp_path / "generator.safetensors", labels=["cave", "old town"])
    result = mapgan("pick", tmp_path, "--seeds", "0-9", "--top", 2, "--label", "old town", "--squares", "8x4")
    assert result.stdout.strip().endswith("--label 'old town'")


def test_a_projected_image_is_not_replaced_by_its_projection(run: Path) -> None:
    picture = run / "map.png"
    Image.new("RGB", (96, 64)).save(picture)
    before = picture.read_bytes()
    result = mapgan("project", picture, run, "--steps", 1, "--out", run)
    assert (result.exit_code, picture.read_bytes()) == (2, before)
    assert "map.png: the image itself would be replaced; name another folder with --out" in result.stderr


def test_another_generator_is_not_taken_for_the_one_that_drew_it(run: Path, tmp_path: Path) -> None:
    assert mapgan("sample", run, "--out", tmp_path / "out").exit_code == 0
    vivid(run / "generator.safetensors", seed=1)
    result = mapgan("sample", run, "--like", tmp_path / "out/sheet-000.png")
    assert result.exit_code == 2
    assert "drawn by another generator than" in result.stderr


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("7\n3\n", "7,3"), ("# best\n7\tlogit 0.5\n\n 12 x\n", "7,12"), ("7\r\n8", "7,8")],
)
def test_a_list_of_seeds(tmp_path: Path, text: str, seeds: str) -> None:
    (tmp_path / "seeds.txt").write_text(text)
    assert seeds_from(f"@{tmp_path / 'seeds.txt'}") == seeds
    assert seeds_from("3,7-9") == "3,7-9"


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "no seeds"), (b"# 7\n", "no seeds"), (b"1\n-3\n", "line 2 does not start with a seed"),
     (b"7x\n", "line 1"), (b"1-9\n", "line 1"), (b"\xff\xfe", "not a list of seeds")],
)  # fmt: skip
def test_what_is_no_list_of_seeds_is_one_line(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "seeds.txt").write_bytes(content)
    with pytest.raises(MapganError, match=why):
        seeds_from(f"@{tmp_path / 'seeds.txt'}")
