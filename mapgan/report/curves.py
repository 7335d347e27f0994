"""Curves as inline SVG: only lines, which stretch with the page; all text is HTML, which does not.

Colours are variables of the page, so that the curves follow it into the dark.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from mapgan.report.tables import Column

WIDTH, HEIGHT = 1000, 400  # of the coordinates, which CSS stretches
MAX_POINTS = 300
SMOOTHED = 40  # a smoothed curve has the detail of so many points
OUTLIERS = 0.01  # fraction of the values that may lie outside of the plot, on each side
MANY = 25  # values above which a curve is smoothed

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """A named curve, and its colour, a variable of the page."""

    name: str
    points: Column
    color: str = "--accent"


@dataclass(frozen=True)
class Marks:
    """Steps that every plot marks with a line, and what they are."""

    steps: Sequence[float] = ()


def plot(title: str, about: str, curves: Sequence[Curve], marks: Marks = Marks(), log: bool = False) -> str:
    """A figure with the curves; empty if none has two points.

    Args:
        title: plain text.
        about: a sentence on how to read it, plain text.
        curves: in the order of the key.
        marks: steps to mark.
        log: whether the axis is logarithmic; values that are not above 0 are left out.
    """
    curves = [Curve(curve.name, [pair for pair in curve.points if pair[1] > 0 or not log], curve.color)
              for curve in curves]  # fmt: skip
    curves = [curve for curve in curves if len(curve.points) > 1]
    if not curves:
        return ""
    low, high = _limits(np.array([value for curve in curves for _, value in curve.points]), log)
    last = max(curve.points[-1][0] for curve in curves)
    first = min(min(curve.points[0][0] for curve in curves), 0.0)

    def place(points: Values) -> Values:
        x, y = points.T
        y = np.log10(y) if log else y
        return np.stack([(x - first) / (last - first) * WIDTH, (high - y) / (high - low) * HEIGHT], axis=1)

    ticks = _log_ticks(low, high) if log else _ticks(low, high)
    lines = "".join(_grid_line((high - at) / (high - low) * HEIGHT) for at, _ in ticks)
    lines += "".join(_mark((step - first) / (last - first) * WIDTH) for step in marks.steps if first <= step <= last)
    lines += "".join(_lines(place(np.array(curve.points)), curve.color) for curve in curves)
    left = "".join(f'<span class="y" style="top:{(high - at) / (high - low):.1%}">{text}</span>' for at, text in ticks)
    below = "".join(
        f'<span class="x" style="left:{share:.0%}">{first + share * (last - first):,.{_digits(last - first)}f}</span>'
        for share in (0.0, 0.5, 1.0)
    )
    key = "".join(
        f'<span class="key"><i style="background:var({curve.color})"></i>{escape(curve.name)} '
        f"<b>{_short(curve.points[-1][1])}</b></span>"
        for curve in curves
    )
    label = f"{title}: " + ", ".join(f"{curve.name} ends at {_short(curve.points[-1][1])}" for curve in curves)
    return (
        f'<figure class="curve"><figcaption><strong>{escape(title)}</strong>{key}</figcaption>\n'
        f'<div class="plot"><svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(label)}">{lines}</svg>{left}{below}</div>\n<p>{escape(about)}</p></figure>\n'
    )


def _limits(values: Values, log: bool) -> tuple[float, float]:
    """Bottom and top of the axis; a few outliers may lie outside."""
    values = np.log10(values) if log else values
    outside = OUTLIERS if len(values) > 2 * MANY else 0.0
    low, high = (float(value) for value in np.quantile(values, [outside, 1 - outside]))
    room = 0.08 * (high - low) or max(abs(high), 1.0) * 0.1
    bottom = 0.0 if not log and 0 <= low < 0.4 * high else low - room
    return bottom, high + room


def _ticks(low: float, high: float) -> list[tuple[float, str]]:
    """About four round numbers on an axis."""
    rough = (high - low) / 4
    unit = 10.0 ** math.floor(math.log10(rough))
    step = unit * min((factor for factor in (1, 2, 5, 10) if factor * unit >= rough), default=10)
    digits = max(0, -math.floor(math.log10(step)))
    first = math.ceil(low / step - 1e-9)
    count = math.floor(high / step + 1e-9) - first + 1
    return [(number * step, f"{number * step + 0.0:,.{digits}f}") for number in range(first, first + count)]


def _log_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Powers of ten on an axis of logarithms, and 2 and 5 times those where there are few."""
    powers = range(math.floor(low), math.ceil(high) + 1)
    few = high - low < 2
    values = [factor * 10.0**power for power in powers for factor in ((1, 2, 5) if few else (1,))]
    inside = [value for value in values if low <= math.log10(value) <= high]
    return [(math.log10(value), f"{value:g}") for value in inside[:: -(-len(inside) // 5) or 1]]


def _lines(points: Values, color: str) -> str:
    """The curve; of one with many points also a smooth one, and itself only faintly."""
    if len(points) <= MANY:
        return _path(points, color, "line")
    window = max(3, len(points) // SMOOTHED)
    padded = np.pad(points[:, 1], (window // 2, window - 1 - window // 2), mode="edge")
    smooth = np.stack([points[:, 0], np.convolve(padded, np.full(window, 1 / window), mode="valid")], axis=1)
    return _path(points, color, "faint") + _path(smooth, color, "line")


def _path(points: Values, color: str, kind: str) -> str:
    thinned = np.stack([part.mean(axis=0) for part in np.array_split(points, min(len(points), MAX_POINTS))])
    thinned = np.clip(thinned, -HEIGHT, 2 * WIDTH)
    way = "L".join(f"{x:.0f} {y:.1f}" for x, y in thinned.tolist())
    return f'<path class="{kind}" d="M{way}" style="stroke:var({color})"/>'


def _grid_line(y: float) -> str:
    return f'<path class="grid" d="M0 {y:.1f}H{WIDTH}"/>'


def _mark(x: float) -> str:
    return f'<path class="mark" d="M{x:.1f} 0V{HEIGHT}"/>'


def _digits(length: float) -> int:
    return 0 if length >= 10 else 1


def _short(value: float) -> str:
    if value == 0 or 0.01 <= abs(value) < 10_000:
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:.2g}"
