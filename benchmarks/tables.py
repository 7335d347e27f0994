"""Writes rows of results as Markdown tables and as JSON."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mapgan import files

Row = dict[str, Any]
Column = tuple[str, Callable[[Row], str]]
GIB = 2**30


def number(name: str, form: str, scale: float = 1.0) -> Callable[[Row], str]:
    """Formats the number `name` of a row, divided by `scale`; a dash if the row lacks it."""
    return lambda row: format(row[name] / scale, form) if row.get(name) is not None else "-"


def word(name: str) -> Callable[[Row], str]:
    """The value `name` of a row as it is."""
    return lambda row: str(row.get(name, "-"))


def ratio(numerator: str, denominator: str) -> Callable[[Row], str]:
    """The ratio of two values of a row."""
    return lambda row: (
        f"{row[numerator] / row[denominator]:.3f}" if row.get(numerator) and row.get(denominator) else "-"
    )


def _size(row: Row) -> str:
    return f"{row['size']}²"


def _fraction_of_limit(row: Row) -> str:
    return f"{row['fraction_of_limit']:.0%} of {row['limit']}" if "limit" in row else "-"


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
    ("fraction of limit", _fraction_of_limit),
    ("first two steps, s", number("first_seconds", ".1f")),
]
PLAN: list[Column] = [STEP[0], ("card, GiB", _memory), *STEP[1:5], *STEP[6:]]
DATA: list[Column] = [
    *STEP[:3],
    ("fixed batch, s/step", number("fixed_seconds", ".4f")),
    ("from disk", number("disk_overhead", "+.1%")),
    ("resident on the device", number("device_overhead", "+.1%")),
    ("rounds", word("rounds")),
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
    "plan": ("The memory plan's choice", PLAN),
    "data": ("Real batches compared with a fixed batch", DATA),
    "grid": ("Size x precision x checkpointing x compile", STEP),
    "prediction": ("Predicted and measured peak", PREDICTION),
}
PEAK = {
    "cuda": "maximum bytes of tensors in CUDA's allocator, from before the networks were built; the first two steps "
    "include the workspaces of cuDNN's benchmarks",
    "cpu": "maximum bytes in torch's CPU allocator, from before the networks were built; oneDNN's own buffers are not "
    "included",
}


def write(path: Path, about: Row, rows: dict[str, list[Row]]) -> None:
    """Write `path`.md and `path`.json; `about` describes the machine and the options, `rows` are grouped by kind."""
    files.write_json(path.with_suffix(".json"), {"about": about, "rows": rows})
    parts = [f"# {about['title']}: {about['device']}", _preamble(about, with_speed="prediction" not in rows)]
    for kind, (title, columns) in TITLES.items():
        if rows.get(kind):
            more = ON_GPU if kind == "prediction" and about["kind"] == "cuda" else []
            parts += [f"## {title}", table(rows[kind], [*columns, *more])]
    files.write_text(path.with_suffix(".md"), "\n\n".join(parts) + "\n")


def _preamble(about: Row, with_speed: bool) -> str:
    """A list of how and on what the rows were measured."""
    limits = ", ".join(f"{name} {flops / 1e12:.3g}" for name, flops in about["flops"].items())
    speed = [
        f"measured limits: matrix product or convolution, TFLOP/s: {limits}; copy, read and written: "
        f"{about['bytes'] / 1e9:.3g} GB/s",
        "time: mean over the steps of the fastest cycle from one penalty to the next",
        "fraction of limit: the time that the step's arithmetic, or the tensors that its operations read and write, "
        "would take at the measured limits, over the step's time; the larger of the two. The counts are those of "
        "uncompiled steps, although compiled ones move fewer bytes",
        f"other processes used {about['others']:.0%} of the CPU time meanwhile",
    ]
    lines = [
        f"torch {about['torch']}, accelerate {about['accelerate']}, preset `{about['preset']}`",
        f"peak: {PEAK.get(about['kind'], 'not measured on this device')}",
        *(speed if with_speed else []),
        f"made by `{about['command']}`"
        + (f"; cases skipped for lack of time: {about['skipped']}" if about["skipped"] else ""),
    ]
    return "\n".join(f"- {line}" for line in lines)


def table(rows: list[Row], columns: list[Column]) -> str:
    """A Markdown table, with the notes of failed rows below it."""
    lines = ["| " + " | ".join(title for title, _ in columns) + " |", "|" + "---|" * len(columns)]
    notes = []
    for row in rows:
        cells = [write_cell(row) for _, write_cell in columns]
        if "note" in row:
            notes.append(f"- {', '.join(cells[:5])}: {row['note']}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines + (["", *notes] if notes else []))
