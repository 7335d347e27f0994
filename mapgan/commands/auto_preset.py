"""The preset for this machine and these images, where the user has not chosen one."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path

from mapgan.collect.manifest import read_manifest

GIB = 2**30
CPU_PRESET = "maps-64-cpu"
SMALL_PRESET, SMALL_SIDE = "mnist-dcgan", 48
GPU_PRESET, GPU_SIDE, GPU_GIB = "maps-768-24gb", 768, 20


@dataclass(frozen=True)
class Choice:
    """A preset, and the reason as text."""

    preset: str
    why: str


def choose_preset(side: float, gpu_bytes: int, ready_made: bool = False) -> Choice:
    """The preset for images whose shorter side is `side` pixels, on a GPU with `gpu_bytes` of memory (0: none)."""
    gpu_gib = gpu_bytes / GIB
    if ready_made and side < SMALL_SIDE:
        return Choice(SMALL_PRESET, "the images are as small as digits")
    if not gpu_bytes:
        return Choice(CPU_PRESET, "there is no GPU")
    if gpu_gib < GPU_GIB:
        return Choice(CPU_PRESET, f"the GPU has {gpu_gib:.0f} GiB, {GPU_PRESET} needs {GPU_GIB}")
    if side < GPU_SIDE:
        return Choice(CPU_PRESET, f"half of the images are less than {GPU_SIDE} pixels wide or high")
    return Choice(GPU_PRESET, f"the GPU has {gpu_gib:.0f} GiB and the images are large enough")


def median_side(raw: Path) -> float:
    """The median of the images' shorter sides, pixels, from the manifest in `raw`."""
    sides = [min(row.width, row.height) for row in read_manifest(raw / "manifest.csv") if row.status == "ok"]
    return statistics.median(sides) if sides else 0.0
