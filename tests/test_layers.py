"""The house's order: imports only go down, and what a command needs not it does not load."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "mapgan"
ROOMS = [  # from the ground up, as in the design
    {"__init__", "errors"},
    {"files", "rng", "progress", "system_memory", "html_page", "models"},
    {"params"},
    {"dataset"},
    {"collect"},
    {"curate"},
    {"sets"},
    {"networks"},
    {"memory"},
    {"sampling"},
    {"evaluation"},
    {"training"},
    {"report"},
    {"stages"},
    {"export"},
    {"explore"},
    {"commands"},
    {"cli_drawing"},
    {"cli"},
    {"__main__"},
]
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}
FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    return imports_in(ast.parse(path.read_text(encoding="utf-8")))


def imports_in(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_only_go_down(path: Path) -> None:
    here = LEVEL[room_of(path)]
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "mapgan" and len(parts) > 1 and parts[1] != "__version__":
            room = parts[1]
            assert room_of(path) == room or LEVEL[room] < here, f"{name} lies above"


def test_nothing_imports_dvc() -> None:
    assert [str(path) for path in FILES for name in imports(path) if name.split(".")[0] == "dvc"] == []


def loaded(code: str) -> set[str]:
    result = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(result.stdout.splitlines())


@pytest.mark.parametrize(
    "room", ["collect", "curate.prune", "curate.resize", "sets", "params", "dataset", "export.export", "report.page"]
)
def test_gathering_needs_no_torch(room: str) -> None:
    assert "torch" not in loaded(f"import mapgan.{room}")


def test_help_loads_neither_torch_nor_pil() -> None:
    names = loaded(
        "from typer.testing import CliRunner; from mapgan.cli import app; CliRunner().invoke(app, ['--help'])"
    )
    assert {"torch", "PIL", "numpy", "pydantic"} & names == set()


def test_help_costs_little() -> None:
    def cpu_seconds() -> float:  # not the clock's: other work on the machine should not fail this
        before = os.times()
        subprocess.run([sys.executable, "-m", "mapgan", "--help"], capture_output=True, check=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    assert min(cpu_seconds() for _ in range(5)) < 0.4


def test_files_say_one_thing() -> None:
    long = {str(path): count for path in FILES if (count := len(path.read_text(encoding="utf-8").splitlines())) > 300}
    assert long == {}
