"""The drawn pictures that look most like a training picture, side by side with it, for eyes to judge."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mapgan import files
from mapgan.evaluation.likeness import Nearest, turned
from mapgan.evaluation.pictures import Pixels
from mapgan.sampling.sheet import save_png, sheet

SHOWN, COLUMNS = 16, 4
SIDE = 256  # pixels, at most, of a picture on the sheet
WHITE = 255
QUANTILES = 20


@dataclass(frozen=True)
class Pairs:
    """Drawn pictures by seed with the names of their labels if they have any, training pictures with their names, and
    which of these is nearest to each of those."""

    drawn: Pixels
    labels: list[str]
    train: Pixels
    names: list[str]
    nearest: Nearest


def write_closest(results: Path, pairs: Pairs, held_out: Nearest) -> None:
    """Write `closest.png`, `closest.tsv` (all samples, the nearest first) and `nearest.tsv`, the quantiles of the
    distances of samples and of held-out pictures to training pictures."""
    found = pairs.nearest
    order = np.lexsort((np.arange(len(found.bits)), found.bits))
    columns = ["seed", *(["label"] if pairs.labels else []), "bits", "nearest"]
    rows = [[seed, *_label(pairs, seed), found.bits[seed], _plain(pairs.names[found.place[seed]])] for seed in order]
    lines = ["\t".join(map(str, cells)) for cells in (columns, *rows)]
    files.write_text(results / "closest.tsv", "\n".join(lines) + "\n")
    shown = [int(seed) for seed in order[:SHOWN]]
    under = [
        ", ".join([f"seed {seed}, picture {found.place[seed]}: {found.bits[seed]} bits", *_label(pairs, seed)])
        for seed in shown
    ]
    page = sheet((_pair(pairs, seed) for seed in shown), under, min(COLUMNS, len(shown)))
    save_png(results / "closest.png", page)
    shares = np.linspace(0, 1, QUANTILES + 1)
    quantiles = zip(shares, np.quantile(found.bits, shares), np.quantile(held_out.bits, shares), strict=True)
    text = [f"{share:.2f}\t{one:.6g}\t{other:.6g}" for share, one, other in quantiles]
    files.write_text(results / "nearest.tsv", "\n".join(["quantile\tsamples\theld_out", *text]) + "\n")


def _label(pairs: Pairs, seed: int) -> list[str]:
    """The label that a seed was drawn with, if there are labels."""
    return [pairs.labels[seed]] if pairs.labels else []


def _pair(pairs: Pairs, seed: int) -> Pixels:
    """A drawn picture, turned as its training picture is, and that one to its right."""
    found = pairs.nearest
    both = [turned(pairs.drawn[seed], int(found.turn[seed])), pairs.train[found.place[seed]]]
    left, right = (np.asarray(_fitted(Image.fromarray(np.ascontiguousarray(picture)))) for picture in both)
    return np.concatenate([left, np.full((len(left), 2, 3), WHITE, np.uint8), right], axis=1)


def _fitted(picture: Image.Image) -> Image.Image:
    """At most SIDE wide and high; small ones enlarged by a whole number, so that a pixel is seen as one."""
    zoom = max(1, SIDE // 2 // max(picture.size))
    picture = picture.resize((picture.width * zoom, picture.height * zoom), Image.Resampling.NEAREST)
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return picture


def _plain(name: str) -> str:
    return " ".join(name.split())
