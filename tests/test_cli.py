"""The command line: real files, and real processes where the process is the point; the others start in this one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from mapgan import files
from mapgan.cli import app
from mapgan.params import load
from tests.conftest import TINY
from tests.sets.test_packing import write_idx
from tests.test_pipeline import image

SETTINGS = [option for setting in [*TINY, "resize.width=32", "resize.height=32", "resize.tile_zoom=1.0"]
            for option in ("--set", setting)]  # fmt: skip


def mapgan(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mapgan", *map(str, arguments)], cwd=cwd, capture_output=True, text=True
    )


def mapgan_here(*arguments: str | Path) -> Result:
    """Run mapgan in this process: a process of its own takes seconds to import torch."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on twelve images in subfolders, with two files that are not images."""
    folder = tmp_path_factory.mktemp("my maps")
    (folder / "caves").mkdir()
    for number in range(12):
        image(number).save(folder / ("caves" if number % 2 else ".") / f"map{number}.png")
    (folder / "notes.txt").write_text("not a map")
    (folder / "broken.jpg").write_bytes(b"not an image")
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*.*")}
    out = tmp_path_factory.mktemp("runs") / "first"
    result = mapgan_here("train", folder, "--out", out, *SETTINGS)
    assert result.exit_code == 0, result.output
    assert str(out / "results/samples/sheet-000.png") in result.stdout.splitlines()[-1]
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*.*")} == before
    return out


def test_the_files_of_a_run(run: Path) -> None:
    for name in ("maps/dataset.json", "params.yaml", "generator.safetensors", "results/train/metrics.tsv"):
        assert (run / name).is_file(), name
    assert load(run / "params.yaml").train.batch_size == 4
    assert "broken" in (run / "pruned/rejected.csv").read_text()


def test_a_second_call_continues_with_the_same_training_set(run: Path) -> None:
    before = files.sha256_file(run / "generator.safetensors")
    pack = (run / "maps/pack.npy").stat().st_mtime_ns
    source = load(run / "params.yaml").scrape.folder.path
    result = mapgan_here("train", source, "--out", run, *SETTINGS)
    assert result.exit_code == 0, result.output
    assert "continues after step 6 of 6" in result.stderr
    assert files.sha256_file(run / "generator.safetensors") == before
    assert (run / "maps/pack.npy").stat().st_mtime_ns == pack


def test_a_training_set_is_taken_as_it_is(run: Path, tmp_path: Path) -> None:
    result = mapgan_here("train", run / "maps", "--out", tmp_path, *SETTINGS)
    assert result.exit_code == 0, result.output
    assert not (tmp_path / "maps").exists()
    assert "32 x 32 pixels" in result.stderr
    assert load(tmp_path / "params.yaml").resize.width == 32
    assert files.sha256_file(tmp_path / "generator.safetensors") == files.sha256_file(run / "generator.safetensors")


@pytest.mark.soak
def test_without_choices_it_says_what_it_chose(run: Path, tmp_path: Path) -> None:
    few = [*TINY[:6], "train.steps=9", "machine.device=cpu"]
    options = [option for setting in few for option in ("--set", setting)]
    source = load(run / "params.yaml").scrape.folder.path
    result = mapgan("train", source, "--out", tmp_path, *options)
    assert "preset maps-64-cpu, because there is no GPU" in result.stderr
    assert "64 x 64 pixels, dcgan-modern, 9 steps of 4 images" in result.stderr
    assert "steps to go, about" in result.stderr


def test_sampling_needs_only_the_file_of_the_generator(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "g.safetensors").write_bytes((run / "generator.safetensors").read_bytes())
    result = mapgan_here("sample", "g.safetensors", "--seeds", "3,7-9", "--sheet", "3x1", "--out", "images")
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == "the sheets are images/sheet-000.png to sheet-001.png".replace("/", os.sep)
    singles = sorted((tmp_path / "images/singles").iterdir())
    assert [path.name for path in singles] == [f"seed-{seed:06d}.png" for seed in (3, 7, 8, 9)]
    with Image.open(singles[0]) as alone, Image.open(run / "results/samples/singles/seed-000003.png") as among:
        assert np.array_equal(np.asarray(alone), np.asarray(among))


WRONG = [
    (("train", "nowhere"), "nowhere: no such folder; name the folder that holds your images"),
    (("train",), "train: no images; name the folder that holds yours, or try --preset fashion-dcgan"),
    (("train", ".", "--out", "runs"), "is inside the folder of images"),
    (("train", ".", "--set", "sample.seeds='5-3'"), "sample.seeds: '5-3' is not a list of seeds"),
    (("sample", ".", "--sheet", "6"), "sample.sheet: '6' is not a sheet; allowed: columns x rows"),
    (("train", ".", "--set", "train.batch_sizes=8"), "no such setting; nearest: train.batch_size"),
    (("train", ".", "--preset", "maps-64"), "--preset maps-64: no such preset; nearest: maps-64-cpu"),
    (("train", ".", "--resume", "maybe"), "--resume maybe: no such checkpoint; say auto, never, or"),
    (("sample", "nothing.safetensors"), "nothing.safetensors: no such file"),
    (("sample", ".", "--seeds", "a"), "sample.seeds: 'a' is not a list of seeds"),
    (("sample", ".", "--size", "big"), "sample.size: 'big' is not a size; allowed: width x height in pixels"),
    (("sample", ".", "--device", "tpu"), "allowed: one of auto, cpu, cuda, mps"),
    (("preset", "nothing"), "no such preset"),
    (("preset", "maps-64-cpu", "--write"), "params.yaml: no such file"),
]


@pytest.mark.parametrize(("arguments", "line"), WRONG)
def test_what_is_wrong_is_one_line_and_exit_code_2(
    arguments: tuple[str, ...], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = mapgan_here(*arguments)
    assert result.exit_code == 2
    assert line in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_fails_has_exit_code_2_and_one_line_on_stderr(tmp_path: Path) -> None:
    result = mapgan("preset", "nothing", cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith("mapgan: --preset nothing: no such preset; nearest: ")


def test_help_of_a_process() -> None:
    result = mapgan("--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert "train" in result.stdout


def test_an_out_that_is_a_file_is_a_one_line_error(run: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = mapgan_here("train", run / "maps", "--out", tmp_path / "file", *SETTINGS)
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr
    assert str(tmp_path / "file") in result.stderr.splitlines()[-1]


def test_another_folder_of_the_same_name_does_not_overwrite_a_run(run: Path, tmp_path: Path) -> None:
    result = mapgan_here("train", tmp_path, "--out", run, *SETTINGS)
    assert result.exit_code == 2
    assert "name another place with --out" in result.stderr


def test_a_damaged_training_set_of_the_run_is_made_again(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "run")
    pack = tmp_path / "run/maps/pack.npy"
    pack.write_bytes(pack.read_bytes()[:-1] + b"x")
    result = mapgan_here("train", load(run / "params.yaml").scrape.folder.path, "--out", tmp_path / "run", *SETTINGS)
    assert result.exit_code == 0, result.output
    assert pack.read_bytes() == (run / "maps/pack.npy").read_bytes()


def test_an_empty_folder_is_a_one_line_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = mapgan_here("train", tmp_path / "empty", "--out", tmp_path / "out", *SETTINGS)
    assert result.exit_code == 2
    assert len([line for line in result.stderr.splitlines() if "empty" in line]) == 1
    assert "Traceback" not in result.stderr


@pytest.mark.soak
def test_a_set_in_files_is_known_by_what_they_hold(tmp_path: Path) -> None:
    write_idx(tmp_path / "digits")
    np.savez(tmp_path / "squares.npz", x=np.full((12, 28, 28), 200, np.uint8))
    (tmp_path / "notes.txt").write_text("no set")
    little = [option for setting in TINY for option in ("--set", setting)]
    first = mapgan("train", "digits", *little, cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "preset mnist-dcgan, because the images are as small as digits" in first.stderr
    assert "12 images of file to train on, 4 held out, 28 x 28" in first.stderr
    assert (tmp_path / "runs/digits/results/samples/sheet-000.png").is_file()

    named = ["--preset", "fashion-dcgan", *little]
    assert "12 images of fashion-mnist" in mapgan("train", "digits", "--out", "x", *named, cwd=tmp_path).stderr
    without = [*named, "--set", "dataset.path=digits"]
    assert mapgan("train", *without, cwd=tmp_path).returncode == 0
    again = mapgan("train", *without, cwd=tmp_path)
    assert "continues after step 6 of 6" in again.stderr
    assert "to train on" not in again.stderr
    assert (tmp_path / "runs/fashion-dcgan/generator.safetensors").is_file()

    other = mapgan("train", "squares.npz", "--out", "runs/digits", *little, cwd=tmp_path)
    assert (other.returncode, "digits holds a run on file in" in other.stderr) == (2, True)
    none = mapgan("train", "notes.txt", *little, cwd=tmp_path)
    assert (none.returncode, "notes.txt: holds no set" in none.stderr) == (2, True)


def test_presets_are_listed_and_shown() -> None:
    assert "maps-768-24gb" in mapgan_here("preset").stdout
    assert "checkpointing: auto" in mapgan_here("preset", "maps-768-24gb").stdout


def test_doctor_says_what_is_there() -> None:
    lines = mapgan_here("doctor").stdout.splitlines()
    for word in ("torch", "device", "memory", "disk"):
        assert any(line.startswith(word) for line in lines), word
    assert any(line.startswith("device") and "float32 bfloat16" in line and "float64" in line for line in lines)


def test_doctor_sees_a_card_that_torch_cannot_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from mapgan.commands import doctor

    monkeypatch.setattr(doctor, "_nvidia_card", lambda: "NVIDIA RTX 4090")
    monkeypatch.setattr(torch.version, "cuda", None)
    assert any("install a CUDA build of torch" in line for line in doctor.problems(tmp_path))


def test_version() -> None:
    from mapgan import __version__

    assert mapgan_here("--version").stdout.strip() == __version__


@pytest.mark.parametrize(
    "launcher",
    [
        pytest.param(["torch.distributed.run", "--nproc-per-node=2"], marks=pytest.mark.soak),
        ["accelerate.commands.launch", "--multi_gpu", "--num_processes=2"],
    ],
    ids=["torchrun", "accelerate"],
)
def test_two_processes_share_the_batch(launcher: list[str], run: Path, tmp_path: Path) -> None:
    """Two processes with half a batch each log the losses of one process with all of it."""
    command = [sys.executable, "-m", *launcher, "-m", "mapgan", "train", str(run / "maps"), "--out", str(tmp_path)]
    environment = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    result = subprocess.run([*command, *SETTINGS], env=environment, capture_output=True, text=True, timeout=180)
    assert result.returncode == 0, result.stderr
    assert "2 processes" in result.stderr
    one, two = ((out / "results/train/metrics.tsv").read_text().splitlines()[1].split("\t") for out in (run, tmp_path))
    assert [float(number) for number in two] == pytest.approx([float(number) for number in one], rel=1e-3)


def test_a_run_is_evaluated_and_compared(run: Path, tmp_path: Path) -> None:
    few = ["--set", "evaluate.images=4", "--set", "evaluate.patches=4", "--set", "evaluate.directions=4"]
    said = mapgan_here("evaluate", run, *few, "--device", "cpu")
    assert said.exit_code == 0, said.output
    assert str(run / "results/evaluate") in said.stdout
    page = tmp_path / "compare.html"
    said = mapgan_here("compare", run, run, "--out", page)
    assert said.exit_code == 0, said.output
    assert str(page) in said.stdout
    assert page.is_file()
    nowhere = mapgan_here("evaluate", run / "generator.safetensors", "--maps", tmp_path)
    assert nowhere.exit_code == 2
    assert "name the one that the run was trained on with --maps" in nowhere.stderr


def test_the_best_generator_does_not_overwrite_what_is_known_of_the_last(run: Path, tmp_path: Path) -> None:
    maps, best = run / "maps", tmp_path / "best.safetensors"
    best.write_bytes((run / "generator.safetensors").read_bytes())
    few = ["--set", "evaluate.images=4", "--set", "evaluate.patches=4", "--set", "evaluate.directions=4"]
    for command in (["evaluate", best, "--maps", maps, *few], ["sample", best, "--seeds", "0"]):
        said = mapgan_here(*command, "--device", "cpu")
        assert said.exit_code == 0, said.output
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == ["evaluate-best", "samples-best"]
