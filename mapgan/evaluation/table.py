"""The numbers of `metrics.json` in words: which there are, which way is good, how they are written."""

from __future__ import annotations

from typing import Any

LESS, MORE = ("SWD", "FID", "KID", "share"), ("precision", "recall", "density", "coverage")


def numbers_of(metrics: dict[str, Any]) -> dict[str, dict[str, float]]:
    """The entries of `metrics.json` that are numbers for samples and for real images, the main ones first."""
    found = {name: entry for name, entry in metrics.items() if isinstance(entry, dict) and "samples" in entry}
    return {name: found[name] for name in sorted(found, key=rank)}


def rank(name: str) -> int:
    """The place of a number among others."""
    return next(index for index, start in enumerate(("SWD", "KID", "FID", *MORE, "")) if name.startswith(start))


def best_of(name: str, values: list[float]) -> float | None:
    """The best of `values` of the number called `name`; None if all are, or if the mark is to be like real ones."""
    if len(set(values)) < 2:
        return None
    if name.startswith(LESS):
        return min(values)
    return max(values) if name.startswith(MORE) else None


def cell(entry: dict[str, float]) -> str:
    """A number for samples, with its interval if it has one."""
    text = short(entry["samples"])
    return f"{text} ({short(entry['low'])} to {short(entry['high'])})" if "low" in entry else text


def short(value: float) -> str:
    """Three or four digits that matter."""
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"


def as_text(metrics: dict[str, Any]) -> str:
    """A line for each number: for samples, and for as many real images."""
    numbers = numbers_of(metrics)
    if not numbers:
        return ""
    wide = max(map(len, numbers))
    count = f"{metrics['images']} samples and {metrics['images']} training images against as many held out"
    rows = [f"  {name:<{wide}}  {cell(entry)}, real {short(entry['real'])}" for name, entry in numbers.items()]
    return "\n".join([count, *rows])
