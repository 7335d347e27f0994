"""How fast a training step is, what memory it takes, and how near it comes to what the device can do.

    python benchmarks/train_step.py                 all tables of speed; on one GPU in less than 8 minutes
    python benchmarks/train_step.py --quick         small sizes: minutes on two CPU cores
    python benchmarks/train_step.py --prediction    predicted against measured memory, over 17 combinations

Results go to `benchmarks/results/`, named after the device, and are written anew after each row.

Where torch and accelerate are there but mapgan is not, run it in the repository's root with `PYTHONPATH=.`; beside
what comes with accelerate (numpy, psutil, safetensors) and torch (filelock) it needs the wheels pydantic,
pydantic-core, annotated-types, typing-inspection and ruamel.yaml.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # the profiler would say when it starts and stops

import accelerate
import torch
from cases import cases, prediction_cases
from device_limits import Bystanders, Limits, device_name, measure_limits, slug
from measuring import Row, measure
from tables import TITLES, table, write

from mapgan.errors import exit_on_error
from mapgan.params import Machine
from mapgan.training.device.device import find_device, keep_freed_memory, set_threads

PRESETS = {"cpu": "maps-64-cpu", "cuda": "maps-768-24gb", "mps": "maps-768-24gb"}
RESERVE = 1.5  # a row is begun only if this many times the longest so far of its kind is left
GUESS = {True: 60.0, False: 5.0}  # seconds for the first row of a kind, compiled or not


def main() -> None:
    """Measure row by row for as long as there is time."""
    options = parsed()
    progress, bystanders = time.monotonic(), Bystanders()
    device = chosen_device(options.device)
    preset = options.preset or PRESETS[device.type]
    if options.prediction:
        todo = prediction_cases(device.type, options.quick)
    else:
        todo = cases(device.type, options.quick, options.memory)
    limits = measure_limits(device, {case.precision for case in todo})
    about = described(device, preset, limits, options.prediction)
    path = options.out / f"{slug(about['device'])}-{'prediction' if options.prediction else 'train-step'}"
    rows: dict[str, list[Row]] = {}
    longest: dict[tuple[str, bool], float] = {}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = folder  # what was compiled before would not be compiled again
        for number, case in enumerate(todo):
            kind, start = (case.kind, case.compile), time.monotonic()
            if start - progress + RESERVE * longest.get(kind, GUESS[case.compile]) > 60 * options.minutes:
                about["left"] += 1
                continue
            row = measure(case, preset, device, limits, Path(folder), options.seconds)
            longest[kind] = max(longest.get(kind, 0.0), time.monotonic() - start)
            rows.setdefault(case.kind, []).append(row)
            info(row, len(rows[case.kind]) == 1, f"({number + 1}/{len(todo)}, {time.monotonic() - start:.0f} s)")
            write(path, about | {"others": bystanders.fraction()}, rows)
    write(path, about | {"others": bystanders.fraction()}, rows)
    print(f"\nin {time.monotonic() - progress:.0f} s: {path}.md")


def chosen_device(wanted: str) -> torch.device:
    """The device, with threads and allocator set up as for a training run."""
    with exit_on_error():
        device = find_device(Machine.model_validate({"device": wanted}))
    set_threads(0)
    if device.type == "cpu":
        keep_freed_memory()
    return device


def described(device: torch.device, preset: str, limits: Limits, prediction: bool) -> Row:
    """What was measured on, and how."""
    words = sys.argv[1:]
    if "--out" in words:  # where the results go says nothing of them
        index = words.index("--out")
        del words[index : index + 2]
    return {
        "title": "Memory of a training step" if prediction else "A training step",
        "device": device_name(device),
        "kind": device.type,
        "torch": torch.__version__,
        "accelerate": accelerate.__version__,
        "preset": preset,
        "flops": limits.flops,
        "bytes": limits.bytes,
        "command": " ".join(["python benchmarks/train_step.py", *words]),
        "left": 0,
    }


def parsed() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--prediction", action="store_true", help="the table of predicted against measured memory")
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"])
    parser.add_argument("--memory", type=float, default=24.0, metavar="GIB", help="card that the plan is for [24]")
    parser.add_argument("--preset", help="whose networks [maps-64-cpu on the CPU, maps-768-24gb elsewhere]")
    parser.add_argument("--seconds", type=float, default=3.0, help="time for each row, at least one cycle [3]")
    parser.add_argument("--minutes", type=float, default=7.5, help="no row is begun that would take it past this [7.5]")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results", metavar="DIR")
    return parser.parse_args()


def info(row: Row, first: bool, progress: str) -> None:
    """Print what has just been measured, under a heading if it is the first of its table."""
    title, columns = TITLES[row["kind"]]
    head, rule, *lines = table([row], columns).splitlines()
    print("\n".join([f"\n{title}", head, rule, *lines] if first else lines), progress, flush=True)


if __name__ == "__main__":
    main()
