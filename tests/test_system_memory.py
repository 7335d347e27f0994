"""The memory of a computer and of a container."""

from __future__ import annotations

from pathlib import Path

import pytest

from mapgan.system_memory import container_limit

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
