"""Which label each seed is drawn with, where the generator was trained with labels."""

from __future__ import annotations

from collections.abc import Sequence

from mapgan.dataset.label_names import clean_label
from mapgan.errors import MapganError


def labels_for_seeds(seeds: Sequence[int], known: Sequence[str], wanted: Sequence[str] = ()) -> list[int] | None:
    """For each seed the place of its label among the `known` ones: the same whatever else is drawn with it.

    Args:
        seeds: what to draw.
        known: the labels that the generator was trained with; without any there is nothing to tell it (None).
        wanted: those of them that take turns (default: all).
    """
    indices = [known.index(name) for name in wanted or known]
    return [indices[seed % len(indices)] for seed in seeds] if indices else None


def parse_labels(text: str, known: Sequence[str], where: str) -> list[str]:
    """`cave,town` as `["cave", "town"]`, and nothing as none; a label with a comma in it can be asked for alone.

    Nothing between two commas is stepped over.

    Args:
        text: some of the `known` labels.
        known: what can be asked for.
        where: what has these labels, for errors.

    Raises:
        MapganError: one of them is not known.
    """
    names = [clean_label(text)] if clean_label(text) in known else list(filter(None, map(clean_label, text.split(","))))
    for name in names:
        if name not in known:
            remedy = "take some of these" if known else "leave it empty"
            raise MapganError(f"sample.label: {name!r}: {where} has {describe_labels(known)}", remedy)
    return names


def captions(seeds: Sequence[int], labels: Sequence[int] | None, known: Sequence[str]) -> list[str]:
    """For each seed what it takes to draw it again: `7`, or with its label among the `known` ones `7 cave`."""
    if labels is None:
        return [str(seed) for seed in seeds]
    return [f"{seed} {known[label]}" for seed, label in zip(seeds, labels, strict=True)]


def file_names(seeds: Sequence[int], labels: Sequence[int] | None) -> list[str]:
    """For each seed the file of its image: with its label's number, because each label is another image."""
    if labels is None:
        return [f"seed-{seed:06d}.png" for seed in seeds]
    return [f"seed-{seed:06d}-label-{label}.png" for seed, label in zip(seeds, labels, strict=True)]


def describe_labels(known: Sequence[str]) -> str:
    """`the labels cave, town`, or `no labels`."""
    return f"the labels {', '.join(known)}" if known else "no labels"
