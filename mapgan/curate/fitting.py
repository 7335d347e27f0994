"""One kept picture → training pictures of one size: windows, its centre, or all of it on a ground."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageColor

from mapgan.curate.decode import WHITE, Colour
from mapgan.curate.tiling import corners
from mapgan.params.collecting import Resize

# Windows looked at for each one that may be taken: bounds the work on huge pictures.
LOOKS_PER_TILE = 20
MEASURED_SIDE = 64  # pixels of a window's shorter side that its contrast is measured on

Box = tuple[float, float, float, float]
Cut = tuple[int, int, Image.Image]  # x and y of its corner in the source, and the training picture


def background(settings: Resize) -> Colour:
    """What shows through transparent pixels."""
    return WHITE if settings.pad_colour == "edge" else _rgb(settings.pad_colour)


def window(settings: Resize) -> tuple[int, int]:
    """Width and height of a tile in pixels of the source."""
    return round(settings.tile_zoom * settings.width), round(settings.tile_zoom * settings.height)


def cut(picture: Image.Image, settings: Resize) -> Iterator[Cut]:
    """The training pictures that one picture gives: one for `crop` and `pad`, any number for `tiles`."""
    if settings.fit == "pad":
        yield 0, 0, _padded(picture, settings)
    elif settings.fit == "crop" or any(
        side < needed for side, needed in zip(picture.size, window(settings), strict=True)
    ):
        yield _cropped(picture, settings)
    else:
        yield from _tiles(picture, settings)


def _scaled(picture: Image.Image, size: tuple[int, int], box: Box) -> Image.Image:
    return picture.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)


def _cropped(picture: Image.Image, settings: Resize) -> Cut:
    """The largest window of the right shape around the centre."""
    scale = min(picture.width / settings.width, picture.height / settings.height)
    width, height = scale * settings.width, scale * settings.height
    x, y = max(0.0, (picture.width - width) / 2), max(0.0, (picture.height - height) / 2)
    box = (x, y, min(x + width, picture.width), min(y + height, picture.height))
    return round(x), round(y), _scaled(picture, (settings.width, settings.height), box)


def _padded(picture: Image.Image, settings: Resize) -> Image.Image:
    """The whole picture, as large as fits, in the middle of one colour."""
    scale = min(settings.width / picture.width, settings.height / picture.height)
    width, height = max(1, round(scale * picture.width)), max(1, round(scale * picture.height))
    colour = _border_colour(picture) if settings.pad_colour == "edge" else _rgb(settings.pad_colour)
    sheet = Image.new("RGB", (settings.width, settings.height), colour)
    small = _scaled(picture, (width, height), (0, 0, *picture.size))
    sheet.paste(small, ((settings.width - width) // 2, (settings.height - height) // 2))
    return sheet


def _tiles(picture: Image.Image, settings: Resize) -> Iterator[Cut]:
    wide, high = window(settings)
    most = LOOKS_PER_TILE * settings.tiles_per_picture
    places = list(corners(picture.size, (wide, high), settings.tile_overlap, most))
    contrasts = _contrasts(picture, places, (wide, high))
    # parchment has less contrast than black stone and is no less a map: the richest tile sets the measure
    least = settings.tile_contrast * max(contrasts)
    rich = [place for place, contrast in zip(places, contrasts, strict=True) if contrast >= least]
    for x, y in rich[: settings.tiles_per_picture]:
        yield x, y, _scaled(picture, (settings.width, settings.height), (x, y, x + wide, y + high))


def _contrasts(picture: Image.Image, places: list[tuple[int, int]], size: tuple[int, int]) -> list[float]:
    """Standard deviation of the grey values in each window, measured on a picture made small."""
    scale = min(1.0, MEASURED_SIDE / min(size))
    small = (max(1, round(scale * picture.width)), max(1, round(scale * picture.height)))
    grey = np.asarray(picture.convert("L").resize(small, Image.Resampling.BOX), dtype=np.float32)
    wide, high = (max(1, round(scale * side)) for side in size)
    corners_there = [(round(scale * x), round(scale * y)) for x, y in places]
    return [float(grey[y : y + high, x : x + wide].std()) for x, y in corners_there]


def _border_colour(picture: Image.Image) -> Colour:
    """The median colour of the outermost pixels."""
    pixels = np.asarray(picture)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    red, green, blue = (int(value) for value in np.median(border, axis=0))
    return red, green, blue


def _rgb(text: str) -> Colour:
    red, green, blue = ImageColor.getrgb(text)[:3]
    return red, green, blue
