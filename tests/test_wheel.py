"""The wheel holds mapgan alone, with its data, and works from an empty folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import TINY
from tests.test_pipeline import image

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    source = out / "source"
    names = subprocess.check_output(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, text=True)
    for name in names.splitlines():  # a copy, so that no build folder appears in the work tree
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", out, source]
    subprocess.run(command, check=True, cwd=out)
    return next(out.glob("*.whl"))


def test_it_holds_mapgan_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"mapgan"}
    assert sum(name.endswith(".webp") for name in names) >= 240
    for name in ("mapgan/py.typed", "mapgan/params/presets/maps-64-cpu.yaml", "mapgan/collect/demo/maps.json"):
        assert name in names
    assert wheel.stat().st_size < 20e6  # models are at most 8 MB each


@pytest.mark.soak
def test_it_works_from_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    site, work = tmp_path / "site", tmp_path / "work"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", site, wheel]
    subprocess.run(install, check=True)
    (work / "maps").mkdir(parents=True)
    for number in range(8):
        image(number).save(work / f"maps/{number}.png")
    settings = [option for setting in [*TINY, "resize.tile_zoom=1.0"] for option in ("--set", setting)]
    environment = {**os.environ, "PYTHONPATH": str(site)}

    def mapgan(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mapgan", *arguments]
        return subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True)

    where = subprocess.check_output(
        [sys.executable, "-c", "import mapgan; print(mapgan.__file__)"], cwd=work, env=environment
    )
    assert where.decode().startswith(str(site))
    trained = mapgan("train", "maps", *settings)
    assert trained.returncode == 0, trained.stderr
    generated = mapgan("sample", "runs/maps", "--seeds", "0-3", "--sheet", "2x2")
    assert generated.returncode == 0, generated.stderr
    assert (work / "runs/maps/results/samples/sheet-000.png").is_file()
