"""Which network, loss and augmentation draws the best maps in equal time: the table behind docs/recipes.md.

    python benchmarks/recipes.py --maps demo=data/maps --extractor mobilenet_v2.onnx
    python benchmarks/recipes.py --maps demo=data/maps --only "dcgan-modern, relativistic" --minutes 10

Each row is a run of `mapgan train` on a training set that `mapgan` or `dvc repro resize` made, then of `mapgan
evaluate`. On the CPU each run has one thread, two run at a time, and the time is that of the processor which the run
itself took: so what else the machine does takes nothing away from it. On a GPU the clock on the wall counts, and they
run one by one. Rows that are there already are kept: to measure one anew, delete its folder below `--out`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from device_limits import device_name, slug
from recipe_list import Recipe, recipes
from tables import Column, Row, number, table, word

from mapgan import files
from mapgan.params import Machine, load
from mapgan.training.device.device import find_device

PROBES = (20, 320)  # steps; the second run does 280 more than the first, and starts and draws as long as that


def main() -> None:
    """Measure all recipes on all sets, and write the table anew after each."""
    options = parsed()
    device = find_device(Machine(device="cuda" if torch.cuda.is_available() and options.device != "cpu" else "cpu"))
    if device.type == "cpu":
        torch.set_num_threads(1)  # as each run has; it stands in the device's name
    jobs = [
        (name, Path(folder), recipe)
        for name, folder in (pair.split("=", 1) for pair in options.maps)
        for recipe in recipes(name)
        if options.only in recipe.name
    ]
    index = Path(__file__).parent / "results" / f"{slug(device_name(device))}-recipes"
    with ThreadPoolExecutor(2 if device.type == "cpu" else 1) as pool:
        futures = [pool.submit(measure, options, name, folder, recipe, device) for name, folder, recipe in jobs]
        rows: list[Row] = []
        for future in futures:
            rows.append(future.result())
            print(json.dumps(rows[-1]), flush=True)
            write(index, rows, device, options)
    print(f"{index}.md")


def measure(options: argparse.Namespace, name: str, maps: Path, recipe: Recipe, device: torch.device) -> Row:
    """Train `recipe` on the set called `name` for as long as `options` say, and hold it against the hold-out."""
    run = options.out / f"{name}-{slug(recipe.name)}"
    if (run / "row.json").is_file():
        found: Row = files.read_json(run / "row.json")
        return found
    requested = [*recipe.settings, *options.set, "machine.threads=1", f"machine.device={device.type}"]
    command = ["train", str(maps), "--out", str(run), "--preset", options.preset]
    command += [word for wish in requested for word in ("--set", wish)]
    shutil.rmtree(run, ignore_errors=True)  # of a measurement that was broken off
    # a longer run goes on where the shorter one ended, so nothing is trained twice
    few, more = (mapgan([*command, "--set", f"train.steps={steps}"], device) for steps in PROBES)
    step = (more - few) / (PROBES[1] - 2 * PROBES[0])
    steps = round(60 * options.minutes / step)
    mapgan([*command, "--set", f"train.steps={steps}"], device)
    mapgan(["evaluate", str(run), "--maps", str(maps), "--extractor", options.extractor], device)
    speed = (run / "results" / "train" / "speed.tsv").read_text().splitlines()
    row = {
        "set": name,
        "recipe": recipe.name,
        "settings": recipe.settings + options.set,
        "minutes": options.minutes,
        "steps": steps,
        "images_per_second": load(run / "params.yaml").train.batch_size / step,
        "memory_gib": float(dict(zip(speed[0].split("\t"), speed[-1].split("\t"), strict=True))["memory_gib"]),
        "numbers": files.read_json(run / "results" / "evaluate" / "metrics.json"),
    }
    files.write_json(run / "row.json", row)
    return row


def mapgan(words: list[str], device: torch.device) -> float:
    """Run mapgan; seconds that it took, of the processor or, beside a GPU, on the wall."""
    start, pipe = time.monotonic(), subprocess.PIPE
    threads = {"OMP_NUM_THREADS": "1"} if device.type == "cpu" else {}
    command = [sys.executable, "-m", "mapgan", *words]
    with subprocess.Popen(
        command, env=os.environ | threads, stdout=pipe, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"mapgan {' '.join(words)}: {said}")
    return usage.ru_utime + usage.ru_stime if device.type == "cpu" else time.monotonic() - start


def score(row: Row, name: str) -> str:
    """A number of the evaluation and, in brackets, what real images have; KID in thousandths."""
    found = [value for key, value in row["numbers"].items() if key.startswith(name)]
    if not found:
        return "-"
    scale = 1000 if name == "KID" else 1
    return f"{scale * found[0]['samples']:.1f} ({scale * found[0]['real']:.1f})"


COLUMNS: list[Column] = [
    ("set", word("set")),
    ("recipe", word("recipe")),
    ("minutes", number("minutes", ".1f")),
    ("steps", word("steps")),
    ("images/s", number("images_per_second", ".0f")),
    ("memory, GiB", number("memory_gib", ".2f")),
    ("SWD (real)", lambda row: score(row, "SWD")),
    ("KID x 1000 (real)", lambda row: score(row, "KID")),
    ("bits between pairs (real)", lambda row: score(row, "bits between")),
]


def write(index: Path, rows: list[Row], device: torch.device, options: argparse.Namespace) -> None:
    """Write `place`.md and `place`.json."""
    about = {
        "device": device_name(device),
        "torch": torch.__version__,
        "preset": options.preset,
        "extractor": Path(options.extractor).name,
    }
    files.write_json(index.with_suffix(".json"), {"about": about, "rows": rows})
    clock = "minutes of one core" if device.type == "cpu" else "minutes on the clock"
    head = f"# Recipes: {about['device']}\n\nTimes are {clock}; networks of the preset `{options.preset}`; KID by "
    head += f"{about['extractor']}; torch {torch.__version__}\n\n"
    files.write_text(index.with_suffix(".md"), head + table(rows, COLUMNS) + "\n")


def parsed() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--maps", nargs="+", required=True, metavar="NAME=FOLDER", help="training sets")
    parser.add_argument("--extractor", required=True, metavar="FILE.onnx", help="whose features give the KID")
    parser.add_argument("--minutes", type=float, default=5.0, help="of training for each row [5]")
    parser.add_argument("--preset", default="maps-64-cpu", help="size and widths [maps-64-cpu]")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="for all rows")
    parser.add_argument("--only", default="", metavar="WORDS", help="only the recipes with these words in their names")
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    parser.add_argument("--out", type=Path, default=Path("runs/recipes"), metavar="DIR", help="where the runs go")
    return parser.parse_args()


if __name__ == "__main__":
    main()
