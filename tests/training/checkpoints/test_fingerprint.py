"""A run goes on with its old state unless something changed that decides the weights."""

from __future__ import annotations

from pathlib import Path

import pytest

import mapgan
from mapgan.params import load
from mapgan.training.checkpoints import fingerprint
from tests.test_layers import imports

PACKAGE = Path(mapgan.__file__).parent
# imported by code that decides weights, and no part of it
APART = {
    "errors": "words",
    "files": "how bytes come to the disk",
    "params": "the settings, which the fingerprint has by value",
    "dataset": "the training set, which it has by digest",
    "memory": "what a step needs: speed and never the result",
    "training.device.memory_plan": "the same",
    "sampling.labels": "words",
}


def covered(path: Path) -> bool:
    name = path.relative_to(PACKAGE).as_posix()
    return name.startswith(fingerprint.CODE)


def module_path(name: str) -> Path | None:
    """The file of the longest part of a dotted name that is a module."""
    parts = name.split(".")[1:]
    for end in range(len(parts), 0, -1):
        stem = PACKAGE.joinpath(*parts[:end])
        for path in (stem.with_suffix(".py"), stem / "__init__.py"):
            if path.is_file():
                return path
    return None


def test_all_that_decides_weights_is_covered() -> None:
    decides = [path for path in PACKAGE.rglob("*.py") if covered(path)]
    assert len(decides) > 20
    for path in decides:
        for name in imports(path):
            found = module_path(name) if name.startswith("mapgan.") else None
            if found is None or covered(found):
                continue
            dotted = ".".join(found.relative_to(PACKAGE).with_suffix("").parts)
            assert any(dotted == apart or dotted.startswith(f"{apart}.") for apart in APART), f"{path}: {name}"


@pytest.mark.parametrize("policy", ["warn", "roll-back"])
def test_a_changed_log_line_is_another_version_and_the_same_run(
    policy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "mapgan"
    for path in PACKAGE.rglob("*.py"):
        target = copy / path.relative_to(PACKAGE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    monkeypatch.setattr(mapgan, "__file__", str(copy / "__init__.py"))
    params = load(settings=[f"train.watch.policy={policy}"])
    before = fingerprint.run_parts(params, "")

    def changes(name: str) -> bool:
        path, text = copy / name, (copy / name).read_text()
        path.write_text(text + "# another line\n")
        changed = fingerprint.run_parts(params, "") != before
        path.write_text(text)
        return changed

    apart = [
        "training/reporting/monitor.py",
        "training/run.py",
        "training/device/device.py",
        "training/reporting/animation.py",
        "cli.py",
    ]
    decides = ["training/objective/step.py", "networks/modern.py", "rng.py", "training/prepare.py"]
    assert [name for name in apart if changes(name)] == []
    assert [name for name in decides if not changes(name)] == []
    assert changes("training/reporting/trouble.py") is (policy == "roll-back")
