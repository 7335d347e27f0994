"""The memory for tensors on a GPU, a computer and in a container."""

from __future__ import annotations

from types import SimpleNamespace

import psutil
import pytest
import torch

from mapgan import system_memory
from mapgan.memory.budget import ALLOWANCES, GIB, allocator_limit, device_budget, gib
from mapgan.params import Machine

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.fixture(autouse=True)
def computer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer with 16 GiB, of which almost nothing is free, and no container limit."""
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=16 * GIB, available=1))
    monkeypatch.setattr(system_memory, "container_limit", lambda: None)
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)


def test_a_gpu_that_is_not_present() -> None:
    machine = Machine(memory_gib=24)
    assert allocator_limit(machine, CUDA, present=False) == 22.5 * GIB
    assert device_budget(machine, CUDA, present=False) == int(22.5 * GIB * ALLOWANCES["cuda"].fraction)
    assert device_budget(Machine(memory_gib=1), CUDA, present=False) == 0


def test_a_gpu_that_is_present(monkeypatch: pytest.MonkeyPatch) -> None:
    card = SimpleNamespace(total_memory=16 * GIB)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: card)
    assert allocator_limit(Machine(), CUDA) == 14.5 * GIB
    assert allocator_limit(Machine(memory_gib=8), CUDA) == 6.5 * GIB
    assert allocator_limit(Machine(memory_gib=24), CUDA) == 14.5 * GIB  # not more than it has


def test_the_cpu_budget_is_a_fraction_of_the_total_memory_not_of_what_is_free() -> None:
    assert device_budget(Machine(), CPU) == 8 * GIB
    assert device_budget(Machine(memory_gib=6), CPU) == 3 * GIB
    assert device_budget(Machine(memory_gib=60), CPU) == 8 * GIB


def test_processes_on_one_computer_share_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    assert device_budget(Machine(), CPU) == 4 * GIB


def test_the_limit_of_a_container(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_memory, "container_limit", lambda: 4 * GIB)
    assert device_budget(Machine(), CPU) == 2 * GIB


def test_bytes_as_text() -> None:
    assert gib(3 * GIB // 2) == "1.50 GiB"
