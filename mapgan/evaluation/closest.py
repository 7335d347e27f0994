"""The generated images that are most similar to a training image, side by side with it."""

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
SIDE = 256  # maximum size of an image on the sheet, pixels
WHITE = 255
QUANTILES = 20


@dataclass(frozen=True)
class Pairs:
    """Generated images by seed, training images, and the nearest training image of each generated one.

    Attributes:
        generated: `[N, H, W, 3]` uint8.
        labels: the name of each one's label; empty if there are no labels.
        train: `[M, H, W, 3]` uint8.
        names: of the training images.
        nearest: for each generated image.
    """

    generated: Pixels
    labels: list[str]
    train: Pixels
    names: list[str]
    nearest: Nearest


def write_closest(results: Path, pairs: Pairs, held_out: Nearest) -> None:
    """Write `closest.png`, `closest.tsv` (all samples, the most similar first) and `nearest.tsv`.

    The latter has quantiles of the distances from samples, and from held-out images, to their nearest training image.
    """
    found = pairs.nearest
    order = np.lexsort((np.arange(len(found.bits)), found.bits))
    columns = ["seed", *(["label"] if pairs.labels else []), "bits", "nearest"]
    rows = [[seed, *_label(pairs, seed), found.bits[seed], _plain(pairs.names[found.index[seed]])] for seed in order]
    lines = ["\t".join(map(str, cells)) for cells in (columns, *rows)]
    files.write_text(results / "closest.tsv", "\n".join(lines) + "\n")
    shown = [int(seed) for seed in order[:SHOWN]]
    texts = [
        ", ".join([f"seed {seed}, image {found.index[seed]}: {found.bits[seed]} bits", *_label(pairs, seed)])
        for seed in shown
    ]
    page = sheet((_pair(pairs, seed) for seed in shown), texts, min(COLUMNS, len(shown)))
    save_png(results / "closest.png", page)
    levels = np.linspace(0, 1, QUANTILES + 1)
    quantiles = zip(levels, np.quantile(found.bits, levels), np.quantile(held_out.bits, levels), strict=True)
    text = [f"{level:.2f}\t{one:.6g}\t{other:.6g}" for level, one, other in quantiles]
    files.write_text(results / "nearest.tsv", "\n".join(["quantile\tsamples\theld_out", *text]) + "\n")


def _label(pairs: Pairs, seed: int) -> list[str]:
    """The label of a seed, if there are labels."""
    return [pairs.labels[seed]] if pairs.labels else []


def _pair(pairs: Pairs, seed: int) -> Pixels:
    """A generated image in the orientation of its training image, with that one to its right."""
    found = pairs.nearest
    both = [oriented(pairs.generated[seed], int(found.orientation[seed])), pairs.train[found.index[seed]]]
    left, right = (np.asarray(_fitted(Image.fromarray(np.ascontiguousarray(image)))) for image in both)
    return np.concatenate([left, np.full((len(left), 2, 3), WHITE, np.uint8), right], axis=1)


def _fitted(image: Image.Image) -> Image.Image:
    """At most SIDE wide and high; small ones are enlarged by an integer factor."""
    zoom = max(1, SIDE // 2 // max(image.size))
    image = image.resize((image.width * zoom, image.height * zoom), Image.Resampling.NEAREST)
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return image


def _plain(name: str) -> str:
    return " ".join(name.split())
