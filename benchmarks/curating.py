"""Images per second of prune and resize, beside a plain loop of Pillow and one of torchvision that do resize's work.

    python benchmarks/curating.py                      500 and 2,000 images, by all cores
    python benchmarks/curating.py --counts 60 --workers 1

The work: decode a JPEG of 1600 x 1200 pixels, take the centre, scale it to 512 x 512 with an antialiasing filter, write
it as PNG. Resize also packs the set; prune decodes, measures and hashes each image and looks for duplicates, which the
loops do not. CPU time is that of all processes, and tells more than the clock where others use the machine, too. Peak
memory is that of all processes together. Writes `benchmarks/results/<cpu>-curating.md`.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import joblib
import numpy as np
import psutil
import torch
from device_limits import device_name, slug
from joblib.externals.loky import get_reusable_executor
from PIL import Image, ImageOps
from torchvision.io import ImageReadMode, decode_image, write_png
from torchvision.transforms.v2 import functional

from mapgan.collect.manifest import ManifestRow, write_manifest
from mapgan.curate.prune import prune
from mapgan.curate.resize import resize
from mapgan.params import Machine, Prune, Resize

SIZE = (1600, 1200)
SIDE = 512


def main() -> None:
    """Time each way, and write a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=[500, 2000])
    parser.add_argument("--workers", type=int, default=0)
    arguments = parser.parse_args()
    machine = Machine(workers=arguments.workers)
    rows = []
    for count in arguments.counts:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make_images(folder / "raw", count)
            for way, work in ways(folder, machine).items():
                seconds, cpu, peak = measured(work)
                rows.append(f"| {count:,} | {way} | {count / seconds:.1f} | {1000 * cpu / count:.1f} | {peak:.2f} |")
                print(rows[-1], flush=True)
    name = device_name(torch.device("cpu"))
    load = psutil.getloadavg()[2]
    head = (
        f"# Prune and resize\n\n{name}, {machine.workers or joblib.cpu_count()} processes, Pillow {version('pillow')}, "
        f"torchvision {version('torchvision')}; load of the machine in the last 15 minutes: {load:.1f}\n"
    )
    columns = "| images | | images/s | CPU ms per image | peak GiB |\n|---|---|---|---|---|"
    path = Path(__file__).parent / "results" / f"{slug(name)}-curating.md"
    path.write_text("\n".join([head, columns, *rows, ""]), encoding="utf-8")


def ways(folder: Path, machine: Machine) -> dict[str, Callable[[], object]]:
    """What is measured, by name; resize needs what prune has written."""
    raw, pruned = folder / "raw", folder / "pruned"
    settings = Resize(mode="crop", width=SIDE, height=SIDE)
    return {
        "mapgan prune": lambda: prune(Prune(), raw, pruned, machine),
        "mapgan resize": lambda: resize(settings, raw, pruned, folder / "maps", machine),
        "Pillow, one loop": lambda: pillow_loop(raw, folder / "pillow"),
        "torchvision, one loop": lambda: torchvision_loop(raw, folder / "torchvision"),
    }


def make_images(raw: Path, count: int) -> None:
    """JPEG files with patches, lines and grain, no two alike, as scrape leaves them."""
    raw.mkdir()
    rows = []
    for number in range(count):
        generator = np.random.default_rng(number)
        patches = Image.fromarray(generator.integers(40, 216, (12, 16, 3), dtype=np.uint8))
        pixels = np.asarray(patches.resize(SIZE, Image.Resampling.BICUBIC), dtype=np.int16).copy()
        pixels += generator.integers(-12, 13, (*SIZE[::-1], 1), dtype=np.int16)
        pixels[::50] = pixels[:, ::50] = 30
        path = raw / "image.jpg"
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path, quality=88)
        name = f"{hashlib.sha256(path.read_bytes()).hexdigest()}.jpg"
        rows.append(ManifestRow(file=name, url=f"folder:{number}", bytes=path.stat().st_size, group=str(number)))
        path.rename(raw / name)
    write_manifest(raw / "manifest.csv", rows)


def pillow_loop(raw: Path, out: Path) -> None:
    """What a script would do."""
    out.mkdir()
    for path in sorted(raw.glob("*.jpg")):
        with Image.open(path) as image:
            small = ImageOps.fit(image.convert("RGB"), (SIDE, SIDE), Image.Resampling.LANCZOS)
        small.save(out / f"{path.stem}.png")


def torchvision_loop(raw: Path, out: Path) -> None:
    """The same on tensors."""
    out.mkdir()
    for path in sorted(raw.glob("*.jpg")):
        image = decode_image(str(path), ImageReadMode.RGB)
        image = functional.center_crop(image, [min(image.shape[1:])] * 2)
        small = functional.resize(image, [SIDE, SIDE], functional.InterpolationMode.BICUBIC, antialias=True)
        write_png(small, str(out / f"{path.stem}.png"))


def measured(work: Callable[[], object]) -> tuple[float, float, float]:
    """Seconds, CPU seconds of this process and its children, and their peak memory in GiB."""
    start, before = time.perf_counter(), cpu_seconds()
    peak, done = 0.0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.2):
            peak = max(peak, memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    work()
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    get_reusable_executor().shutdown()  # only children that have ended are counted
    return seconds, cpu_seconds() - before, max(peak, memory())


def cpu_seconds() -> float:
    """Of this process and of its children that have ended."""
    times = psutil.Process().cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def memory() -> float:
    """Resident memory of this process and its children, GiB."""
    total, process = 0, psutil.Process()
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total / 2**30


if __name__ == "__main__":
    main()
