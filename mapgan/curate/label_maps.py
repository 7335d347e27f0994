"""Label images: which label each square of a map has, beside the image, as `name.labels.png` for `name.png`.

A label image has a pixel for each square of the battle grid, or as many pixels as the image. Each training image gets
the part that it shows, at a pixel per square.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mapgan.curate.decode import WHITE, BadImage, Color, open_upright
from mapgan.curate.prune_record import PruneRecord
from mapgan.curate.scaling import Box
from mapgan.curate.tiling import Lines
from mapgan.dataset import LabelMaps
from mapgan.dataset.legend import LABEL_IMAGE, read_legend
from mapgan.errors import MapganError
from mapgan.params.collecting import Resize
from mapgan.progress import Bar

LABEL_SQUARE = 8  # side of a square of labels in a training image where no battle grid is known, pixels
MAX_LABELS = 100  # colours; more come from an image with smooth edges, or from the wrong file


def check_label_maps(settings: Resize, condition: str) -> None:
    """Check that training images can be cut together with their label images.

    Raises:
        MapganError: they are padded.
    """
    if condition == "map" and settings.mode == "pad":
        raise MapganError("resize.mode: pad has no labels for the border", "use tiles or crop with label images")


def check_label_squares(settings: Resize, square: int) -> None:
    """Check that a training image is a whole number of squares of labels, each of `square` pixels (0: no labels).

    Raises:
        MapganError: it is not.
    """
    if square and (settings.width % square or settings.height % square):
        raise MapganError(
            f"resize: {settings.width} x {settings.height} pixels are no whole number of squares of {square} pixels",
            f"use multiples of {square}, or another tile_zoom",
        )


def label_grid(raw: Path, row: PruneRecord) -> Lines | None:
    """The battle grid of an image whose label image has a pixel for each square; None if it is larger."""
    try:
        with open_upright(raw / row.label_map, math.inf, WHITE) as (labels, _, _):
            period = row.width / labels.width
            proportional = abs(row.height / labels.height - period) * labels.height < period
    except BadImage:
        return None  # reported when it is cropped
    return Lines(period) if period >= 2 and proportional else None


def read_label_image(path: Path) -> Image.Image:
    """A label image, RGB.

    Raises:
        BadImage: it cannot be decoded.
    """
    try:
        with open_upright(path, math.inf, WHITE) as (image, _, _):
            return image.copy()
    except BadImage as bad:
        raise BadImage(f"its label image is {bad}") from None


def label_window(
    labels: Image.Image, size: tuple[int, int], box: Box, target: tuple[int, int], square: int
) -> Image.Image:
    """The label of each square of a training image, in the colours of the label image.

    Args:
        labels: the label image.
        size: of the image that it belongs to, pixels.
        box: what the training image shows of that.
        target: size of the training image, pixels.
        square: side of its squares, pixels.

    Raises:
        BadImage: it has other proportions than the image.
    """
    scale = labels.width / size[0], labels.height / size[1]
    if abs(scale[0] / scale[1] - 1) > 0.02:
        raise BadImage(f"its label image has other proportions: {labels.width} x {labels.height}")
    columns, rows = (
        np.clip(((np.arange(count) + 0.5) / count * (last - first) + first) * factor, 0, limit - 1).astype(int)
        for count, first, last, factor, limit in (
            (target[0] // square, box[0], box[2], scale[0], labels.width),
            (target[1] // square, box[1], box[3], scale[1], labels.height),
        )
    )
    return Image.fromarray(np.asarray(labels)[rows[:, None], columns])


def label_tile(name: str) -> str:
    """The file name of the labels of the training image `name`."""
    return Path(name).stem + LABEL_IMAGE


def label_name(row: PruneRecord) -> str:
    """What a person calls the label image of an image."""
    return row.known_as.rpartition(".")[0] + LABEL_IMAGE


def read_label_tiles(paths: Sequence[Path], names: Sequence[str], square: int, legend: Path) -> LabelMaps:
    """The labels in files of `label_window`, named by a legend, or by their colours if there is none.

    Args:
        paths: the files.
        names: of the label image that each is a part of, for errors.
        square: side of a square in the training images, pixels.
        legend: its file, which may be missing.

    Raises:
        MapganError: a colour is not in the legend, or there are too many.
    """
    with Bar("labels", total=len(paths)) as bar:
        tiles = np.stack([_colors_of(path, bar) for path in paths])
    colors, first, indices = np.unique(tiles, return_index=True, return_inverse=True)
    found = _names(colors, [names[index // tiles[0].size] for index in first.tolist()], legend)
    labels = sorted(set(found))
    numbers = np.array([labels.index(name) for name in found], np.uint8)
    return LabelMaps(tuple(labels), square, numbers[indices].reshape(tiles.shape))


def read_colors(legend: Path, paths: Sequence[Path], names: Sequence[str]) -> dict[str, Color]:
    """The colour of each label in the label images `paths`, red, green and blue, 0 to 255.

    Raises:
        MapganError: as `read_label_tiles`.
    """
    seen: dict[int, str] = {}
    with Bar("labels", total=len(paths)) as bar:
        for path, name in zip(paths, names, strict=True):
            for color in np.unique(_colors_of(path, bar)).tolist():
                seen.setdefault(color, name)
    colors = sorted(seen)
    rgb = [(color >> 16, (color >> 8) & 255, color & 255) for color in colors]
    texts = _names(np.array(colors), [seen[color] for color in colors], legend)
    return dict(zip(texts, rgb, strict=True))


def _colors_of(path: Path, bar: Bar) -> NDArray[np.int64]:
    """The colours of a label image, `[H, W]`, as 0xrrggbb."""
    with open_upright(path, math.inf, WHITE) as (image, _, _):
        red, green, blue = np.moveaxis(np.asarray(image, dtype=np.int64), 2, 0)
    bar.advance()
    colors: NDArray[np.int64] = (red << 16) | (green << 8) | blue
    return colors


def _names(colors: NDArray[np.int64], images: Sequence[str], legend: Path) -> list[str]:
    """The names of colours by a legend, or the colours themselves if there is none; `images` are where each is first.

    Raises:
        MapganError: a colour is not in the legend, or there are too many.
    """
    names = read_legend(legend) if legend.is_file() else {}
    if len(colors) > MAX_LABELS:
        raise MapganError(
            f"label images: {len(colors)} colours, where {MAX_LABELS} are allowed; most of them in "
            f"{max(set(images), key=images.count)}",
            "save them as PNG, one plain colour per label, without smooth edges",
        )
    texts = [f"#{color:06x}" for color in colors.tolist()]
    unknown = [(text, image) for text, image in zip(texts, images, strict=True) if names and text not in names]
    if unknown:
        color, image = unknown[0]
        raise MapganError(f"{legend.name}: no line for the colour {color}, which {image} has", f"add `{color} label`")
    return [names.get(text, text) for text in texts]
