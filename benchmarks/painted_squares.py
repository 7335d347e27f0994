"""How many squares of a painted map are what the plan asked for, by a classifier that was trained on real maps.

    python -m tools.draw_overland_maps maps --maps 96
    python benchmarks/painted_squares.py overland maps

Linear discriminant analysis of the mean and the standard deviation of each square's colours, trained on half of the
maps. It says how many squares it recognizes on the other half of the real maps, which is the most that can be expected,
and on maps that were painted after the plans of that half.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mapgan import stages
from mapgan.dataset.legend import LABEL_IMAGE, LEGEND, read_legend
from mapgan.models import model_file
from mapgan.params import Sample

SQUARE = 16  # pixels
RIDGE = 1e-3

Array = NDArray[np.float64]


def main() -> None:
    """Measure a model on a folder of maps with label images."""
    model, folder = sys.argv[1], Path(sys.argv[2])
    legend = read_legend(folder / LEGEND)
    names = sorted(set(legend.values()))
    plans = sorted(folder.glob(f"*{LABEL_IMAGE}"))
    half = len(plans) // 2
    labels = [label_indices(path, legend, names) for path in plans]
    real = [squares(real_map(path)) for path in plans]
    weights, bias = discriminant(np.concatenate(real[:half]), np.concatenate(labels[:half]), len(names))
    with tempfile.TemporaryDirectory() as out:
        painted = [squares(paint(model, path, folder / LEGEND, Path(out))) for path in plans[half:]]
    asked = np.concatenate(labels[half:])
    print(f"{model}: squares of {len(plans) - half} maps with the label that was asked for")
    guesses = {"real": np.concatenate(real[half:]), "painted": np.concatenate(painted)}
    for kind, features in guesses.items():
        guessed = (features @ weights + bias).argmax(axis=1)
        each = ", ".join(f"{name} {(guessed == asked)[asked == index].mean():.2f}" for index, name in enumerate(names))
        print(f"{kind}: {(guessed == asked).mean():.3f} ({each})")


def label_indices(path: Path, legend: dict[str, str], names: list[str]) -> NDArray[np.int64]:
    """The label of each square, `[squares]`."""
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    return np.array([names.index(legend[f"#{bytes(pixel).hex()}"]) for pixel in pixels])


def real_map(plan: Path) -> Array:
    """The map that a label image belongs to, `[H, W, 3]`."""
    stem = plan.name.removesuffix(LABEL_IMAGE)
    [path] = [path for path in plan.parent.glob(f"{stem}.*") if not path.name.endswith(LABEL_IMAGE)]
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), np.float64)


def paint(model: str, plan: Path, legend: Path, out: Path) -> Array:
    """The map that the model paints after a plan, `[H, W, 3]`."""
    settings = Sample(plan=str(plan), legend=str(legend), seeds="1", sheet="1x1")
    stages.sample(settings, model_file(model), out)
    with Image.open(out / "singles/seed-000001.png") as image:
        return np.asarray(image.convert("RGB"), np.float64)


def squares(pixels: Array) -> Array:
    """Mean and standard deviation of the colours of each square, `[squares, 6]`."""
    height, width = pixels.shape[:2]
    cut = pixels.reshape(height // SQUARE, SQUARE, width // SQUARE, SQUARE, 3)
    return np.concatenate([cut.mean(axis=(1, 3)), cut.std(axis=(1, 3))], axis=2).reshape(-1, 6)


def discriminant(features: Array, labels: NDArray[np.int64], count: int) -> tuple[Array, Array]:
    """Weights `[6, labels]` and bias `[labels]` of linear discriminant analysis (Fisher 1936)."""
    means = np.stack([features[labels == label].mean(axis=0) for label in range(count)])
    within = np.cov((features - means[labels]).T)
    inverse = np.linalg.inv(within + RIDGE * np.trace(within) * np.eye(6))
    weights: Array = inverse @ means.T
    shares = np.bincount(labels, minlength=count) / len(labels)
    return weights, np.log(shares) - 0.5 * np.einsum("ki,ij,kj->k", means, inverse, means)


if __name__ == "__main__":
    main()
