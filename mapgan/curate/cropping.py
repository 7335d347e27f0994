"""From a kept image to training images of one size: tiles, the centre, or the whole image with a border."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageColor

from mapgan.curate.decode import WHITE, Color
from mapgan.curate.tiling import ANYWHERE, Lines, corners
from mapgan.params.collecting import Resize

# Candidate windows per tile: limits the work on huge images.
CANDIDATES_PER_TILE = 20
MEASURED_SIDE = 64  # shorter side of a window when its contrast is measured, pixels

Box = tuple[float, float, float, float]
Crop = tuple[Box, Image.Image]  # what it shows of the source image, and the training image


def background(settings: Resize) -> Color:
    """The colour behind transparent pixels."""
    return WHITE if settings.pad_color == "edge" else _rgb(settings.pad_color)


def crops(image: Image.Image, settings: Resize, zoom: float = 0.0, lines: Lines = ANYWHERE) -> Iterator[Crop]:
    """The training images of an image: one with `crop` and `pad`, any number with `tiles`.

    Args:
        image: of any size.
        settings: how it is cropped.
        zoom: pixels of the image per pixel of a tile (0: `tile_zoom`).
        lines: of the battle grid, at which tiles start.
    """
    zoom = zoom or settings.tile_zoom
    window = round(zoom * settings.width), round(zoom * settings.height)
    if settings.mode == "pad":
        yield (0, 0, *image.size), _padded(image, settings)
    elif settings.mode == "crop" or any(side < needed for side, needed in zip(image.size, window, strict=True)):
        yield _cropped(image, settings)
    else:
        yield from _tiles(image, settings, window, lines)


def _scaled(image: Image.Image, size: tuple[int, int], box: Box) -> Image.Image:
    return image.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)


def _cropped(image: Image.Image, settings: Resize) -> Crop:
    """The largest centred window of the right aspect ratio."""
    scale = min(image.width / settings.width, image.height / settings.height)
    width, height = scale * settings.width, scale * settings.height
    x, y = max(0.0, (image.width - width) / 2), max(0.0, (image.height - height) / 2)
    box = (x, y, min(x + width, image.width), min(y + height, image.height))
    return box, _scaled(image, (settings.width, settings.height), box)


def _padded(image: Image.Image, settings: Resize) -> Image.Image:
    """The whole image, scaled to fit and centred on a uniform colour."""
    scale = min(settings.width / image.width, settings.height / image.height)
    width, height = max(1, round(scale * image.width)), max(1, round(scale * image.height))
    color = _border_color(image) if settings.pad_color == "edge" else _rgb(settings.pad_color)
    sheet = Image.new("RGB", (settings.width, settings.height), color)
    small = _scaled(image, (width, height), (0, 0, *image.size))
    sheet.paste(small, ((settings.width - width) // 2, (settings.height - height) // 2))
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
        yield box, _scaled(image, (settings.width, settings.height), box)


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
