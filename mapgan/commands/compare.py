"""`mapgan compare RUN RUN...`: a table for the terminal and a page for the browser."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mapgan.evaluation.compare_page import write_page
from mapgan.evaluation.runs import RunData, find_runs, rows_of, warnings


def compare_runs(folders: list[Path], out: Path) -> str:
    """Write the page `out` on the runs in `folders`; returns the table of numbers as text.

    Raises:
        MapganError: one of them is not a run.
    """
    runs = find_runs(folders)
    write_page(out, runs)
    return "\n".join([_table(runs), *warnings(runs), f"the page with the sheets is {out}"])


def _table(runs: list[RunData]) -> str:
    table = Table("", *(escape(run.name) for run in runs), "real images", box=None, pad_edge=False)
    for row in rows_of(runs):
        cells = [f"{text} *" if index in row.best else text for index, text in enumerate(row.cells)]
        table.add_row(*map(escape, [row.name, *cells, row.real]))
    console = Console(file=io.StringIO(), width=max(80, 52 + 30 * len(runs)), no_color=True)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    lines = [line.rstrip() for line in console.file.getvalue().splitlines()]
    return "\n".join([*lines, "(* the best)"])
