"""The image formats that mapgan reads: one table for file names, headers and decoding.

Each has a decoder that reads pixels and does nothing else (that of EPS, for one, starts Ghostscript).
"""

from __future__ import annotations

import contextlib
from functools import cache
from typing import NamedTuple

from PIL import Image

# Pillow's limit is global and cannot be set per file. Sizes are checked by `curate.decode` before anything is decoded.
Image.MAX_IMAGE_PIXELS = None


class ImageFormat(NamedTuple):
    """MIME type of a format, and suffixes of its files, of which the first one is used for new files."""

    mime: str
    suffixes: tuple[str, ...]


FORMATS = {
    "PNG": ImageFormat("image/png", (".png",)),
    "JPEG": ImageFormat("image/jpeg", (".jpg", ".jpeg")),
    "MPO": ImageFormat("image/jpeg", (".jpg", ".jpeg")),  # a JPEG with more images behind it, from some cameras
    "WEBP": ImageFormat("image/webp", (".webp",)),
    "GIF": ImageFormat("image/gif", (".gif",)),
    "BMP": ImageFormat("image/bmp", (".bmp",)),
    "TIFF": ImageFormat("image/tiff", (".tif", ".tiff")),
    "AVIF": ImageFormat("image/avif", (".avif",)),
    "HEIF": ImageFormat("image/heif", (".heic", ".heif")),  # with pillow-heif, the extra `heic`
}
HEIF_SUFFIXES = FORMATS["HEIF"].suffixes
WEB_SUFFIXES = tuple(suffix for name in FORMATS if name != "HEIF" for suffix in FORMATS[name].suffixes)
"""Suffixes of images on web pages; no browser but Safari shows HEIF."""


@cache
def has_heif() -> bool:
    """Whether pillow-heif is installed; if so, it is registered with Pillow."""
    with contextlib.suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
        return True
    return False


def suffixes() -> tuple[str, ...]:
    """Suffixes of the image files that can be read here."""
    return WEB_SUFFIXES + (HEIF_SUFFIXES if has_heif() else ())


@cache
def readers() -> list[str]:
    """Pillow's names of the formats that can be read here; Pillow tries no others."""
    Image.init()
    has_heif()
    return [name for name in FORMATS if name in Image.OPEN and name != "MPO"]  # the JPEG reader reads MPO
