"""The memory of this computer, or of the container that this process runs in."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil


def total_memory() -> int:
    """Bytes of memory that this computer has, in use or not, or that its container may use."""
    return min(psutil.virtual_memory().total, container_limit() or sys.maxsize)


def container_limit(root: Path = Path("/")) -> int | None:
    """Bytes that the control groups of this process may use, versions 1 and 2; None if there is no limit.

    Args:
        root: parent folder of `proc` and `sys`.
    """
    limits = []
    for group, name in _control_groups(root):
        for folder in (group, *group.parents):  # a limit applies to all groups below
            if folder == root / "sys/fs":
                break
            with contextlib.suppress(OSError, ValueError):  # "max", which is not a number, means no limit
                limits.append(int((folder / name).read_text(encoding="ascii")))
    return min(limits, default=None)


def _control_groups(root: Path) -> Iterator[tuple[Path, str]]:
    """The folder of each control group of this process that limits memory, and the name of the file with the limit."""
    with contextlib.suppress(OSError):
        for line in (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            number, controllers, path = line.split(":", 2)
            relative = path.lstrip("/")
            if number == "0" and not controllers:
                yield root / "sys/fs/cgroup" / relative, "memory.max"
            elif "memory" in controllers.split(","):
                yield root / "sys/fs/cgroup/memory" / relative, "memory.limit_in_bytes"
