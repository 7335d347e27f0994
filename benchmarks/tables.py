"""Rows of results as tables that people read, and as JSON that programs read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mapgan import files

Row = dict[str, Any]
Column = tuple[str, Callable[[Row], str]]
GIB = 2**30


def number(name: str, form: str, scale: float = 1.0) -> Callable[[Row], str]:
    """How to write what a row has under `name`: a dash if it has nothing."""
    return lambda row: format(row[name] / scale, form) if row.get(name) is not None else "-"


def word(name: str) -> Callable[[Row], str]:
    """What a row has under `name`."""
    return lambda row: str(row.get(name, "-"))


def ratio(over: str, under: str) -> Callable[[Row], str]:
    """One thing over another."""
    return lambda row: f"{row[over] / row[under]:.3f}" if row.get(over) and row.get(under) else "-"


def _size(row: Row) -> str:
    return f"{row['size']}²"


def _share(row: Row) -> str:
    return f"{row['share']:.0%} of {row['binds']}" if "share" in row else "-"


def _memory(row: Row) -> str:
    return f"{row['memory']:g}" if row["memory"] else "all"


STEP: list[Column] = [
    ("size", _size),
    ("batch", word("batch")),
    ("precision", word("precision")),
    ("checkpointing", word("checkpointing")),
    ("micro-batch", word("micro_batch")),
    ("compile", lambda row: "yes" if row["compile"] else "no"),
    ("images/s", number("images_per_second", ".2f")),
    ("s/step", number("seconds", ".3f")),
    ("peak GiB", number("peak", ".3f", GIB)),
    ("predicted GiB", number("predicted", ".3f", GIB)),
    ("share of the limit", _share),
    ("first two steps, s", number("first_seconds", ".1f")),
]
PLAN: list[Column] = [STEP[0], ("card, GiB", _memory), *STEP[1:5], *STEP[6:]]
DATA: list[Column] = [
    *STEP[:3],
    ("fixed batch, s/step", number("fixed_seconds", ".4f")),
    ("from the disk", number("disk_more", "+.1%")),
    ("kept on the device", number("device_more", "+.1%")),
    ("turns", word("turns")),
]
PREDICTION: list[Column] = [
    *STEP[:4],
    ("loss", word("loss")),
    ("predicted GiB", number("predicted", ".4f", GIB)),
    ("peak GiB", number("peak", ".4f", GIB)),
    ("predicted/peak", ratio("predicted", "peak")),
]
ON_GPU: list[Column] = [
    ("after the first two steps", number("later_peak", ".4f", GIB)),
    ("reserved GiB", number("reserved", ".4f", GIB)),
    ("reserved/predicted", ratio("reserved", "predicted")),
]
TITLES = {
    "plan": ("What the plan chose", PLAN),
    "data": ("Real images against a fixed batch", DATA),
    "grid": ("Size x precision x checkpointing x compile", STEP),
    "prediction": ("Predicted against measured peak", PREDICTION),
}
HELD = {
    "cuda": "the most bytes that CUDA's allocator gave to tensors, from before the networks were built; the first "
    "two steps include what cuDNN took to try its kernels",
    "cpu": "the most bytes that torch's CPU allocator held, from before the networks were built; what oneDNN takes "
    "for itself is not in it",
}


def write(path: Path, about: Row, rows: dict[str, list[Row]]) -> None:
    """Write `path`.md and `path`.json; `about` says what was measured on, `rows` are by kind."""
    files.write_json(path.with_suffix(".json"), {"about": about, "rows": rows})
    parts = [f"# {about['title']}: {about['device']}", _preamble(about, speed="prediction" not in rows)]
    for kind, (title, columns) in TITLES.items():
        if rows.get(kind):
            more = ON_GPU if kind == "prediction" and about["kind"] == "cuda" else []
            parts += [f"## {title}", table(rows[kind], [*columns, *more])]
    files.write_text(path.with_suffix(".md"), "\n\n".join(parts) + "\n")


def _preamble(about: Row, speed: bool) -> str:
    """How it was measured, and on what; `speed`: also of the times."""
    limits = ", ".join(f"{name} {flops / 1e12:.3g}" for name, flops in about["flops"].items())
    of_speed = [
        f"measured limits: matrix product or convolution, TFLOP/s: {limits}; copy, read and written: "
        f"{about['bytes'] / 1e9:.3g} GB/s",
        "time: of the fastest cycle from one penalty to the next, a mean over its steps",
        "share of the limit: the time that the step's arithmetic, or the tensors that its operations read and write "
        "one by one, would take at the measured limits, over the step's time; whichever is more. Compiled steps are "
        "held against the same counts, though they move less",
        f"other processes took {about['others']:.0%} of the CPU's time meanwhile",
    ]
    lines = [
        f"torch {about['torch']}, accelerate {about['accelerate']}, networks of the preset `{about['preset']}`",
        f"peak: {HELD.get(about['kind'], 'not measured on this device')}",
        *(of_speed if speed else []),
        f"made by `{about['command']}`" + (f"; left out for want of time: {about['left']}" if about["left"] else ""),
    ]
    return "\n".join(f"- {line}" for line in lines)


def table(rows: list[Row], columns: list[Column]) -> str:
    """A table in Markdown; rows that went wrong say how, below it."""
    lines = ["| " + " | ".join(title for title, _ in columns) + " |", "|" + "---|" * len(columns)]
    notes = []
    for row in rows:
        cells = [write_cell(row) for _, write_cell in columns]
        if "note" in row:
            notes.append(f"- {', '.join(cells[:5])}: {row['note']}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines + (["", *notes] if notes else []))
