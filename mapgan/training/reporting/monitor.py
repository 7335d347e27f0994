"""The log of a run: tables of metrics, messages and the progress bar."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from safetensors import SafetensorError

from mapgan import files
from mapgan.errors import MapganError
from mapgan.memory.budget import GIB
from mapgan.memory.plan import Plan
from mapgan.params import Train
from mapgan.progress import Bar
from mapgan.training.reporting.trouble import TROUBLES, Trouble

Row = dict[str, float]
SPEED = ("images_per_second", "memory_gib")  # in a table of their own, so that the same run writes the same metrics
Columns = tuple[str, ...]
# for each table: the kind of its rows, its columns (empty: all), and the columns to leave out
TABLES: dict[str, tuple[str, Columns, Columns]] = {
    "metrics.tsv": ("metrics", (), SPEED),
    "speed.tsv": ("metrics", ("step", *SPEED), ()),
    "diversity.tsv": ("diversity", (), ()),
    "scores.tsv": ("score", (), ()),
}
TROUBLES_FILE = "troubles.json"
STEPS_TIMED = 5  # one of them has the lazy penalty


class Monitor:
    """Writes metrics into `results`, prints messages, and updates the progress bar.

    Args:
        results: the stage's output folder.
        images_per_step: the global batch size.
        bar: the progress bar.
        quiet: write and print nothing, in processes that are not the main one.
    """

    def __init__(self, results: Path, images_per_step: int, bar: Bar, quiet: bool) -> None:
        self.results, self.bar, self.quiet = results, bar, quiet
        self.rows: list[Row] = []
        self.columns: dict[str, Columns] = {}  # of the tables on disk
        self.warned: set[str] = set()
        self.compiling = False
        self.images_per_step = images_per_step
        self.steps, self.since = 0, time.monotonic()
        self.note = ""

    def report_plan(self, plan: Plan, processes: int, local_batch: int, seconds: float | None) -> None:
        """Log the micro-batch, the checkpointing, the predicted memory, and an estimate for the remaining `seconds`."""
        config = plan.cost.config
        per_process = f"{processes} processes, {local_batch} images each, " if processes > 1 else ""
        self.info(
            f"train: {per_process}micro-batch {config.micro_batch}, checkpointing {config.checkpointing}: "
            f"{plan.cost.peak / GIB:.2f} GiB predicted of {plan.budget / GIB:.1f}"
            + (f", about {duration(seconds)} by a first estimate" if seconds else "")
        )
        self.compiling = seconds is None

    def report_settings(self, train: Train) -> None:
        """Log the numbers that may have been chosen by size and batch size."""
        self.info(
            f"train: learning rates {train.generator_lr:g} (G) and {train.discriminator_lr:g} (D), penalty "
            f"{train.penalty:g}, EMA {train.ema:g}, in trouble {train.watch.policy}"
        )

    def report_peak(self, plan: Plan, measured: float) -> None:
        """Log the peak memory, GiB, beside the prediction."""
        self.info(f"train: {measured:.2f} GiB at the peak, {plan.cost.peak / GIB:.2f} predicted")

    def count_step(self, steps_left: int) -> None:
        """Count a step; after the first few, log how long the remaining ones will take."""
        self.steps += 1
        self.bar.advance(note=self.note)
        if self.steps == 1:
            if self.compiling:
                self.info(f"train: the first step took {duration(time.monotonic() - self.since)}, compiling included")
            self.since = time.monotonic()  # the first step also warms up
        if self.steps == 1 + STEPS_TIMED and steps_left > 0:
            self.info(f"train: {steps_left} steps to go, about {duration(steps_left / self.steps_per_second())}")

    def steps_per_second(self) -> float:
        """Steps per second, without the first step."""
        return (self.steps - 1) / max(time.monotonic() - self.since, 1e-9)

    def log(self, step: int, metrics: Row, memory_gib: float) -> Row:
        """Log the metrics after `step` steps; returns the row with speed and memory added."""
        rate = self.steps_per_second() * self.images_per_step if self.steps > 1 else 0.0
        row = {"step": float(step)} | metrics | {"images_per_second": rate, "memory_gib": memory_gib}
        self._add(row)
        self.note = f"D {row['loss_D']:.3f} G {row['loss_G']:.3f} {rate:.0f} images/s {memory_gib:.1f} GiB"
        return row

    def log_diversity(self, step: int, diversity: float) -> None:
        """Log the diversity of the snapshot of `step`, in a table of its own."""
        self._add({"step": float(step), "diversity": diversity})

    def log_score(self, step: int, name: str, score: float, best: int) -> None:
        """Log the score of `step`, called `name`; the best one so far was at step `best`."""
        self._add({"step": float(step), "score": score})
        comparison = "the best so far" if best == step else f"the best was at step {best}"
        self.info(f"train: {name} {score:.4g} at step {step}, {comparison}")

    def log_trouble(self, step: int, trouble: Trouble, back_to: int | None = None, once: bool = False) -> None:
        """Log a trouble, and the step that the run was rolled back to; `once`: only the first of its kind."""
        number = float(TROUBLES.index(trouble))
        if not once or number not in {row.get("trouble") for row in self.rows}:
            back = {} if back_to is None else {"back_to": float(back_to)}
            self._add({"step": float(step), "trouble": number} | back)

    def restore(self, rows: list[Row]) -> None:
        """Continue from these rows; the tables are rewritten with the next one."""
        self.rows, self.columns = rows, {}

    def write(self) -> None:
        """Rewrite all tables, and the last metrics as JSON."""
        if self.quiet:
            return
        self.columns = {}
        for table, (row_kind, only, without) in TABLES.items():
            rows = [row for row in self.rows if kind(row) == row_kind]
            columns = only or tuple(dict.fromkeys(name for row in rows for name in row if name not in without))
            if rows:
                _write_table(self.results / table, columns, rows)
                self.columns[table] = columns
        self._write_troubles()
        self._write_json()

    def _add(self, row: Row) -> None:
        """Append a row to its tables; a table is rewritten when there is a new column."""
        self.rows.append(row)
        if self.quiet:
            return
        if kind(row) == "trouble":
            self._write_troubles()
            return
        for table, (row_kind, only, without) in TABLES.items():
            if kind(row) == row_kind:
                columns = self.columns.get(table, ())
                # a table that this process has not written may be a hard link into DVC's cache
                if not columns or not (only or {name for name in row if name not in without} <= set(columns)):
                    self.write()
                    return
                with (self.results / table).open("a", encoding="utf-8", newline="\n") as stream:
                    stream.write(_line(columns, row))
        self._write_json()

    def _write_troubles(self) -> None:
        found = [row for row in self.rows if kind(row) == "trouble"]
        if not found:
            (self.results / TROUBLES_FILE).unlink(missing_ok=True)  # of an earlier run
            return
        entries = [
            {"step": int(row["step"]), "trouble": TROUBLES[int(row["trouble"])].name}
            | ({"back_to": int(row["back_to"])} if "back_to" in row else {})
            for row in found
        ]
        files.write_json(self.results / TROUBLES_FILE, entries)

    def _write_json(self) -> None:
        logged = next((row for row in reversed(self.rows) if kind(row) == "metrics"), None)
        if logged is not None:
            last = {name: round(value, 6) for name, value in logged.items() if name not in SPEED}
            files.write_json(self.results / "metrics.json", last)

    def info(self, line: str) -> None:
        """Print a line."""
        if not self.quiet:
            print(f"mapgan: {line}", file=sys.stderr, flush=True)

    def warn_once(self, topic: str, line: str) -> None:
        """Print `line`, unless a line about the same `topic` was printed before."""
        if topic not in self.warned:
            self.warned.add(topic)
            self.info(line)

    @contextlib.contextmanager
    def tolerate_full_disk(self, step: int, fatal: bool = False) -> Iterator[None]:
        """Print a line and continue if the block cannot write its files.

        Raises:
            MapganError: it cannot, and that is `fatal`.
        """
        try:
            yield
        except (OSError, SafetensorError) as error:
            message = f"train: step {step} could not be written ({error})"
            if fatal:
                raise MapganError(message, "make room and run again; it continues from the checkpoint before") from None
            self.warn_once("disk", f"{message}; make room: training continues, and earlier checkpoints are still good")


def kind(row: Row) -> str:
    """The kind of a row: metrics, diversity, score or trouble, each of which is logged at other steps."""
    return next((name for name in ("diversity", "score", "trouble") if name in row), "metrics")


def _write_table(path: Path, columns: Columns, rows: list[Row]) -> None:
    """Tab-separated values, as `dvc plots` reads them; a row may lack a column."""
    files.write_text(path, "".join(["\t".join(columns) + "\n", *(_line(columns, row) for row in rows)]))


def _line(columns: Columns, row: Row) -> str:
    return "\t".join(f"{row[name]:.6g}" if name in row else "" for name in columns) + "\n"


def duration(seconds: float) -> str:
    """Seconds as text: `40 s`, `7 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
