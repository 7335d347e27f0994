"""A CUDA device always has its index: `torch.cuda.set_per_process_memory_fraction` and others refuse one without."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import torch

from mapgan.params import Machine
from mapgan.training.device.device import find_device
from tests.training.device.cuda_stand_in import cuda_stand_in

ROOT = Path(__file__).parents[2]
FILES = [path for folder in ("mapgan", "pipeline", "benchmarks", "tools") for path in (ROOT / folder).rglob("*.py")]


def without_index(code: str) -> list[int]:
    """Lines of `code` that build a CUDA device without an index, or name one to a call that takes a device."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        given = [keyword.value for keyword in node.keywords if keyword.arg == "device" and name != "Machine"]
        given += node.args if name.endswith(".to") or (name == "torch.device" and len(node.args) == 1) else []
        text = " ".join(ast.unparse(value) for value in given)
        if name.endswith(".cuda") or "'cuda'" in text or "check_device" in text:
            found.append(node.lineno)
    return found


@pytest.mark.parametrize(
    "code",
    [
        'torch.device("cuda")',
        'x.to("cuda")',
        'torch.ones(1, device="cuda")',
        "x.cuda()",
        "torch.device(check_device(machine))",
        "torch.device('cuda' if there else 'cpu')",
    ],
)
def test_what_is_looked_for(code: str) -> None:
    assert without_index(code) == [1]
    assert without_index('torch.device("cuda", 0); x.to(device); torch.ones(1, device=device)') == []


def test_no_code_builds_a_cuda_device_without_an_index() -> None:
    found = {str(path.relative_to(ROOT)): without_index(path.read_text(encoding="utf-8")) for path in FILES}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize("wanted", ["auto", "cuda"])
def test_the_device_that_is_found_has_its_index(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with cuda_stand_in(monkeypatch):
        device = find_device(Machine.model_validate({"device": wanted}))
        assert str(device) == "cuda:0"
        torch.cuda.set_per_process_memory_fraction(0.5, device)


def test_a_cpu_has_no_index() -> None:
    assert str(find_device(Machine(device="cpu"))) == "cpu"
