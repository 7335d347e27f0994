"""The battle grid of a map: the distance between its lines and where they are, from the image alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

from mapgan.curate.tiling import Lines

MIN_PERIOD, MAX_PERIOD = 8, 200  # pixels
MIN_LINES = 6  # grid lines that an axis must have room for
MIN_STRENGTH = 0.3  # correlation of the edges with themselves a square further; 0.05 is usual without a grid
FIRST = 0.5  # of the strongest peak: the first peak as strong as this is the period, later ones are its multiples
TOLERANCE = 0.02  # by which the periods of the two axes may differ
LARGEST = 2048  # pixels; of larger images, the middle is measured
JPEG_BLOCK = 8  # pixels
JPEG_BLOCKS = 31  # neighbouring blocks, in which compression leaves about the same edges
WITHOUT_LINE = 0.3  # a fraction of the blocks that no grid has lines in
AGREEMENT = 0.5  # fraction of the images of a set that must have a grid

Profile = NDArray[np.float64]


def find_grid(image: Image.Image) -> Lines | None:
    """The lines of the battle grid of a map, or None if it shows none.

    Lines of a grid, and walls along it, are edges at multiples of a square. The sum of edges over each column (and each
    row) is therefore periodic, and its autocorrelation has a peak at the side of a square.

    Args:
        image: of any mode and size.
    """
    left, top = (max(0, (side - LARGEST) // 2) for side in image.size)
    part = image.crop((left, top, left + min(image.width, LARGEST), top + min(image.height, LARGEST)))
    grey = np.asarray(part.convert("L"), np.int16)  # a fifth of the time of floats, and the same sums
    edges = [
        np.abs(np.diff(grey, axis=axis)).sum(axis=1 - axis, dtype=np.int64) / grey.shape[1 - axis] for axis in (0, 1)
    ]
    rows, columns = map(_period, edges)
    if rows is None or columns is None or abs(rows - columns) > TOLERANCE * max(rows, columns):
        return None
    period = (rows + columns) / 2
    return Lines(period, left + _line(edges[1], period), top + _line(edges[0], period))


def common_period(grids: Sequence[Lines | None]) -> float:
    """The median period of the grids of a set's images, pixels; 0 if few of them show one."""
    periods = sorted(grid.period for grid in grids if grid is not None)
    return periods[len(periods) // 2] if periods and len(periods) >= AGREEMENT * len(grids) else 0.0


def _line(edges: Profile, period: float) -> float:
    """The position of a line, pixels: the phase of the edges at the frequency of the grid."""
    positions = np.arange(1, len(edges) + 1)  # edge i is between pixels i and i + 1
    wave = (_sharp(edges) * np.exp(2j * math.pi * positions / period)).sum()
    return float(np.angle(wave)) / (2 * math.pi) * period % period


def _period(edges: Profile) -> float | None:
    """The period of `edges`, the strength of edges along an axis; None if there is none."""
    longest = min(MAX_PERIOD, len(edges) // MIN_LINES)
    if longest <= MIN_PERIOD:
        return None
    correlation = _autocorrelation(_without_jpeg_blocks(edges))
    peaks = [
        lag
        for lag in range(MIN_PERIOD, longest)
        if correlation[lag] >= MIN_STRENGTH and correlation[lag] == correlation[lag - 2 : lag + 3].max()
    ]
    if not peaks:
        return None
    # the first of the strong peaks: multiples of a square are as strong as the square itself
    strongest = max(correlation[lag] for lag in peaks)
    return _refined(correlation, next(lag for lag in peaks if correlation[lag] >= FIRST * strongest))


def _without_jpeg_blocks(edges: Profile) -> Profile:
    """`edges` without what repeats from one 8x8 block to the next: a JPEG is no battle grid.

    A low quantile over blocks, so that the lines of a grid, which lie in some of the blocks, stay.
    """
    blocks = edges[: len(edges) // JPEG_BLOCK * JPEG_BLOCK].reshape(-1, JPEG_BLOCK)
    padded = np.pad(blocks, ((JPEG_BLOCKS // 2, JPEG_BLOCKS // 2), (0, 0)), mode="reflect")
    shared = np.quantile(sliding_window_view(padded, JPEG_BLOCKS, axis=0), WITHOUT_LINE, axis=-1)
    rest = blocks - shared + np.median(shared, axis=1, keepdims=True)
    return np.concatenate([rest.ravel(), edges[blocks.size :]])


def _sharp(edges: Profile) -> Profile:
    """What is above the local mean, and not far above all else."""
    local = np.convolve(np.pad(edges, MIN_PERIOD, mode="edge"), np.ones(2 * MIN_PERIOD + 1), "valid")
    sharp = np.clip(edges - local / (2 * MIN_PERIOD + 1), 0, None)
    # a frame around the map should not outweigh the grid
    return np.asarray(np.minimum(sharp, 4 * sharp.mean() + 1e-9), np.float64)


def _autocorrelation(edges: Profile) -> Profile:
    """Autocorrelation by lag, 1 at lag 0, of the sharp edges."""
    sharp = np.convolve(_sharp(edges), [0.5, 1, 0.5], "same")  # lines at fractions of pixels
    sharp = sharp - sharp.mean()
    spectrum = np.fft.rfft(sharp, 2 * len(sharp))
    raw = np.fft.irfft(spectrum * spectrum.conj())[: len(sharp)]
    overlap = np.arange(len(sharp), 0, -1) / len(sharp)
    return np.asarray(raw / (raw[0] + 1e-9) / overlap, np.float64)


def _refined(correlation: Profile, lag: int) -> float:
    """The period near `lag`, from the last of its multiples that has a peak: its error is divided by their number."""
    period, multiple = float(lag), 1
    while (expected := round(period * (multiple + 1))) + 2 < len(correlation) // 2:
        window = correlation[expected - 2 : expected + 3]
        if window.max() < MIN_STRENGTH / 2:
            break
        multiple += 1
        period = (expected - 2 + int(window.argmax())) / multiple
    return period
