"""The pipeline under real DVC: what dvc.yaml declares, and `dvc repro` on tiny settings."""

from __future__ import annotations

import ast
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
from ruamel.yaml import YAML

from mapgan import files, stages
from mapgan import params as params_room
from mapgan.errors import MapganError
from mapgan.params import Params, load
from mapgan.params.writing import merge_into, to_yaml
from tests.conftest import TINY
from tests.sets.test_packing import write_idx
from tests.test_layers import imports, imports_in

ROOT = Path(__file__).parents[1]
STAGES = ["scrape", "prune", "resize", "train", "evaluate", "sample", "report"]
LITTLE = [
    *TINY,
    "scrape.source=folder",
    "resize.width=32",
    "resize.height=32",
    "resize.tile_zoom=1.0",
    "resize.holdout=0.3",
    "evaluate.patches=8",
    "evaluate.directions=8",
    "evaluate.images=8",
    "sample.seeds='0-3'",
    "sample.sheet=2x2",
]
POSIX = pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX's")


class Recorded:
    """Settings that remember which of their sections were read."""

    def __init__(self, params: Params) -> None:
        self.params = params
        self.read: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.read.add(name)
        return getattr(self.params, name)


def settings_read(stage: str, maps: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The sections that a stage reads, seen by running its script; its function is replaced, but for `train`, which
    gets all settings and so is run for real, on a tiny set."""
    recorded = Recorded(load(settings=[*TINY, "train.steps=1"]))
    monkeypatch.setattr(params_room, "load_params", lambda: recorded)
    real = stages.train

    def train(params: Any, *_: Path) -> str:
        return real(params, maps, scratch / "g.safetensors", scratch / "results", scratch / "scratch")

    monkeypatch.setattr(stages, stage, train if stage == "train" else lambda *_: "")
    code = compile((ROOT / "pipeline" / f"{stage}.py").read_text(encoding="utf-8"), stage, "exec")
    exec(code, {"__name__": "__main__"})
    return recorded.read


@pytest.fixture(scope="module")
def declared() -> dict[str, Any]:
    tree: dict[str, Any] = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
    return tree["stages"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("stage", STAGES)
def test_every_setting_a_stage_reads_is_declared(
    stage: str, declared: dict[str, Any], squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = settings_read(stage, squares, tmp_path, monkeypatch)
    assert read - {"machine"} == {setting.split(".")[0] for setting in declared[stage]["params"]}


# what no output depends on, and the settings, whose values are tracked one by one
UNTRACKED = ("__init__", "errors", "files", "progress", "system_memory", "params")


@pytest.mark.parametrize("stage", STAGES)
def test_all_code_a_stage_runs_is_declared(stage: str, declared: dict[str, Any]) -> None:
    """Everything of mapgan that the stage's function imports, directly or not, is among its dependencies."""
    tree = ast.parse((ROOT / "mapgan/stages.py").read_text(encoding="utf-8"))
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == stage)
    wanted, waiting = set[str](), modules_of(imports_in(function))
    while waiting:
        name = waiting.pop()
        if name not in wanted and not name.startswith(UNTRACKED):
            wanted.add(name)
            waiting |= modules_of(imports(ROOT / "mapgan" / name))
    dependencies = [dep.removeprefix("mapgan/") for dep in declared[stage]["deps"] if dep.startswith("mapgan/")]
    missing = [name for name in wanted if not any(name == dep or name.startswith(f"{dep}/") for dep in dependencies)]
    assert missing == []


def modules_of(names: set[str]) -> set[str]:
    """Files of mapgan, such as `training/run.py`, that the imported names lie in."""
    found = set()
    for name in names:
        parts = name.split(".")[1:]
        for length in range(len(parts), 0, -1):
            path = "/".join(parts[:length])
            for file in (f"{path}.py", f"{path}/__init__.py"):
                if name.startswith("mapgan.") and (ROOT / "mapgan" / file).is_file():
                    found.add(file)
    return found


def test_a_person_s_lists_are_tracked(declared: dict[str, Any]) -> None:
    assert {"${prune.keep}", "${prune.drop}"} <= set(declared["prune"]["deps"])
    prune = load(ROOT / "params.yaml").prune
    assert [name for name in (prune.keep, prune.drop) if not (ROOT / name).is_file()] == []  # DVC wants them to exist


def test_stages_run_in_the_order_of_the_design(declared: dict[str, Any]) -> None:
    assert list(declared) == STAGES


def image(number: int) -> Image.Image:
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


EACH = """
import sys
from dvc.cli import main
for command in sys.argv[1:]:
    if main(command.split()):
        sys.exit(f"failed: dvc {command}")
"""


def dvc_in_turn(folder: Path, *commands: str) -> str:
    """What several commands of DVC say that one process runs: to start it takes a second."""
    done = subprocess.run(
        [sys.executable, "-c", EACH, *commands], cwd=folder, env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def environment() -> dict[str, str]:
    """The tests' own Python first, so that DVC's `python` is the one that has mapgan."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "DVC_NO_ANALYTICS": "1"}


def write_settings(project: Path, *settings: str) -> None:
    (project / "params.yaml").write_text(to_yaml(load(settings=[*LITTLE, *settings])))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A clone of the working tree with twelve images in its inbox and tiny settings."""
    folder = tmp_path / "project"
    names = subprocess.check_output(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, text=True).splitlines()
    for name in names:
        if (ROOT / name).is_file() and not name.endswith((".webp", "dvc.lock")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "t"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    for number in range(12):
        image(number).save(folder / f"data/inbox/map{number}.png")
    write_settings(folder)
    return folder


def test_the_whole_way_and_again(project: Path) -> None:
    first = dvc(project, "repro")
    assert first.returncode == 0, first.stderr
    assert (project / "results/samples/sheet-000.png").is_file()
    assert "dvc repro -f -s report" in (project / "results/report.html").read_text()
    numbers = json.loads((project / "results/evaluate/metrics.json").read_text())
    assert min(numbers["SWD"].values()) > 0

    again = dvc_in_turn(project, "repro", "repro -s train --dry", "metrics show", "plots show")
    assert "up to date" in again
    assert "Stage 'train' didn't change" in again
    assert "Running stage" not in again
    assert "results/evaluate/metrics.json" in again
    page = (project / "dvc_plots/index.html").read_text()
    assert "loss_G" in page
    assert "step-00000006.png" in page.replace("_", "-") or any((project / "dvc_plots").rglob("*step-00000006.png"))

    status = subprocess.check_output(["git", "status", "--short"], cwd=project, text=True).split()
    assert set(status[1::2]) <= {"dvc.lock", "params.yaml"}, status

    write_settings(project, "train.beta1=0.25")
    changed = dvc_in_turn(project, "params diff", "repro --dry")
    assert "train.beta1" in changed
    assert "'resize' didn't change" in changed
    assert "Running stage 'train'" in changed


def test_a_ready_made_set_needs_no_scrape_and_no_prune(project: Path) -> None:
    write_idx(project / "data/sets")
    write_settings(project, "dataset.name=mnist", "dataset.condition=folder", "resize.width=28", "resize.height=28")
    first = dvc(project, "repro", "resize")
    assert first.returncode == 0, first.stderr
    assert "12 images of mnist to train on, 4 held out, 28 x 28; labels: 0 2 (1 held out), 1 2 " in first.stdout
    assert [path.name for path in (project / "data/raw").iterdir()] == ["manifest.csv"]
    assert "nothing to prune" in (project / "data/pruned/report.html").read_text()
    again = dvc(project, "repro", "resize")
    assert "Running stage" not in again.stdout + again.stderr
    write_idx(project / "data/sets", train=14)
    other = dvc(project, "repro", "resize", "--dry")
    assert "Running stage 'resize'" in other.stdout
    assert "Running stage 'scrape'" not in other.stdout
    assert subprocess.check_output(["git", "status", "--short", "data"], cwd=project, text=True) == ""


@pytest.mark.soak
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


LONG = ["machine.save_minutes=0", "train.log_every=40", "train.snapshot_every=100000"]


def start_repro(project: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dvc", "repro"], cwd=project, env=environment(), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip


@pytest.mark.soak
@POSIX
def test_a_killed_repro_goes_on_and_ends_complete(project: Path) -> None:
    write_settings(project, *LONG, "train.steps=100000")
    # the whole group at once
    process = start_repro(project)
    wait_for_state(project, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    # then dvc alone: its trainer lives on, and a second one does not run beside it
    process = start_repro(project)
    wait_for_state(project, process, newest_state(project))
    process.kill()
    process.wait()
    try:
        beside = dvc(project, "repro")
        assert beside.returncode != 0
        assert "another trainer is running" in beside.stdout + beside.stderr
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # the trainer that was left alone
    wait_until_free(project)

    done = int(newest_state(project).removeprefix("step-").removesuffix(".sha256"))
    write_settings(project, *LONG, f"train.steps={done + 50}")
    last = dvc(project, "repro")
    assert last.returncode == 0, last.stderr
    assert f"continues after step {done} of {done + 50}" in last.stdout + last.stderr
    assert (project / "results/samples/sheet-000.png").is_file()
    rows = (project / "results/train/metrics.tsv").read_text().splitlines()
    assert [int(row.split("\t")[0]) for row in rows[1:]] == [*range(40, done + 50, 40), done + 50]
    killed = files.sha256_file(project / "models/generator.safetensors")

    shutil.rmtree(project / ".mapgan")
    undisturbed = dvc(project, "repro", "-f", "-s", "train")
    assert undisturbed.returncode == 0, undisturbed.stderr
    assert files.sha256_file(project / "models/generator.safetensors") == killed


def newest_state(project: Path) -> str:
    return max((path.name for path in project.glob(".mapgan/state/*/*.sha256")), default="")


def wait_for_state(project: Path, process: subprocess.Popen[str], after: str = "") -> None:
    for _ in range(2400):
        if newest_state(project) > after:
            return
        assert process.poll() is None, "dvc repro ended by itself"
        time.sleep(0.05)
    raise AssertionError("no state was saved in two minutes")


def wait_until_free(project: Path) -> None:
    for _ in range(2400):
        try:
            with files.locked(project / ".mapgan/train.lock", "held"):
                return
        except MapganError:
            time.sleep(0.05)
    raise AssertionError("the trainer did not end in two minutes")
