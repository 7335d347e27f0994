"""Which preset a run gets where the user has chosen none."""

from __future__ import annotations

from pathlib import Path

import pytest

from mapgan.collect.manifest import ManifestRow, write_manifest
from mapgan.commands.auto_preset import GIB, choose_preset, median_side

CASES = [
    (900, 0, False, "maps-64-cpu", "there is no GPU"),
    (900, 12 * GIB, False, "maps-64-cpu", "the GPU has 12 GiB, maps-768-24gb needs 20"),
    (500, 24 * GIB, False, "maps-64-cpu", "half of the images are less than 768 pixels wide or high"),
    (900, 24 * GIB, False, "maps-768-24gb", "the GPU has 24 GiB and the images are large enough"),
    (28, 24 * GIB, True, "mnist-dcgan", "the images are as small as digits"),
    (28, 0, False, "maps-64-cpu", "there is no GPU"),
    (64, 0, True, "maps-64-cpu", "there is no GPU"),
]


@pytest.mark.parametrize(("side", "memory", "ready_made", "preset", "why"), CASES)
def test_choose_preset(side: float, memory: int, ready_made: bool, preset: str, why: str) -> None:
    choice = choose_preset(side, memory, ready_made)
    assert (choice.preset, choice.why) == (preset, why)


def test_median_side_ignores_failed_rows(tmp_path: Path) -> None:
    sizes = [(100, 300), (500, 200), (900, 700)]
    rows = [
        ManifestRow(file=f"{i:064x}.png", url=f"folder:{i}.png", width=width, height=height)
        for i, (width, height) in enumerate(sizes)
    ]
    write_manifest(tmp_path / "manifest.csv", [*rows, ManifestRow(url="folder:bad.png", status="failed")])
    assert median_side(tmp_path) == 200
