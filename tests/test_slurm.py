"""The SLURM script, as two machines over loopback; `srun` and `scontrol` are played by scripts in a PATH of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mapgan import files
from tests.conftest import TINY

SCRIPT = Path(__file__).parents[1] / "examples" / "slurm.sbatch"
SRUN = """#!{python}
import os, signal, subprocess, sys
command = sys.argv[1:]
while command[0].startswith("--"):
    command.pop(0)
tasks = [subprocess.Popen(command, env=os.environ | {{"SLURM_NODEID": str(node)}}) for node in range(2)]
signal.signal(signal.SIGTERM, lambda number, _: [task.send_signal(number) for task in tasks])
sys.exit(max(abs(task.wait()) for task in tasks))
"""
SCONTROL = """#!/bin/sh
if [ "$1" = show ]; then echo localhost; echo localhost; else echo "$@" >> "{asked}"; fi
"""

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


@pytest.fixture
def cluster(tmp_path: Path) -> dict[str, str]:
    """What the environment of a job on two machines without GPUs is."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in (("srun", SRUN), ("scontrol", SCONTROL)):
        (tools / name).write_text(text.format(python=sys.executable, asked=tmp_path / "asked"))
        (tools / name).chmod(0o755)
    return os.environ | {
        "PATH": os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.environ["PATH"]]),
        "SLURM_JOB_ID": str(os.getpid()),
        "SLURM_JOB_NODELIST": "localhost,localhost",
        "SLURM_JOB_NUM_NODES": "2",
        "PROCESSES_PER_NODE": "1",
        "ACCELERATE_USE_CPU": "true",
        "GLOO_SOCKET_IFNAME": "lo",
        "OMP_NUM_THREADS": "1",
    }


def submitted(maps: Path, out: Path, cluster: dict[str, str]) -> subprocess.Popen[str]:
    """The script, begun."""
    settings = [
        word for setting in [*TINY, "train.steps=300", "train.snapshot_every=100"] for word in ("--set", setting)
    ]
    return subprocess.Popen(
        ["bash", str(SCRIPT), str(maps), "--out", str(out), *settings],
        env=cluster,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_the_script_can_be_read() -> None:
    assert subprocess.run(["bash", "-n", str(SCRIPT)]).returncode == 0
    if checker := shutil.which("shellcheck"):
        found = subprocess.run([checker, str(SCRIPT)], capture_output=True, text=True)
        assert found.returncode == 0, found.stdout


@pytest.mark.soak
def test_a_job_that_was_should_stop_is_queued_again_and_ends_alike(
    squares: Path, tmp_path: Path, cluster: dict[str, str]
) -> None:
    job = submitted(squares, tmp_path / "whole", cluster)
    said, _ = job.communicate(timeout=120)
    assert job.returncode == 0, said
    assert "2 processes, 2 images each" in said
    assert not (tmp_path / "asked").exists()

    job = submitted(squares, tmp_path / "parted", cluster)
    deadline = time.monotonic() + 60
    while not (tmp_path / "parted/results/train/metrics.tsv").is_file() and time.monotonic() < deadline:
        time.sleep(0.05)
    job.send_signal(signal.SIGTERM)
    said, _ = job.communicate(timeout=60)
    assert job.returncode != 0
    assert "stopped after step" in said
    assert (tmp_path / "asked").read_text() == f"requeue {cluster['SLURM_JOB_ID']}\n"

    job = submitted(squares, tmp_path / "parted", cluster)
    said, _ = job.communicate(timeout=120)
    assert job.returncode == 0, said
    assert "continues after step" in said
    whole, parted = (files.sha256_file(tmp_path / run / "generator.safetensors") for run in ("whole", "parted"))
    assert parted == whole
