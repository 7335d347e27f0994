"""Whether a map repeats itself: seams, the lattice of a spatial latent, patches that come again.

    python benchmarks/repetition.py MAP.png ... --beside REAL.jpg ...

- **lattice**: the largest autocorrelation at a distance of 16 pixels and more, along rows, columns and both.
- **patch**: how well a patch of 48 x 48 pixels fits elsewhere (1: the same to the pixel), the mean of those that
  repeat most, a twentieth. Flat patches do not count.

Both are of grey values without their local mean, so that seas and woods do not count as repetition.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Grey = NDArray[np.float64]
NEAR = 16  # pixels
PATCH, STRIDE = 48, 40  # pixels
BLUR = 8  # pixels, of the local mean
FLAT = 0.35  # of the map's contrast, below which a patch is flat


def main() -> None:
    """Print a line for each image."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("maps", nargs="+", type=Path)
    parser.add_argument("--beside", nargs="*", default=[], type=Path, help="real maps, to compare")
    options = parser.parse_args()
    for kind, paths in (("generated", options.maps), ("real", options.beside)):
        for path in paths:
            detail = without_local_mean(Image.open(path))
            print(f"{kind:10} lattice {lattice(detail):.3f}  patch {repeated_patches(detail):.3f}  {path.name}")


def without_local_mean(image: Image.Image) -> Grey:
    """Grey values `[H, W]` without their local mean."""
    grey = image.convert("L")
    return np.asarray(grey, np.float64) - np.asarray(grey.filter(ImageFilter.GaussianBlur(BLUR)), np.float64)


def lattice(detail: Grey) -> float:
    """The largest autocorrelation of `detail` at a distance."""
    height, width = detail.shape
    shape = (2 * height, 2 * width)
    raw = np.fft.irfft2(np.abs(np.fft.rfft2(detail, shape)) ** 2, shape)
    overlap = np.outer(*(side - np.abs(np.fft.fftfreq(2 * side, 0.5 / side)) for side in (height, width)))
    near = np.abs(np.fft.fftfreq(2 * height, 0.5 / height))[:, None] < NEAR
    near = near & (np.abs(np.fft.fftfreq(2 * width, 0.5 / width)) < NEAR)
    small = overlap < detail.size / 4  # of so little overlap, chance decides
    correlation = raw / np.maximum(overlap, 1) / detail.var()
    return float(correlation[~near & ~small].max())


def repeated_patches(detail: Grey) -> float:
    """How well the patches that repeat most are found elsewhere, from 0 to 1."""
    height, width = detail.shape
    shape = (height + PATCH, width + PATCH)
    spectrum, power = np.fft.rfft2(detail, shape), np.fft.rfft2(detail**2, shape)
    ones = np.conj(np.fft.rfft2(np.ones((PATCH, PATCH)), shape))
    energy = np.fft.irfft2(power * ones, shape)[: height - PATCH + 1, : width - PATCH + 1]
    best = []
    for top in range(0, height - PATCH + 1, STRIDE):
        for left in range(0, width - PATCH + 1, STRIDE):
            patch = detail[top : top + PATCH, left : left + PATCH]
            if patch.std() < FLAT * detail.std():
                continue
            found = np.fft.irfft2(spectrum * np.conj(np.fft.rfft2(patch, shape)), shape)
            fit = found[: energy.shape[0], : energy.shape[1]] / np.sqrt(energy * (patch**2).sum() + 1e-9)
            fit[max(0, top - PATCH) : top + PATCH, max(0, left - PATCH) : left + PATCH] = 0
            best.append(fit.max())
    return float(np.mean(sorted(best)[-max(1, len(best) // 20) :])) if best else 0.0


if __name__ == "__main__":
    main()
