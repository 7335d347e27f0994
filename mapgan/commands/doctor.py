"""`mapgan doctor`: what this machine has, and what is wrong with it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import torch

import mapgan
from mapgan.memory.budget import GIB
from mapgan.training.device.device import supports_dtype

LOW_MEMORY_GIB = 4
LOW_DISK_GIB = 5


def report(folder: Path = Path()) -> str:
    """A few lines on device, torch, memory and disk; then a line with `!` for each problem."""
    facts = [
        f"mapgan {mapgan.__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}",
        f"torch {torch.__version__}, built for {_built_for()}",
        f"device: {', '.join(_devices())}",
        f"memory: {_memory_gib():.0f} GiB, {psutil.virtual_memory().available / GIB:.0f} GiB free",
        f"disk: {shutil.disk_usage(folder.resolve()).free / GIB:.0f} GiB free in {folder.resolve()}",
    ]
    found = [f"! {line}" for line in problems(folder)]
    return "\n".join([*facts, *(found or ["nothing is wrong"])])


def problems(folder: Path) -> Iterator[str]:
    """What is wrong and what to do about it, a line each."""
    card = _nvidia_card()
    if card and not torch.cuda.is_available():
        if torch.version.cuda is None:
            yield f"there is an NVIDIA card ({card}) but torch is built for the CPU: install a CUDA build of torch"
        else:
            yield f"there is an NVIDIA card ({card}) but torch {torch.__version__} cannot use it: update its driver"
    if _memory_gib() < LOW_MEMORY_GIB:
        yield f"there are only {_memory_gib():.1f} GiB of memory: lower machine.micro_batch if training is killed"
    if shutil.disk_usage(folder.resolve()).free < LOW_DISK_GIB * GIB:
        yield f"less than {LOW_DISK_GIB} GiB of disk are free in {folder.resolve()}"
    if not os.access(folder, os.W_OK):
        yield f"{folder.resolve()} cannot be written to"


def _built_for() -> str:
    if torch.version.cuda:
        return f"CUDA {torch.version.cuda}"
    return f"ROCm {torch.version.hip}" if torch.version.hip else "the CPU"


def _devices() -> Iterator[str]:
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            card = torch.cuda.get_device_properties(index)
            yield f"{card.name} ({card.total_memory / GIB:.0f} GiB, {_dtypes(f'cuda:{index}')})"
    if torch.backends.mps.is_available():
        yield f"Apple GPU (mps, {_dtypes('mps')})"
    yield f"CPU ({psutil.cpu_count(logical=False) or os.cpu_count()} cores, {_dtypes('cpu')})"


def _dtypes(device: str) -> str:
    """The number types that `device` computes in."""
    found = [name for name in ("bfloat16", "float16", "float64") if supports_dtype(device, getattr(torch, name))]
    return " ".join(["float32", *found])


def _memory_gib() -> float:
    return float(psutil.virtual_memory().total) / GIB


def _nvidia_card() -> str:
    """The name of an NVIDIA card according to nvidia-smi; empty if there is none."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ""
    try:
        found = subprocess.run(
            [tool, "--query-gpu=name", "--format=csv,noheader"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout.splitlines()[0].strip() if found.stdout.strip() else ""
