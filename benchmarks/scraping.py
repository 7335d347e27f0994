"""A scrape of many small images from nginx on this machine, without delay, beside `wget -r` of the same site.

    python benchmarks/scraping.py [--images 1000,10000] [--repeats 3]      minutes; needs nginx and wget

Both are run in turn, so that other work on the machine slows both. Writes `benchmarks/results/<cpu>-scraping.md`.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from device_limits import device_name, slug
from nginx import serving
from PIL import Image
from torch import device

PER_FOLDER = 100
SIDE = 24  # pixels
MIB = 2**20


class Run(NamedTuple):
    """One scrape: seconds by the clock and of CPU time, and memory at its peak, MiB."""

    seconds: float
    cpu: float
    memory: float


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", default="1000,10000", help="numbers of images")
    parser.add_argument("--repeats", type=int, default=3, help="how often; the medians are shown")
    options = parser.parse_args()
    rows = []
    for count in map(int, options.images.split(",")):
        with tempfile.TemporaryDirectory(prefix="mapgan-scrape-") as name:
            rows += measure(count, options.repeats, Path(name))
    name = device_name(device("cpu"))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    head = f"""# A scrape of small images

{name}, {os.cpu_count()} cores shared with other work (load averages at the end: {load}); nginx on the same machine,
directory indexes of {PER_FOLDER} images, PNG of {SIDE} x {SIDE} pixels; medians of {options.repeats} runs, in turn.
Both keep the connection. mapgan also decodes and hashes each image, and keeps a journal that a kill cannot damage.

| images | program | seconds | images/s | CPU seconds | peak memory, MiB |
|---|---|---|---|---|---|"""
    text = "\n".join([head, *rows, ""])
    (Path(__file__).parent / "results" / f"{slug(name)}-scraping.md").write_text(text, encoding="utf-8")
    print(text)


def measure(count: int, repeats: int, folder: Path) -> list[str]:
    """Rows of the table for a site of `count` images."""
    _make_site(folder / "site", count)
    runs: dict[str, list[Run]] = {"`wget -r`": [], "`mapgan collect`": []}
    with serving(folder / "site", folder / "nginx") as url:
        for repeat in range(repeats):
            out = folder / f"mapgan-{repeat}"
            settings = [f"scrape.download.{setting}" for setting in ("delay=0", "max_failed=0")]
            settings.append(f"scrape.gallery.max_images={count}")
            settings.append(f"scrape.gallery.max_pages={count}")
            mapgan = [sys.executable, "-m", "mapgan", "collect", url, "--out", str(out)]
            mapgan += [option for setting in settings for option in ("--set", setting)]
            wget = ["wget", "-r", "-q", "-np", "-P", str(folder / f"wget-{repeat}"), url]
            for program, command in zip(runs, (wget, mapgan), strict=True):
                runs[program].append(_run(command))
            assert len(list(out.glob("*.png"))) == count
    rows = []
    for program, several in runs.items():
        seconds, cpu, memory = (statistics.median(values) for values in zip(*several, strict=True))
        rows.append(f"| {count} | {program} | {seconds:.1f} | {count / seconds:.0f} | {cpu:.1f} | {memory:.0f} |")
    return rows


def _make_site(root: Path, count: int) -> None:
    random = np.random.default_rng(0)
    for number in range(count):
        path = root / f"{number // PER_FOLDER:04}" / f"{number:06}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)).save(path)


def _run(command: list[str]) -> Run:
    before = os.times().elapsed
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    memory = 0.0
    while True:
        memory = max(memory, _peak(process.pid))  # ru_maxrss would be that of this process, which it was forked from
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
        time.sleep(0.1)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit code {process.returncode}")
    return Run(os.times().elapsed - before, usage.ru_utime + usage.ru_stime, memory)


def _peak(process: int) -> float:
    """The peak memory of a process so far, MiB; 0 if it has ended."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 / MIB if found else 0.0


if __name__ == "__main__":
    main()
