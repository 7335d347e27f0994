"""Histograms of the measures as SVG, kept images and rejected ones, with the limits drawn in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mapgan.curate.measures import Measures
from mapgan.curate.rules import SOFT
from mapgan.params.collecting import Prune

BINS = 32
WIDTH, HEIGHT = 256, 72  # of the bars, SVG units
OUTSIDE = 0.005  # fraction of the images at each end of a scale that are drawn at its end

LABELS = {
    "width": "width, pixels",
    "height": "height, pixels",
    "aspect": "longer side over shorter side",
    "brightness_05": "darkest 5 % are below",
    "brightness_50": "median brightness",
    "brightness_95": "lightest 5 % are above",
    "entropy": "information, bits per pixel",
    "edge_density": "fraction on an edge",
    "sharpness": "sharpness",
    "colorfulness": "colourfulness",
    "flat": "fraction of one colour",
    "border": "uniform border, pixels",
    "square": "square of the battle grid, pixels (0: none found)",
    "text": "fraction in lines of text",
    "oddness": "distance from the middle of the set, in spreads",
}

CSS = """\
.plots { display: grid; gap: .8rem; margin-top: 1rem; grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)); }
.plots figure { padding: .6rem .7rem; }
.plots svg { display: block; width: 100%; height: auto; overflow: visible; }
.plots svg .kept { fill: var(--accent); }
.plots svg .out { fill: var(--aside); }
.plots svg line { stroke: var(--text); stroke-width: 1.5; stroke-dasharray: 4 3; }
.plots svg text { fill: var(--soft); font-size: 10px; }
.plots svg text.limit { fill: var(--text); }
"""


def histograms(
    kept: Sequence[Measures],
    rejected: Sequence[Measures],
    odd: Mapping[str, float],
    settings: Prune,
    soft: Mapping[str, float],
) -> str:
    """HTML with a histogram per measure.

    Args:
        kept: measures of the kept images.
        rejected: of the rejected ones that could be decoded.
        odd: oddness by file, of those that the soft rules compared.
        settings: with the limits of the hard rules.
        soft: the limits of the soft rules that are on, by their name.
    """
    limits: dict[str, list[float]] = {name: [settings.min_side] for name in ("width", "height")}
    limits["aspect"] = [settings.max_aspect]
    for name, limit in soft.items():
        limits.setdefault(SOFT[name].measure, []).append(limit)
    figures = []
    for name, label in LABELS.items():
        inside, outside = (_values(name, rows, odd) for rows in (kept, rejected))
        if not len(inside) + len(outside):
            continue
        svg = _svg(inside, outside, limits.get(name, []))
        figures.append(f"<figure>{svg}<figcaption>{label}</figcaption></figure>\n")
    return f'<div class="plots">\n{"".join(figures)}</div>\n'


def _values(name: str, rows: Sequence[Measures], odd: Mapping[str, float]) -> NDArray[np.float64]:
    if name == "oddness":
        return np.array([odd[row.file] for row in rows if row.file in odd], dtype=np.float64)
    return np.array([getattr(row, name) for row in rows], dtype=np.float64)


def _svg(kept: NDArray[np.float64], rejected: NDArray[np.float64], limits: Sequence[float]) -> str:
    everything = np.concatenate([kept, rejected])
    ends = np.quantile(everything, [OUTSIDE, 1 - OUTSIDE])
    low, high = min(float(ends[0]), *limits, np.inf), max(float(ends[1]), *limits, -np.inf)
    if high <= low:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, BINS + 1)
    counts = [np.histogram(np.clip(values, low, high), edges)[0] for values in (kept, rejected)]
    unit, step = HEIGHT / max(1, int((counts[0] + counts[1]).max())), WIDTH / BINS
    bars = []
    for index, (inside, outside) in enumerate(zip(*(column.tolist() for column in counts), strict=True)):
        bottom = float(HEIGHT)
        for count, style in ((inside, "kept"), (outside, "out")):
            bottom -= count * unit
            if count:
                bars.append(
                    f'<rect class="{style}" x="{index * step:.2f}" y="{bottom:.2f}" width="{step - 1:.2f}" '
                    f'height="{count * unit:.2f}"/>'
                )
    marks = [_mark(limit, WIDTH * (limit - low) / (high - low)) for limit in limits]
    axis = (
        f'<text x="0" y="{HEIGHT + 12}">{low:.4g}</text>'
        f'<text x="{WIDTH}" y="{HEIGHT + 12}" text-anchor="end">{high:.4g}</text>'
    )
    return f'<svg viewBox="0 -12 {WIDTH} {HEIGHT + 26}">{"".join(bars)}{"".join(marks)}{axis}</svg>'


def _mark(limit: float, x: float) -> str:
    anchor = "end" if x > WIDTH / 2 else "start"
    return (
        f'<line x1="{x:.2f}" x2="{x:.2f}" y1="-2" y2="{HEIGHT}"/>'
        f'<text class="limit" x="{x:.2f}" y="-4" text-anchor="{anchor}">limit {limit:.4g}</text>'
    )
