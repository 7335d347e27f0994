"""The pipeline under real DVC: what dvc.yaml declares, and `dvc repro` on tiny settings."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import BaseModel
from ruamel.yaml import YAML

from mapgan import files
from mapgan.params import Params, load
from mapgan.params.writing import merge_into, to_yaml
from tests.conftest import TINY

ROOT = Path(__file__).parents[1]
STAGES = ["scrape", "prune", "resize", "train", "evaluate", "sample"]
LITTLE = [
    *TINY,
    "scrape.source=folder",
    "resize.width=32",
    "resize.height=32",
    "resize.tile_zoom=1.0",
    "resize.holdout=0.3",
    "evaluate.patches=8",
    "evaluate.directions=8",
    "sample.seeds='0-3'",
    "sample.sheet=2x2",
]
POSIX = pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX's")


class Watched(dict[str, Any]):
    """Stands for a section and remembers which of its settings were read."""


def settings_read(stage: str, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Top-level keys of params.yaml that the stage's script touches, found by running it with its function replaced
    by one that reads every setting it was given."""
    from mapgan import params, stages

    read: set[str] = set()

    class Recording:
        def __getattribute__(self, name: str) -> Any:
            if name in Params.model_fields:
                read.add(name)
            return getattr(Params(), name)

    monkeypatch.setattr(params, "load_params", Recording)
    monkeypatch.setattr(stages, stage, lambda *given: _touch(given))
    code = compile((ROOT / "pipeline" / f"{stage}.py").read_text(encoding="utf-8"), stage, "exec")
    exec(code, {"__name__": "__main__"})
    return read


def _touch(given: tuple[object, ...]) -> str:
    """Read what the stage's function reads of a whole `Params`; sections are read by being passed."""
    for value in given:
        if not isinstance(value, BaseModel | Path | int | str) and value is not None:
            for name in TRAIN_READS:
                getattr(value, name)
    return ""


TRAIN_READS = ["seed", "train", "machine"]


@pytest.fixture(scope="module")
def declared() -> dict[str, Any]:
    tree: dict[str, Any] = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
    return tree["stages"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("stage", STAGES)
def test_every_setting_a_stage_reads_is_declared(
    stage: str, declared: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings_read(stage, monkeypatch) - {"machine"} == set(declared[stage]["params"])


def test_the_trainer_reads_nothing_else(squares: Path, tmp_path: Path) -> None:
    """What `stages.train` reads of all the settings, seen by giving it ones that fail for the rest."""
    from mapgan import stages

    class OnlyThese:
        def __init__(self, params: Params) -> None:
            self.params = params

        def __getattr__(self, name: str) -> Any:
            assert name in TRAIN_READS, f"train reads {name}, which dvc.yaml does not declare for it"
            return getattr(self.params, name)

    params: Any = OnlyThese(load(settings=[*TINY, "train.steps=2"]))
    stages.train(params, squares, tmp_path / "g.safetensors", tmp_path / "results", tmp_path / "scratch")


def test_stages_run_in_the_order_of_the_design(declared: dict[str, Any]) -> None:
    assert list(declared) == STAGES


def picture(number: int) -> Image.Image:
    """A dark dungeon with a few light rooms."""
    image = Image.new("RGB", (80, 80), (40, 36, 30))
    for room in range(4):
        left, top = (number * 7 + room * 23) % 60, (number * 11 + room * 31) % 60
        image.paste((230, 220, 200), (left, top, left + 12 + number % 5, top + 10 + room))
    return image


def dvc(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dvc", *arguments], cwd=folder, env=environment(), capture_output=True, text=True
    )


def environment() -> dict[str, str]:
    """The tests' own Python first, so that DVC's `python` is the one that has mapgan."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "DVC_NO_ANALYTICS": "1"}


def write_settings(project: Path, *settings: str) -> None:
    (project / "params.yaml").write_text(to_yaml(load(settings=[*LITTLE, *settings])))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A clone of the working tree with twelve pictures in its inbox and tiny settings."""
    folder = tmp_path / "project"
    names = subprocess.check_output(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, text=True).splitlines()
    for name in names:
        if (ROOT / name).is_file() and not name.endswith((".webp", "dvc.lock")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "t"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    for number in range(12):
        picture(number).save(folder / f"data/inbox/map{number}.png")
    write_settings(folder)
    return folder


def test_the_whole_way_and_again(project: Path) -> None:
    first = dvc(project, "repro")
    assert first.returncode == 0, first.stderr
    assert (project / "results/samples/sheet-000.png").is_file()
    numbers = json.loads((project / "results/evaluate/metrics.json").read_text())
    assert numbers["swd"]["mean"] > numbers["swd_real"]["mean"] > 0

    again = dvc(project, "repro")
    assert "up to date" in again.stdout + again.stderr
    assert "Running stage" not in again.stdout + again.stderr

    assert "results/evaluate/metrics.json" in dvc(project, "metrics", "show").stdout
    plots = dvc(project, "plots", "show")
    assert plots.returncode == 0, plots.stderr
    page = (project / "dvc_plots/index.html").read_text()
    assert "loss_generator" in page
    assert "step-00000006.png" in page.replace("_", "-") or any((project / "dvc_plots").rglob("*step-00000006.png"))

    status = subprocess.check_output(["git", "status", "--short"], cwd=project, text=True).split()
    assert set(status[1::2]) <= {"dvc.lock", "params.yaml"}, status

    changed = dvc(project, "repro", "-s", "train", "--dry")
    assert "didn't change" in changed.stdout + changed.stderr
    write_settings(project, "train.beta1=0.25")
    difference = dvc(project, "params", "diff").stdout
    assert "train.beta1" in difference
    only_train = dvc(project, "repro", "--dry")
    assert "'resize' didn't change" in only_train.stdout
    assert "Running stage 'train'" in only_train.stdout


def test_an_experiment_changes_a_setting(project: Path) -> None:
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qam", "s"], cwd=project, check=True)
    result = dvc(
        project, "exp", "run", "-S", "train.batch_size=2", "-S", "train.networks.dcgan-modern.latent=4", "train"
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert load(project / "params.yaml").train.batch_size == 2


def test_a_wrong_setting_stops_before_any_work(project: Path) -> None:
    text = (project / "params.yaml").read_text()
    (project / "params.yaml").write_text(merge_into(text, {"prune": {"min_sides": 3}}))
    result = dvc(project, "repro")
    assert result.returncode != 0
    assert "prune.min_sides: no such setting; nearest: prune.min_side" in result.stdout + result.stderr
    assert not (project / "data/raw").exists()


LONG = ["train.steps=120", "machine.save_minutes=0", "train.log_every=40"]


def start_repro(project: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dvc", "repro"], cwd=project, env=environment(), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip


def wait_for_state(project: Path) -> None:
    for _ in range(1200):
        if list(project.glob(".mapgan/state/*/*.sha256")):
            return
        time.sleep(0.05)
    raise AssertionError("no state was saved in a minute")


@POSIX
def test_a_killed_repro_goes_on_and_ends_complete(project: Path) -> None:
    write_settings(project, *LONG)
    # the whole group at once
    process = start_repro(project)
    wait_for_state(project)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    # then dvc alone: its trainer lives on, and a second one does not run beside it
    process = start_repro(project)
    wait_for_lock(project)
    process.kill()
    process.wait()
    beside = dvc(project, "repro")
    if beside.returncode:
        assert "another trainer is at work on this run" in beside.stdout + beside.stderr
    wait_until_free(project)
    last = dvc(project, "repro")
    assert last.returncode == 0, last.stderr
    rows = (project / "results/train/metrics.tsv").read_text().splitlines()
    assert [row.split("\t")[0] for row in rows] == ["step", "40", "80", "120"]
    killed = files.sha256_file(project / "models/generator.safetensors")

    shutil.rmtree(project / ".mapgan")
    undisturbed = dvc(project, "repro", "-f", "-s", "train")
    assert undisturbed.returncode == 0, undisturbed.stderr
    assert files.sha256_file(project / "models/generator.safetensors") == killed


def lock_is_held(project: Path) -> bool:
    from mapgan.errors import MapganError

    for lock in project.glob(".mapgan/state/*.lock"):
        try:
            with files.locked(lock, "held"):
                pass
        except MapganError:
            return True
    return False


def wait_for_lock(project: Path) -> None:
    for _ in range(1200):
        if lock_is_held(project):
            return
        time.sleep(0.05)
    raise AssertionError("no trainer started in a minute")


def wait_until_free(project: Path) -> None:
    for _ in range(1200):
        if not lock_is_held(project):
            return
        time.sleep(0.05)
    raise AssertionError("the trainer did not end in a minute")
