"""Measures the speed and the memory of a training step, and how close it comes to the limits of the device.

    python benchmarks/train_step.py                 all speed tables; less than 8 minutes on a GPU
    python benchmarks/train_step.py --quick         small sizes: minutes on two CPU cores
    python benchmarks/train_step.py --prediction    predicted and measured memory of 17 configurations

Results go to `benchmarks/results/`, in files named after the device, which are rewritten after each row.

On a machine with torch and accelerate but without mapgan, run it in the root of the repository with `PYTHONPATH=.`. In
addition to the dependencies of accelerate (numpy, psutil, safetensors) and torch (filelock) it needs the wheels
pydantic, pydantic-core, annotated-types, typing-inspection and ruamel.yaml.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # the profiler logs when it starts and stops

import accelerate
import torch
from cases import cases, prediction_cases
from device_limits import Limits, OtherLoad, device_name, measure_limits, slug
from measuring import Row, measure
from tables import TITLES, table, write

from mapgan.errors import exit_on_error
from mapgan.params import Machine
from mapgan.training.device.device import find_device, keep_freed_memory, set_threads

PRESETS = {"cpu": "maps-64-cpu", "cuda": "maps-768-24gb", "mps": "maps-768-24gb"}
RESERVE = 1.5  # a row is started only if this many times the longest row of its kind is left
GUESS = {True: 60.0, False: 5.0}  # seconds for the first row of a kind, compiled or not


def main() -> None:
    """Measure the cases one after the other, until the time is up."""
    options = parse_arguments()
    begin, other_load = time.monotonic(), OtherLoad()
    device = set_up_device(options.device)
    preset = options.preset or PRESETS[device.type]
    if options.prediction:
        todo = prediction_cases(device.type, options.quick)
    else:
        todo = cases(device.type, options.quick, options.memory)
    limits = measure_limits(device, {case.precision for case in todo})
    about = describe(device, preset, limits, options.prediction)
    path = options.out / f"{slug(about['device'])}-{'prediction' if options.prediction else 'train-step'}"
    rows: dict[str, list[Row]] = {}
    longest: dict[tuple[str, bool], float] = {}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = folder  # a warm cache would skip compilation
        for number, case in enumerate(todo):
            kind, start = (case.kind, case.compile), time.monotonic()
            if start - begin + RESERVE * longest.get(kind, GUESS[case.compile]) > 60 * options.minutes:
                about["skipped"] += 1
                continue
            row = measure(case, preset, device, limits, Path(folder), options.seconds)
            longest[kind] = max(longest.get(kind, 0.0), time.monotonic() - start)
            rows.setdefault(case.kind, []).append(row)
            print_row(row, len(rows[case.kind]) == 1, f"({number + 1}/{len(todo)}, {time.monotonic() - start:.0f} s)")
            write(path, about | {"others": other_load.fraction()}, rows)
    write(path, about | {"others": other_load.fraction()}, rows)
    print(f"\nin {time.monotonic() - begin:.0f} s: {path}.md")


def set_up_device(name: str) -> torch.device:
    """The device `name`, with threads and allocator configured as in a training run."""
    with exit_on_error():
        device = find_device(Machine.model_validate({"device": name}))
    set_threads(0)
    if device.type == "cpu":
        keep_freed_memory()
    return device


def describe(device: torch.device, preset: str, limits: Limits, prediction: bool) -> Row:
    """The machine, the versions and the command line."""
    arguments = sys.argv[1:]
    if "--out" in arguments:  # has no influence on the results
        index = arguments.index("--out")
        del arguments[index : index + 2]
    return {
        "title": "Memory of a training step" if prediction else "A training step",
        "device": device_name(device),
        "kind": device.type,
        "torch": torch.__version__,
        "accelerate": accelerate.__version__,
        "preset": preset,
        "flops": limits.flops,
        "bytes": limits.bytes,
        "command": " ".join(["python benchmarks/train_step.py", *arguments]),
        "skipped": 0,
    }


def parse_arguments() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--prediction", action="store_true", help="the table of predicted and measured memory")
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"])
    parser.add_argument("--memory", type=float, default=24.0, metavar="GIB", help="memory that the plan assumes [24]")
    parser.add_argument("--preset", help="base settings [maps-64-cpu on the CPU, else maps-768-24gb]")
    parser.add_argument("--seconds", type=float, default=3.0, help="time per row; at least one cycle is measured [3]")
    parser.add_argument(
        "--minutes", type=float, default=7.5, help="rows that would take longer than this in total are skipped [7.5]"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(__file__).parent / "results",
        metavar="DIR",
        help="folder of the results [benchmarks/results]",
    )
    return parser.parse_args()


def print_row(row: Row, first: bool, progress: str) -> None:
    """Print a row, under a heading if it is the first one of its table."""
    title, columns = TITLES[row["kind"]]
    head, rule, *lines = table([row], columns).splitlines()
    print("\n".join([f"\n{title}", head, rule, *lines] if first else lines), progress, flush=True)


if __name__ == "__main__":
    main()
