"""The metrics in `metrics.json`: their order, which direction is better, and how they are formatted."""

from __future__ import annotations

from typing import Any

LOWER, HIGHER = ("SWD", "FID", "KID", "fraction"), ("precision", "recall", "density", "coverage")


def numbers_of(metrics: dict[str, Any]) -> dict[str, dict[str, float]]:
    """The metrics of samples and real images in `metrics.json`, the main ones first."""
    found = {name: entry for name, entry in metrics.items() if isinstance(entry, dict) and "samples" in entry}
    return {name: found[name] for name in sorted(found, key=rank)}


def rank(name: str) -> int:
    """The sort key of a metric."""
    return next(index for index, start in enumerate(("SWD", "KID", "FID", *HIGHER, "")) if name.startswith(start))


def best_of(name: str, values: list[float]) -> float | None:
    """The best of `values` of a metric; None if all are equal, or if it should be like that of real images."""
    if len(set(values)) < 2:
        return None
    if name.startswith(LOWER):
        return min(values)
    return max(values) if name.startswith(HIGHER) else None


def cell(entry: dict[str, float]) -> str:
    """A metric of the samples as text, with its interval if it has one."""
    text = short(entry["samples"])
    return f"{text} ({short(entry['low'])} to {short(entry['high'])})" if "low" in entry else text


def short(value: float) -> str:
    """A number with three or four significant digits."""
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"


def as_text(metrics: dict[str, Any]) -> str:
    """A line for each metric, of samples and of as many real images."""
    numbers = numbers_of(metrics)
    if not numbers:
        return ""
    wide = max(map(len, numbers))
    count = f"{metrics['images']} samples and {metrics['images']} training images against as many held out"
    rows = [f"  {name:<{wide}}  {cell(entry)}, real {short(entry['real'])}" for name, entry in numbers.items()]
    return "\n".join([count, *rows])
