"""From a kept image to training images of one size: tiles, the centre, or the whole image with a border."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageColor

from mapgan.curate.decode import WHITE, Color
from mapgan.curate.scaling import Box, scaled
from mapgan.curate.tiling import ANYWHERE, Lines, corners
from mapgan.params.collecting import Resize

# Candidate windows per tile: limits the work on huge images.
CANDIDATES_PER_TILE = 20
MEASURED_SIDE = 64  # shorter side of a window when its contrast is measured, pixels

LONGEST = 256  # pixels of the image in which edges are counted
EDGE = 24  # change of grey values from pixel to pixel, of 255, that is an edge

Crop = tuple[Box, Image.Image]  # what it shows of the source image, and the training image


def background(settings: Resize) -> Color:
    """The colour behind transparent pixels."""
    return _rgb(settings.pad_color) if settings.pad_color.startswith("#") else WHITE


def enlargement(size: tuple[float, float], settings: Resize, zoom: float = 0.0) -> float:
    """By how much an image is enlarged for its training images; below 1 it is reduced.

    Args:
        size: of the image, pixels.
        settings: how it is cropped.
        zoom: see `crops`.
    """
    scales = settings.width / size[0], settings.height / size[1]
    if settings.mode == "pad":
        return min(scales)
    return 1 / (zoom or settings.tile_zoom) if _is_tiled(size, settings, zoom) else max(scales)


def crops(image: Image.Image, settings: Resize, zoom: float = 0.0, lines: Lines = ANYWHERE) -> Iterator[Crop]:
    """The training images of an image: any number with `tiles`, one with the other modes.

    Args:
        image: of any size.
        settings: how it is cropped.
        zoom: pixels of the image per pixel of a tile (0: `tile_zoom`).
        lines: of the battle grid, at which tiles start.
    """
    whole = (0, 0, *image.size)
    if settings.mode == "pad":
        yield whole, _padded(image, settings)
    elif settings.mode == "stretch":
        yield whole, _scaled(image, settings, whole)
    elif _is_tiled(image.size, settings, zoom):
        yield from _tiles(image, settings, _window(settings, zoom), lines)
    else:
        yield _cropped(image, settings)


def _window(settings: Resize, zoom: float) -> tuple[int, int]:
    """Width and height of what a tile shows, pixels of the image."""
    zoom = zoom or settings.tile_zoom
    return round(zoom * settings.width), round(zoom * settings.height)


def _is_tiled(size: tuple[float, float], settings: Resize, zoom: float) -> bool:
    window = _window(settings, zoom)
    return settings.mode == "tiles" and window[0] <= size[0] and window[1] <= size[1]


def _scaled(image: Image.Image, settings: Resize, box: Box) -> Image.Image:
    return scaled(image, (settings.width, settings.height), box, settings.linear)


def _cropped(image: Image.Image, settings: Resize) -> Crop:
    """The largest window of the right aspect ratio: in the centre, or where most edges are."""
    scale = min(image.width / settings.width, image.height / settings.height)
    width, height = scale * settings.width, scale * settings.height
    x, y = max(0.0, (image.width - width) / 2), max(0.0, (image.height - height) / 2)
    if settings.crop_at == "edges":
        x, y = _busiest(image, (width, height), (x, y))
    box = (x, y, min(x + width, image.width), min(y + height, image.height))
    return box, _scaled(image, settings, box)


def _busiest(image: Image.Image, window: tuple[float, float], center: tuple[float, float]) -> tuple[float, float]:
    """Where the window with the most edges is; of equal ones, that nearest to the centre."""
    axis = 0 if image.width - window[0] > image.height - window[1] else 1  # along which it has room
    factor = max(1, -(-max(image.size) // LONGEST))
    grey = np.asarray(image.reduce(factor).convert("L"), dtype=np.int16)
    edges = np.zeros(grey.shape, dtype=np.int64)
    edges[:, 1:] += np.abs(np.diff(grey, axis=1)) > EDGE
    edges[1:] += np.abs(np.diff(grey, axis=0)) > EDGE
    before = np.concatenate([[0], edges.sum(axis=axis).cumsum()])  # edges left of, or above, each position
    length = max(1, min(round(window[axis] / factor), len(before) - 1))
    inside = before[length:] - before[:-length]
    best = np.flatnonzero(inside == inside.max())
    start = float(best[np.argmin(np.abs(best - center[axis] / factor))]) * factor
    start = min(start, image.size[axis] - window[axis])
    return (start, center[1]) if axis == 0 else (center[0], start)


def _padded(image: Image.Image, settings: Resize) -> Image.Image:
    """The whole image, scaled to fit and centred on a uniform colour, or on its own reflection."""
    scale = min(settings.width / image.width, settings.height / image.height)
    width, height = max(1, round(scale * image.width)), max(1, round(scale * image.height))
    small = scaled(image, (width, height), (0, 0, *image.size), settings.linear)
    x, y = (settings.width - width) // 2, (settings.height - height) // 2
    if settings.pad_color == "reflect":
        borders = (y, settings.height - height - y), (x, settings.width - width - x), (0, 0)
        return Image.fromarray(np.pad(np.asarray(small), borders, "reflect"))
    color = _border_color(image) if settings.pad_color == "edge" else _rgb(settings.pad_color)
    sheet = Image.new("RGB", (settings.width, settings.height), color)
    sheet.paste(small, (x, y))
    return sheet


def _tiles(image: Image.Image, settings: Resize, window: tuple[int, int], lines: Lines) -> Iterator[Crop]:
    width, height = window
    limit = CANDIDATES_PER_TILE * settings.tiles_per_image
    positions = list(corners(image.size, (width, height), settings.tile_overlap, limit, lines))
    contrasts = _contrasts(image, positions, (width, height))
    # relative to the richest tile, as parchment has less contrast than black stone
    threshold = settings.tile_contrast * max(contrasts)
    rich = [position for position, contrast in zip(positions, contrasts, strict=True) if contrast >= threshold]
    for x, y in rich[: settings.tiles_per_image]:
        box = (x, y, x + width, y + height)
        yield box, _scaled(image, settings, box)


def _contrasts(image: Image.Image, positions: list[tuple[int, int]], size: tuple[int, int]) -> list[float]:
    """Standard deviation of the grey values in each window, measured on a reduced image."""
    scale = min(1.0, MEASURED_SIDE / min(size))
    small = (max(1, round(scale * image.width)), max(1, round(scale * image.height)))
    grey = np.asarray(image.convert("L").resize(small, Image.Resampling.BOX), dtype=np.float32)
    width, height = (max(1, round(scale * side)) for side in size)
    small_corners = [(round(scale * x), round(scale * y)) for x, y in positions]
    return [float(grey[y : y + height, x : x + width].std()) for x, y in small_corners]


def _border_color(image: Image.Image) -> Color:
    """The median colour of the outermost pixels."""
    width, height = image.size
    edges = [(0, 0, width, 1), (0, height - 1, width, height), (0, 0, 1, height), (width - 1, 0, width, height)]
    border = np.concatenate([np.asarray(image.crop(edge)).reshape(-1, 3) for edge in edges])
    red, green, blue = (int(value) for value in np.median(border, axis=0))
    return red, green, blue


def _rgb(text: str) -> Color:
    red, green, blue = ImageColor.getrgb(text)[:3]
    return red, green, blue
