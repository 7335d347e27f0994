"""Pictures of a run as data URLs, each within a number of bytes, so that the page stays small enough to send."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import numpy as np
from PIL import Image, ImageSequence

from mapgan.curate.decode import BadImage, open_upright
from mapgan.dataset import Dataset
from mapgan.errors import MapganError
from mapgan.html_page import data_url

KIB = 1024
QUALITY = 84
SMALL = 220  # pixels; smaller pictures are enlarged by the browser, with square pixels
SHRINK = 0.8
FILM_SIDES, FILM_BYTES = (640, 480, 360, 240), 900 * KIB  # all limits together keep the page below 5 MB


def opened(path: Path) -> Image.Image:
    """The image in `path`, RGB.

    Raises:
        MapganError: it is missing or damaged.
    """
    try:
        with open_upright(path, math.inf) as upright:
            return upright.image.copy()
    except BadImage as error:
        raise MapganError(f"{path}: {error}", "make it again") from None


def img(image: Image.Image, alt: str, limit: int, side: int) -> str:
    """An `img` of at most `side` pixels and `limit` bytes (before base64)."""
    if max(image.size) > side:
        image = image.copy()
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
    address = data_url(image, "WEBP", QUALITY)
    while len(address) * 3 / 4 > limit and min(image.size) > 16:
        size = max(1, round(image.width * SHRINK)), max(1, round(image.height * SHRINK))
        image = image.resize(size, Image.Resampling.LANCZOS)
        address = data_url(image, "WEBP", QUALITY)
    pixels = ' class="pixels"' if image.width < SMALL else ""
    return f'<img{pixels} alt="{escape(alt)}" width="{image.width}" height="{image.height}" src="{address}">'


def thumbnails(paths: Iterable[Path], side: int = 200) -> list[str]:
    """Small images, without those that cannot be read."""
    found = []
    for path in paths:
        try:
            found.append(img(opened(path), "", 10 * KIB, side))
        except MapganError:
            continue  # the report is no place to stop at a damaged image
    return found


def of_training_set(dataset: Dataset, count: int, side: int = 128) -> list[str]:
    """`count` images of the training set, at equal distances."""
    numbers = np.unique(np.linspace(0, len(dataset.train) - 1, count).astype(int))
    return [img(Image.fromarray(np.asarray(dataset.train[number])), "", 8 * KIB, side) for number in numbers]


def film(path: Path) -> str:
    """The animation in `path` as a smaller one, and for those who want no motion its last frame; empty if damaged."""
    try:
        with Image.open(path) as animation:
            frames = [frame.convert("RGB") for frame in ImageSequence.Iterator(animation)]
            times = [int(frame.info.get("duration", 100)) for frame in ImageSequence.Iterator(animation)]
    except (OSError, ValueError, SyntaxError, EOFError):
        return ""
    for side in FILM_SIDES:
        content = _animated([_fitted(frame, side) for frame in frames], times)
        if len(content) <= FILM_BYTES:
            break
    last = _fitted(frames[-1], side)
    moving = f"data:image/webp;base64,{base64.b64encode(content).decode()}"
    size = f'width="{last.width}" height="{last.height}"'
    return (
        f'<picture><source media="(prefers-reduced-motion: reduce)" srcset="{data_url(last, "WEBP", QUALITY)}">'
        f'<img alt="the same seeds in the course of training" {size} src="{moving}"></picture>'
    )


def _fitted(frame: Image.Image, side: int) -> Image.Image:
    scale = min(1.0, side / max(frame.size))
    return frame.resize((round(scale * frame.width), round(scale * frame.height)), Image.Resampling.LANCZOS)


def _animated(frames: Sequence[Image.Image], times: Sequence[int]) -> bytes:
    stream = io.BytesIO()
    frames[0].save(stream, "WEBP", save_all=True, append_images=frames[1:], duration=list(times), loop=0, quality=60)
    return stream.getvalue()
