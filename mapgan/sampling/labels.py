"""The labels of seeds, for a generator that was trained with labels."""

from __future__ import annotations

from collections.abc import Sequence

from mapgan.dataset.label_names import clean_label
from mapgan.errors import MapganError

ANY = -1  # stands for any label, where each square has one


def labels_for_seeds(
    seeds: Sequence[int], known: Sequence[str], requested: Sequence[str] = (), of_squares: bool = False
) -> list[int] | None:
    """For each seed the number of its label; it depends on the seed only.

    Args:
        seeds: any number of them.
        known: the labels that the generator was trained with; if there are none, the result is None.
        requested: those to use, which alternate from seed to seed (default: all).
        of_squares: whether each square has a label; then the default is `ANY`.
    """
    if of_squares and not requested:
        return [ANY] * len(seeds)
    indices = [known.index(name) for name in requested or known]
    return [indices[seed % len(indices)] for seed in seeds] if indices else None


def parse_labels(text: str, known: Sequence[str], where: str) -> list[str]:
    """`cave,town` as `["cave", "town"]`; a label that contains a comma can be given alone.

    Args:
        text: labels separated by commas.
        known: the labels that there are.
        where: what has these labels, for errors.

    Raises:
        MapganError: a label is not known.
    """
    names = [clean_label(text)] if clean_label(text) in known else list(filter(None, map(clean_label, text.split(","))))
    for name in names:
        if name not in known:
            remedy = "use some of these" if known else "leave it empty"
            raise MapganError(f"sample.label: {name!r}: {where} has {describe_labels(known)}", remedy)
    return names


def captions(seeds: Sequence[int], labels: Sequence[int] | None, known: Sequence[str]) -> list[str]:
    """For each seed the text that identifies its image: `7`, or with a label `7 cave`."""
    if labels is None:
        return [str(seed) for seed in seeds]
    return [f"{seed} {known[label]}" if label != ANY else str(seed) for seed, label in zip(seeds, labels, strict=True)]


def file_names(seeds: Sequence[int], labels: Sequence[int] | None) -> list[str]:
    """For each seed the file name of its image, with the number of the label if there is one."""
    if labels is None:
        return [f"seed-{seed:06d}.png" for seed in seeds]
    return [
        f"seed-{seed:06d}-label-{label}.png" if label != ANY else f"seed-{seed:06d}.png"
        for seed, label in zip(seeds, labels, strict=True)
    ]


def describe_labels(known: Sequence[str]) -> str:
    """`the labels cave, town`, or `no labels`."""
    return f"the labels {', '.join(known)}" if known else "no labels"
