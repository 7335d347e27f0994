"""The generated images that look most like a training image, side by side with it, for eyes to judge."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mapgan import files
from mapgan.evaluation.image_sets import Pixels
from mapgan.evaluation.likeness import Nearest, oriented
from mapgan.sampling.sheet import save_png, sheet

SHOWN, COLUMNS = 16, 4
SIDE = 256  # pixels, at most, of an image on the sheet
WHITE = 255
QUANTILES = 20


@dataclass(frozen=True)
class Pairs:
    """Generated images by seed with the names of their labels if they have any, training images with their names, and
    which of these is nearest to each of those."""

    generated: Pixels
    labels: list[str]
    train: Pixels
    names: list[str]
    nearest: Nearest


def write_closest(results: Path, pairs: Pairs, held_out: Nearest) -> None:
    """Write `closest.png`, `closest.tsv` (all samples, the nearest first) and `nearest.tsv`, the quantiles of the
    distances of samples and of held-out images to training images."""
    found = pairs.nearest
    order = np.lexsort((np.arange(len(found.bits)), found.bits))
    columns = ["seed", *(["label"] if pairs.labels else []), "bits", "nearest"]
    rows = [[seed, *_label(pairs, seed), found.bits[seed], _plain(pairs.names[found.index[seed]])] for seed in order]
    lines = ["\t".join(map(str, cells)) for cells in (columns, *rows)]
    files.write_text(results / "closest.tsv", "\n".join(lines) + "\n")
    shown = [int(seed) for seed in order[:SHOWN]]
    under = [
        ", ".join([f"seed {seed}, image {found.index[seed]}: {found.bits[seed]} bits", *_label(pairs, seed)])
        for seed in shown
    ]
    page = sheet((_pair(pairs, seed) for seed in shown), under, min(COLUMNS, len(shown)))
    save_png(results / "closest.png", page)
    fractions = np.linspace(0, 1, QUANTILES + 1)
    quantiles = zip(fractions, np.quantile(found.bits, fractions), np.quantile(held_out.bits, fractions), strict=True)
    text = [f"{fraction:.2f}\t{one:.6g}\t{other:.6g}" for fraction, one, other in quantiles]
    files.write_text(results / "nearest.tsv", "\n".join(["quantile\tsamples\theld_out", *text]) + "\n")


def _label(pairs: Pairs, seed: int) -> list[str]:
    """The label that a seed was drawn with, if there are labels."""
    return [pairs.labels[seed]] if pairs.labels else []


def _pair(pairs: Pairs, seed: int) -> Pixels:
    """A generated image, turned as its training image is, and that one to its right."""
    found = pairs.nearest
    both = [oriented(pairs.generated[seed], int(found.orientation[seed])), pairs.train[found.index[seed]]]
    left, right = (np.asarray(_fitted(Image.fromarray(np.ascontiguousarray(image)))) for image in both)
    return np.concatenate([left, np.full((len(left), 2, 3), WHITE, np.uint8), right], axis=1)


def _fitted(image: Image.Image) -> Image.Image:
    """At most SIDE wide and high; small ones enlarged by a whole number, so that a pixel is seen as one."""
    zoom = max(1, SIDE // 2 // max(image.size))
    image = image.resize((image.width * zoom, image.height * zoom), Image.Resampling.NEAREST)
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return image


def _plain(name: str) -> str:
    return " ".join(name.split())
