"""What tensors may take of a card, a computer and a container."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

from mapgan.memory import budget
from mapgan.memory.budget import ALLOWANCES, GIB, allocator_limit, container_limit, device_budget, gib
from mapgan.params import Machine

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.fixture(autouse=True)
def computer(monkeypatch: pytest.MonkeyPatch) -> None:
    """One with 16 GiB, of which next to nothing is free, and no limit."""
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=16 * GIB, available=1))
    monkeypatch.setattr(budget, "container_limit", lambda: None)
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)


def test_a_card_that_is_not_there() -> None:
    machine = Machine(memory_gib=24)
    assert allocator_limit(machine, CUDA, present=False) == 22.5 * GIB
    assert device_budget(machine, CUDA, present=False) == int(22.5 * GIB * ALLOWANCES["cuda"].fraction)
    assert device_budget(Machine(memory_gib=1), CUDA, present=False) == 0


def test_a_card_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    card = SimpleNamespace(total_memory=16 * GIB)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: card)
    assert allocator_limit(Machine(), CUDA) == 14.5 * GIB
    assert allocator_limit(Machine(memory_gib=8), CUDA) == 6.5 * GIB
    assert allocator_limit(Machine(memory_gib=24), CUDA) == 14.5 * GIB  # it is not made larger by saying so


def test_a_share_of_all_memory_whatever_is_free() -> None:
    assert device_budget(Machine(), CPU) == 8 * GIB
    assert device_budget(Machine(memory_gib=6), CPU) == 3 * GIB
    assert device_budget(Machine(memory_gib=60), CPU) == 8 * GIB


def test_processes_on_one_computer_share_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    assert device_budget(Machine(), CPU) == 4 * GIB


def test_a_container_has_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "container_limit", lambda: 4 * GIB)
    assert device_budget(Machine(), CPU) == 2 * GIB


CONTAINERS: list[tuple[str, dict[str, str], int | None]] = [
    ("0::/\n", {"memory.max": "4096\n"}, 4096),  # version 2, as it looks from inside
    ("0::/\n", {"memory.max": "max\n"}, None),
    ("0::/a/b\n", {"a/b/memory.max": "8192", "a/memory.max": "4096", "memory.max": "max"}, 4096),
    ("4:memory:/\n1:cpu:/\n", {"memory/memory.limit_in_bytes": "2048\n"}, 2048),
    ("4:cpu,memory:/job\n0::/\n", {"memory/job/memory.limit_in_bytes": "1024"}, 1024),
    ("4:memory:/gone\n", {"memory/memory.limit_in_bytes": "2048\n"}, 2048),  # the path is that of the host
    ("1:cpu:/\n", {}, None),
]


@pytest.mark.parametrize(("groups", "limits", "expected"), CONTAINERS)
def test_the_limits_of_control_groups(
    groups: str, limits: dict[str, str], expected: int | None, tmp_path: Path
) -> None:
    for name, content in {
        "proc/self/cgroup": groups,
        **{f"sys/fs/cgroup/{key}": limits[key] for key in limits},
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    assert container_limit(tmp_path) == expected


def test_a_system_without_control_groups(tmp_path: Path) -> None:
    assert container_limit(tmp_path) is None


def test_bytes_in_words() -> None:
    assert gib(3 * GIB // 2) == "1.50 GiB"
