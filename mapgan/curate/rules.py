"""Why an image is put aside: hard rules for each by itself, soft rules by the place of its measures in the set.

Fixed limits of the soft measures would not do: by those for photos, most dungeon plans are too light and too plain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapgan.curate.measures import Measures
from mapgan.curate.prune_record import PruneRecord
from mapgan.params.collecting import Prune, Soft

FLAT = 1.0  # standard deviation of grey values below which an image is blank, and its hash is noise
FARTHEST = 10.0  # spreads from the median: beyond, a single measure says no more

# measures in which an odd image may differ from the others
ODDITY = ("aspect", "entropy", "edge_density", "brightness_50", "sharpness", "colorfulness", "flat")


class SoftRule(NamedTuple):
    """A measure, and the end of its scale that is put aside."""

    reason: str
    measure: str
    lowest: bool


SOFT = {
    "blurred": SoftRule("blurred", "sharpness", lowest=True),
    # even its lightest, or its darkest, parts are dark, or light
    "dark": SoftRule("too dark", "brightness_95", lowest=True),
    "light": SoftRule("too light", "brightness_05", lowest=False),
    "plain": SoftRule("low in information", "entropy", lowest=True),
    "text": SoftRule("text-heavy", "text", lowest=False),
    "odd": SoftRule("odd one out", "oddness", lowest=False),
}


def hard_reason(row: PruneRecord, settings: Prune) -> str:
    """Why an image is rejected whatever the others are; empty if it is not."""
    short, long = sorted((row.width, row.height))
    if short < settings.min_side:
        return f"too small: {row.width} x {row.height} pixels"
    if long > settings.max_aspect * short:
        return f"aspect ratio: {row.width} x {row.height} pixels"
    if row.contrast < FLAT:
        return "blank"
    return ""


def soft_limits(settings: Soft, measures: Sequence[Measures]) -> dict[str, float]:
    """The limit of each soft rule that is on: a quantile of the set's own measures."""
    values = _values(measures)
    shares = {name: getattr(settings, name) for name in SOFT} if measures else {}
    return {
        name: float(np.quantile(values[SOFT[name].measure], share if SOFT[name].lowest else 1 - share))
        for name, share in shares.items()
        if share
    }


def soft_reasons(settings: Soft, measures: Sequence[Measures], limits: Mapping[str, float]) -> list[str]:
    """For each image, why it is rejected by comparison with the others; empty if it is not.

    An image at the limit stays, so none of a set of equals is rejected.
    """
    values = _values(measures)
    reasons = [""] * len(measures)
    for name, limit in limits.items():
        rule = SOFT[name]
        of_all = values[rule.measure]
        for index in np.flatnonzero(of_all < limit if rule.lowest else of_all > limit).tolist():
            side, end = ("below", "lowest") if rule.lowest else ("above", "highest")
            text = f"{rule.reason}: {rule.measure} {of_all[index]:.4g}, {side} {limit:.4g}"
            share = 100 * getattr(settings, name)
            reasons[index] = reasons[index] or f"{text} (the {end} {share:g} % of the set)"
    return reasons


def oddness(measures: Sequence[Measures]) -> NDArray[np.float64]:
    """How far each image is from the middle of the set, in spreads (root mean square over `ODDITY`)."""
    table = np.array([[getattr(row, name) for name in ODDITY] for row in measures], dtype=np.float64)
    table = table.reshape(-1, len(ODDITY))
    if not len(table):
        return np.zeros(0)
    low, middle, high = np.quantile(table, [0.25, 0.5, 0.75], axis=0)
    spread = (high - low) / 1.349  # the standard deviation, if the values are normal
    distance = np.abs(table - middle) / np.where(spread > 0, spread, np.inf)
    clipped = np.minimum(distance, FARTHEST)
    return np.asarray(np.round(np.sqrt(np.square(clipped).mean(axis=1)), 6), dtype=np.float64)


def _values(measures: Sequence[Measures]) -> dict[str, NDArray[np.float64]]:
    names = {rule.measure for rule in SOFT.values()} - {"oddness"}
    values = {name: np.array([getattr(row, name) for row in measures], dtype=np.float64) for name in names}
    return values | {"oddness": oddness(measures)}
