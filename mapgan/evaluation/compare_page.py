"""`compare.html`: runs side by side on one page."""

from __future__ import annotations

import math
from html import escape
from pathlib import Path

from PIL import Image

from mapgan.curate.decode import BadImage, open_upright
from mapgan.errors import MapganError
from mapgan.evaluation.runs import Row, RunData, differing, rows_of, warnings
from mapgan.files import write_text
from mapgan.html_page import data_url, page

SIDE = 1000  # maximum size of a sheet, pixels
MORE_CSS = """\
body { max-width: 96rem; }
.wide { overflow-x: auto; }
table { width: auto; max-width: none; }
th, td { border-bottom: 1px solid var(--line); vertical-align: top; white-space: normal; overflow-wrap: anywhere; }
thead th { color: var(--soft); }
td { font-variant-numeric: tabular-nums; }
td.best { color: var(--accent); font-weight: 600; }
.sheets { display: grid; gap: 1rem; margin-top: 1rem; grid-template-columns: repeat(auto-fit, minmax(22rem, 1fr)); }
.sheets img { display: block; width: 100%; height: auto; }
.warning { color: var(--aside); margin-top: .6rem; }
"""


def write_page(path: Path, runs: list[RunData]) -> None:
    """Write the page about `runs`; equal input gives equal bytes."""
    title = " against ".join(run.name for run in runs)
    caveats = "".join(f'<p class="warning">{escape(line)}</p>\n' for line in warnings(runs))
    titles = dict.fromkeys(title for run in runs for title in run.sheets)
    settings = [Row(name, values) for name, values in differing(runs).items()]
    body = _section("Numbers", "Lower is better for distances and fractions, higher for precision, recall, density and "
                    "coverage; bits should be near those of real images.", _table(runs, rows_of(runs)))  # fmt: skip
    for name in titles:
        body += _section(name.capitalize(), "", f'<div class="sheets">\n{_sheets(runs, name)}</div>\n')
    body += _section("Settings that differ", "" if settings else "None.", _table(runs, settings) if settings else "")
    write_text(path, page(title, caveats + body + "<footer>Written by mapgan compare.</footer>\n", MORE_CSS))


def _section(name: str, text: str, body: str) -> str:
    return f"<section>\n<h2>{escape(name)}</h2>\n<p>{escape(text)}</p>\n{body}</section>\n"


def _table(runs: list[RunData], rows: list[Row]) -> str:
    heads = [*(run.name for run in runs), "real images" if any(row.real for row in rows) else ""]
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    lines = []
    for row in rows:
        cells = "".join(
            f'<td class="best">{escape(text)}</td>' if index in row.best else f"<td>{escape(text)}</td>"
            for index, text in enumerate(row.cells)
        )
        lines.append(f"<tr><th>{escape(row.name)}</th>{cells}<td>{escape(row.real)}</td></tr>\n")
    return f'<div class="wide"><table>\n<thead><tr><th></th>{head}</tr></thead>\n{"".join(lines)}</table></div>\n'


def _sheets(runs: list[RunData], title: str) -> str:
    figures = []
    for run in runs:
        image = (
            f'<img alt="{escape(title)} of {escape(run.name)}" src="{_embedded(run.sheets[title])}">'
            if title in run.sheets
            else '<div class="none">no image</div>'
        )
        figures.append(f"<figure>{image}<figcaption>{escape(run.name)}</figcaption></figure>\n")
    return "".join(figures)


def _embedded(path: Path) -> str:
    """An image as a data URL, at most SIDE wide and high."""
    try:
        with open_upright(path, math.inf) as (image, _, _):
            image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
            return data_url(image, "WEBP", quality=88)
    except BadImage as error:
        raise MapganError(f"{path}: {error}", "sample or evaluate this run again") from None
