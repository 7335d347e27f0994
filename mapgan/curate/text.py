"""How much of an image is text: labels, a legend, a page of rules.

Letters are small marks that stand out from what is around them, beside each other on a line, of similar height and
unlike widths. So marks (connected pixels darker, or lighter, than the mean around them) are linked with those beside
them, and chains of them are taken for lines of text. Strokes of hatching and steps of stairs are too thin, pillars are
too much like each other, and stones of a wall leave no space between their rows; but some do count.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

LONGEST = 1024  # pixels; larger images are reduced to at most this
RADIUS = 12  # of the surroundings of a pixel, pixels
CONTRAST = 40  # difference from them, of 255
HEIGHTS = 5, 48  # of a mark, pixels
WIDEST = 4.0  # mark, over its height: letters of a word may touch
FULLEST = 0.9  # fraction of its box that a mark covers: none but `l` and dashes cover more
LEVEL = 0.35  # offset of the lower ends of neighbours, over the height of the larger one: `y` beside `x`
SMALLER = 0.4  # height of the smaller of two neighbours, over that of the other
GAP = 0.9  # between neighbours, over the height of the larger one: words of a line belong together
MARKS = 5  # in a line, at least
SLENDER = 0.3  # median width over median height, in a line
DRIFT = 2.0  # height of a line over that of its highest mark, at most: chains of pebbles wander
LEADING = 0.5  # height of what is looked at below a line, over that of its marks
SPARSE = 0.4  # density of marks there, over that in the line, at most
VARIETY = 0.12  # standard deviation of the widths in a line over their mean

Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]


class Marks(NamedTuple):
    """Connected pixels: their boxes and number, each `[N]`; right and bottom are exclusive."""

    left: Numbers
    top: Numbers
    right: Numbers
    bottom: Numbers
    pixels: Numbers


def text_share(image: Image.Image) -> float:
    """The fraction of an image that lines of text cover, 0 to 1."""
    grey = image.reduce(max(1, -(-max(image.size) // LONGEST))).convert("L")
    around = np.asarray(grey.filter(ImageFilter.BoxBlur(RADIUS)), dtype=np.int16)
    contrast = np.asarray(grey, dtype=np.int16) - around
    # not their sum: between large dark letters there are light marks
    covered = max(_covered(mask) for mask in (contrast < -CONTRAST, contrast > CONTRAST))
    return round(min(1.0, covered / contrast.size), 4)


def find_marks(mask: Mask) -> Marks:
    """The marks of `mask`, `[H, W]`; pixels that touch at a corner belong together."""
    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, left = np.nonzero(edges == 1)  # the first pixel of each run
    right = np.nonzero(edges == -1)[1]
    # positions with a gap between rows, so that the end of one and the start of the next are apart
    line = mask.shape[1] + 2
    first, end = rows * line + left, rows * line + right
    low = np.searchsorted(end, first + line, "left")  # runs of the row below that touch this one: from `low` ...
    counts = np.maximum(np.searchsorted(first, end + line, "right") - low, 0)
    above = np.repeat(np.arange(len(rows)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    groups = connected(len(rows), above, np.repeat(low, counts) + within)
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    if not len(starts):
        return Marks(*[np.zeros(0, np.int64)] * 5)
    return Marks(
        np.minimum.reduceat(left[order], starts),
        np.minimum.reduceat(rows[order], starts),
        np.maximum.reduceat(right[order], starts),
        np.maximum.reduceat(rows[order], starts) + 1,
        np.add.reduceat((right - left)[order], starts),
    )


def connected(count: int, first: Numbers, second: Numbers) -> Numbers:
    """For each of `count` items, the least item that it is connected with by pairs of `first` and `second`."""
    least = np.arange(count)
    while len(first):
        one, other = least[first], least[second]
        low = np.minimum(one, other)
        np.minimum.at(least, one, low)
        np.minimum.at(least, other, low)
        while not np.array_equal(least, further := least[least]):
            least = further
        apart = least[first] != least[second]
        first, second = first[apart], second[apart]
    return least


def _covered(mask: Mask) -> int:
    """Pixels in the boxes of lines of text."""
    marks = find_marks(mask)
    width, height = marks.right - marks.left, marks.bottom - marks.top
    letters = (height >= HEIGHTS[0]) & (height <= HEIGHTS[1]) & (width <= WIDEST * height)
    letters &= marks.pixels <= FULLEST * width * height
    marks = Marks(*(values[letters] for values in marks))
    marks = Marks(*(values[np.argsort(marks.bottom, kind="stable")] for values in marks))
    lines = connected(len(marks.left), *_neighbours(marks))
    order = np.argsort(lines, kind="stable")
    area = 0
    for line in np.split(order, np.flatnonzero(np.diff(lines[order])) + 1):
        if len(line) >= MARKS:
            left, top, right, bottom = (values[line] for values in marks[:4])
            width, height = right - left, bottom - top
            box = right.max() - left.min(), bottom.max() - top.min()
            straight = box[1] <= DRIFT * height.max()
            broad = np.median(width) >= SLENDER * np.median(height)
            varied = width.std() >= VARIETY * width.mean()
            if straight and broad and varied and _has_space_below(mask, left, top, right, bottom):
                area += int(box[0] * box[1])
    return area


def _has_space_below(mask: Mask, left: Numbers, top: Numbers, right: Numbers, bottom: Numbers) -> bool:
    """Whether there is little but descenders below the base line of these marks."""
    start, high, low, end = int(left.min()), int(np.median(top)), int(np.median(bottom)), int(right.max())
    below = mask[low : low + max(2, round(LEADING * (low - high))), start:end]
    return not below.size or bool(below.mean() <= SPARSE * mask[high:low, start:end].mean())


def _neighbours(marks: Marks) -> tuple[Numbers, Numbers]:
    """Pairs of marks, which are sorted by their lower ends, that may be letters beside each other."""
    height = marks.bottom - marks.top
    pairs = [np.zeros((2, 0), np.int64)]
    for step in range(1, len(height)):
        offset = marks.bottom[step:] - marks.bottom[:-step]
        if offset.min() > LEVEL * HEIGHTS[1]:
            break
        small, large = np.minimum(height[step:], height[:-step]), np.maximum(height[step:], height[:-step])
        gap = np.maximum(marks.left[step:] - marks.right[:-step], marks.left[:-step] - marks.right[step:])
        beside = (offset <= LEVEL * large) & (small >= SMALLER * large) & (gap <= GAP * large) & (gap >= -0.2 * large)
        first = np.flatnonzero(beside)
        pairs.append(np.stack([first, first + step]))
    first, second = np.concatenate(pairs, axis=1)
    return first, second
