"""What a run says of itself: rows of metrics, snapshots, a progress bar, one line on how long it will take."""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path

from mapgan import files
from mapgan.errors import MapganError
from mapgan.progress import Bar

Row = dict[str, float]
STEPS_TIMED = 5  # so that a step with the lazy penalty is among them


class Monitor:
    """Writes `metrics.tsv` and `metrics.json` into `results` and keeps the progress bar up to date.

    Args:
        results: the stage's output folder.
        rows: the rows of the run so far.
        pictures_per_step: the global batch size.
        quiet: for processes that are not the main one.
    """

    def __init__(self, results: Path, rows: list[Row], pictures_per_step: int, bar: Bar, quiet: bool) -> None:
        self.results, self.rows, self.bar, self.quiet = results, rows, bar, quiet
        self.pictures_per_step = pictures_per_step
        self.steps, self.since = 0, time.monotonic()
        self.note = ""

    def stepped(self, steps_left: int) -> None:
        """Count a step; after the first few, say how long the rest will take."""
        self.steps += 1
        self.bar.advance(note=self.note)
        if self.steps == 1:
            self.since = time.monotonic()  # the first step also warms up
        if self.steps == 1 + STEPS_TIMED and steps_left > 0:
            self.say(f"train: {steps_left} steps to go, about {duration(steps_left / self.steps_per_second())}")

    def steps_per_second(self) -> float:
        """Steps per second so far, without the first."""
        return (self.steps - 1) / max(time.monotonic() - self.since, 1e-9)

    def log(self, step: int, metrics: Row, memory_gib: float) -> None:
        """Take a row of metrics for `step` (steps done) and write all rows."""
        row = {"step": float(step)} | metrics
        self.rows.append(row)
        rate = self.steps_per_second() * self.pictures_per_step if self.steps > 1 else 0.0
        self.note = (
            f"D {row['loss_discriminator']:.3f} G {row['loss_generator']:.3f} "
            f"{rate:.0f} pictures/s {memory_gib:.1f} GiB"
        )
        self.write()

    def write(self) -> None:
        """Write every row to `metrics.tsv` and the last one to `metrics.json`."""
        if self.quiet or not self.rows:
            return
        columns = list(self.rows[0])
        lines = ["\t".join(columns)] + ["\t".join(f"{row[name]:.6g}" for name in columns) for row in self.rows]
        files.write_text(self.results / "metrics.tsv", "\n".join(lines) + "\n")
        files.write_json(self.results / "metrics.json", {name: round(self.rows[-1][name], 6) for name in columns})

    def say(self, line: str) -> None:
        """One line for the person at the terminal."""
        if not self.quiet:
            print(f"mapgan: {line}", file=sys.stderr, flush=True)


def check_finite(metrics: Row, step: int) -> None:
    """Stop a run whose numbers ran away, before its state is saved over a good one.

    Raises:
        MapganError: a metric is infinite or not a number.
    """
    bad = [name for name, value in metrics.items() if not math.isfinite(value)]
    if bad:
        raise MapganError(
            f"train: diverged at step {step} ({', '.join(bad)} not finite)",
            "lower train.generator_lr and train.discriminator_lr, or use precision no or bf16",
        )


def duration(seconds: float) -> str:
    """Seconds in words: `40 s`, `7 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
