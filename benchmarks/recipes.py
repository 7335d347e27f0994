"""Compares networks, losses and augmentations at equal training time: the tables of docs/recipes.md.

    python benchmarks/recipes.py --maps demo=data/maps --extractor mobilenet_v2.onnx
    python benchmarks/recipes.py --maps demo=data/maps --only "dcgan-modern, relativistic" --minutes 10
    python benchmarks/recipes.py --maps demo=data/maps --candidates --seeds 0 1 --extractor mobilenet_v2.onnx

Each row is `mapgan train` on a training set made by `mapgan` or `dvc repro resize`, followed by `mapgan evaluate`. On
the CPU two runs with one thread each run at a time, and their CPU time counts, so that the load of other processes
does not matter. On a GPU runs are sequential, and wall-clock time counts. Existing rows are kept; to measure one again,
delete its folder in `--out`.
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
from recipe_list import Recipe, candidates, recipes
from tables import Column, Row, number, table, word

from mapgan import files
from mapgan.params import Machine, load
from mapgan.training.device.device import find_device

PROBES = (20, 320)  # steps; the second run does 280 more, and its startup and snapshots take as long


def main() -> None:
    """Measure all recipes on all training sets; the table is rewritten after each."""
    options = parse_arguments()
    device = find_device(Machine(device="cuda" if torch.cuda.is_available() and options.device != "cpu" else "cpu"))
    if device.type == "cpu":
        torch.set_num_threads(1)  # as in each run; part of the device's name
    find, kind = (candidates, "candidates") if options.candidates else (recipes, "recipes")
    jobs = [
        (name, Path(folder), recipe, seed)
        for name, folder in (pair.split("=", 1) for pair in options.maps)
        for recipe in find(name)
        if options.only in recipe.name
        for seed in options.seeds
    ]
    path = Path(__file__).parent / "results" / f"{slug(device_name(device))}-{kind}"
    with ThreadPoolExecutor(options.at_once if device.type == "cpu" else 1) as pool:
        futures = [pool.submit(measure, options, *job, device) for job in jobs]
        rows: list[Row] = []
        for future in futures:
            rows.append(future.result())
            print(json.dumps(rows[-1]), flush=True)
            write(path, rows, device, options)
    print(f"{path}.md")


def measure(options: argparse.Namespace, name: str, maps: Path, recipe: Recipe, seed: int, device: torch.device) -> Row:
    """Train `recipe` on the training set `name` for `options.minutes`, and evaluate it against the hold-out."""
    run = options.out / f"{name}-{slug(recipe.name)}-{seed}"
    if (run / "row.json").is_file():
        row: Row = files.read_json(run / "row.json")
        return row
    settings = [*recipe.settings, *options.set, f"seed={seed}", "machine.threads=1", f"machine.device={device.type}"]
    command = ["train", str(maps), "--out", str(run), "--preset", options.preset]
    command += [argument for setting in settings for argument in ("--set", setting)]
    shutil.rmtree(run, ignore_errors=True)  # left by an interrupted measurement
    # a longer run continues the shorter one, so nothing is trained twice
    short, long = (mapgan([*command, "--set", f"train.steps={steps}"], device) for steps in PROBES)
    # the second call did the steps beyond the first probe, and both started up once
    seconds = (long - short) / (PROBES[1] - 2 * PROBES[0])  # per step
    steps = round(60 * options.minutes / seconds)
    mapgan([*command, "--set", f"train.steps={steps}"], device)
    mapgan(["evaluate", str(run), "--maps", str(maps), "--extractor", options.extractor], device)
    speed = (run / "results" / "train" / "speed.tsv").read_text().splitlines()
    row = {
        "set": name,
        "recipe": recipe.name,
        "seed": seed,
        "settings": recipe.settings + options.set,
        "minutes": options.minutes,
        "steps": steps,
        "images_per_second": load(run / "params.yaml").train.batch_size / seconds,
        "memory_gib": float(dict(zip(speed[0].split("\t"), speed[-1].split("\t"), strict=True))["memory_gib"]),
        "numbers": files.read_json(run / "results" / "evaluate" / "metrics.json"),
    }
    files.write_json(run / "row.json", row)
    return row


def mapgan(arguments: list[str], device: torch.device) -> float:
    """Run mapgan; returns its CPU time or, with a GPU, its wall-clock time, seconds."""
    start, pipe = time.monotonic(), subprocess.PIPE
    threads = {"OMP_NUM_THREADS": "1"} if device.type == "cpu" else {}
    command = [sys.executable, "-m", "mapgan", *arguments]
    with subprocess.Popen(
        command, env=os.environ | threads, stdout=pipe, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"mapgan {' '.join(arguments)}: {output}")
    return usage.ru_utime + usage.ru_stime if device.type == "cpu" else time.monotonic() - start


def score(row: Row, name: str) -> str:
    """A score and, in brackets, that of real images; KID times 1000."""
    scores = [value for key, value in row["numbers"].items() if key.startswith(name)]
    if not scores:
        return "-"
    scale = 1000 if name == "KID" else 1
    return f"{scale * scores[0]['samples']:.1f} ({scale * scores[0]['real']:.1f})"


COLUMNS: list[Column] = [
    ("set", word("set")),
    ("recipe", word("recipe")),
    ("seed", word("seed")),
    ("minutes", number("minutes", ".1f")),
    ("steps", word("steps")),
    ("images/s", number("images_per_second", ".0f")),
    ("memory, GiB", number("memory_gib", ".2f")),
    ("SWD (real)", lambda row: score(row, "SWD")),
    ("KID x 1000 (real)", lambda row: score(row, "KID")),
    ("coverage (real)", lambda row: score(row, "coverage")),
    ("bits between pairs (real)", lambda row: score(row, "bits between")),
]


def write(path: Path, rows: list[Row], device: torch.device, options: argparse.Namespace) -> None:
    """Write `path`.md and `path`.json."""
    about = {
        "device": device_name(device),
        "torch": torch.__version__,
        "preset": options.preset,
        "extractor": Path(options.extractor).name,
    }
    files.write_json(path.with_suffix(".json"), {"about": about, "rows": rows})
    clock = "CPU minutes of one core" if device.type == "cpu" else "wall-clock minutes"
    head = f"# Recipes: {about['device']}\n\nTimes are {clock}; preset `{options.preset}`; KID by "
    head += f"{about['extractor']}; torch {torch.__version__}\n\n"
    files.write_text(path.with_suffix(".md"), head + table(rows, COLUMNS) + "\n")


def parse_arguments() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--maps", nargs="+", required=True, metavar="NAME=FOLDER", help="training sets")
    parser.add_argument("--extractor", required=True, metavar="FILE.onnx", help="network for the features of KID")
    parser.add_argument("--minutes", type=float, default=5.0, help="training time per row [5]")
    parser.add_argument("--preset", default="maps-64-cpu", help="base settings [maps-64-cpu]")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="settings for all rows")
    parser.add_argument("--candidates", action="store_true", help="what might be better than the defaults")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], metavar="SEED", help="seeds of each row [0]")
    parser.add_argument("--at-once", type=int, default=2, metavar="N", help="runs at a time on the CPU [2]")
    parser.add_argument("--only", default="", metavar="TEXT", help="only recipes with this text in their names")
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    parser.add_argument("--out", type=Path, default=Path("runs/recipes"), metavar="DIR", help="where the runs go")
    return parser.parse_args()


if __name__ == "__main__":
    main()
