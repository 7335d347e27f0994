"""Thumbnails of the images, taken while they are decoded and kept on disk until the report is written."""

from __future__ import annotations

import base64
from pathlib import Path

from PIL import Image

from mapgan.html_page import data_url

SIDE = 240  # pixels
SMALL_SIDE = 96  # of contact sheets


class Thumbnails:
    """A folder of thumbnails, by the name of the image file, so that memory does not grow with their number.

    Args:
        folder: an empty one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, name: str, image: Image.Image) -> None:
        """Store the thumbnail of an RGB image."""
        scale = min(1.0, SIDE / max(image.size))
        size = max(1, round(scale * image.width)), max(1, round(scale * image.height))
        small = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=1.0)
        small.save(self._path(name), "JPEG", quality=72)

    def large(self, name: str) -> str:
        """The thumbnail as a data URL; empty if there is none."""
        path = self._path(name)
        return f"data:image/jpeg;base64,{base64.b64encode(path.read_bytes()).decode()}" if path.is_file() else ""

    def small(self, name: str) -> str:
        """The same, smaller: about 2 kB, so that a page can show ten thousand."""
        path = self._path(name)
        if not path.is_file():
            return ""
        with Image.open(path, formats=["JPEG"]) as image:
            image.thumbnail((SMALL_SIDE, SMALL_SIDE))
            return data_url(image.convert("RGB"), "WEBP", quality=50)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.jpg"
