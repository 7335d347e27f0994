"""Prune and resize, killed at any moment and run again, end with what they write undisturbed."""

import contextlib
import random
import signal
import subprocess
import sys
import time

import psutil
import pytest

from .conftest import encoded, map_image

pytestmark = pytest.mark.soak


def command(folder, out):
    return [
        sys.executable,
        "-m",
        "mapgan",
        "resize",
        str(folder),
        "--size",
        "96x96",
        "--mode",
        "crop",
        "--out",
        str(out),
    ]


def written(out):
    return {
        str(path.relative_to(out)): path.read_bytes()
        for part in ("pruned", "maps")
        for path in sorted((out / part).rglob("*"))
        if path.is_file()
    }


def test_killed_at_random_moments_and_run_again(tmp_path):
    folder = tmp_path / "heap"
    folder.mkdir()
    for seed in range(60):
        (folder / f"{seed}.png").write_bytes(encoded(map_image(seed % 50, (400, 300))))
    start = time.monotonic()
    subprocess.run(command(folder, tmp_path / "whole"), check=True, capture_output=True)
    seconds = time.monotonic() - start
    moments, orphans = random.Random(0), []
    for _ in range(8):
        process = subprocess.Popen(command(folder, tmp_path / "killed"), stderr=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(moments.uniform(0.2, 1) * seconds)
        if process.poll() is None:
            orphans += psutil.Process(process.pid).children(recursive=True)  # finish what they have in hand
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run(command(folder, tmp_path / "killed"), check=True, capture_output=True)
    for worker in orphans:
        with contextlib.suppress(psutil.NoSuchProcess):
            worker.kill()
    assert written(tmp_path / "killed") == written(tmp_path / "whole")
