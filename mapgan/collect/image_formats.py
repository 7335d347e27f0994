"""The image formats that mapgan reads, in one table: Pillow's name, MIME type and file suffixes.

Every file is opened with the readers of this table alone, recognized by its first bytes. All of them decode pixels
and do nothing else (the EPS reader, for one, would start Ghostscript), and Pillow's rarer readers never see a file
from the net.
"""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from typing import BinaryIO, NamedTuple

from PIL import Image

# Pillow's limit against decompression bombs is global. `curate.decode` compares the size in the header with
# `prune.max_megapixels` and the machine's memory before it decodes a pixel.
Image.MAX_IMAGE_PIXELS = None


class ImageFormat(NamedTuple):
    """One format; files in `data/raw` get its first suffix."""

    name: str
    mime: str
    suffixes: tuple[str, ...]


JPEG = ImageFormat("JPEG", "image/jpeg", (".jpg", ".jpeg"))
FORMATS = (
    ImageFormat("PNG", "image/png", (".png",)),
    JPEG,
    ImageFormat("WEBP", "image/webp", (".webp",)),
    ImageFormat("GIF", "image/gif", (".gif",)),
    ImageFormat("BMP", "image/bmp", (".bmp",)),
    ImageFormat("TIFF", "image/tiff", (".tif", ".tiff")),
    ImageFormat("AVIF", "image/avif", (".avif",)),
)
# read by pillow-heif, the extra `heic`
HEIF = ImageFormat("HEIF", "image/heif", (".heif", ".heic"))

SUFFIXES = tuple(suffix for format in FORMATS for suffix in format.suffixes)
# Pillow's JPEG reader names a JPEG with a second image behind it, as some cameras write them, MPO
BY_NAME = {format.name: format for format in (*FORMATS, HEIF)} | {"MPO": JPEG}


def can_read_heif() -> bool:
    """Whether pillow-heif is installed."""
    return importlib.util.find_spec("pillow_heif") is not None


def is_image_start(head: bytes) -> bool:
    """Whether these first bytes of a file, 32 or all there are, are those of an image of one of these formats."""
    return any(
        accept is not None and accept(head) is True
        for _, accept in (Image.OPEN[name] for name in _readable(can_read_heif()))
    )


def open_image(path: Path | BinaryIO) -> Image.Image:
    """Open an image file of one of these formats; reads its header and decodes no pixel.

    Raises:
        PIL.UnidentifiedImageError: the file is of no such format.
        Exception: nearly anything, for a damaged file: Pillow's readers do.
    """
    return Image.open(path, formats=_readable(can_read_heif()))


@functools.cache
def _readable(with_heif: bool) -> tuple[str, ...]:
    """Pillow's names of the formats that can be read here."""
    Image.init()
    names = [format.name for format in FORMATS]
    if with_heif:
        from pillow_heif import register_heif_opener  # late: it loads a C library, which few files need

        register_heif_opener()
        names.append(HEIF.name)
    return tuple(name for name in names if name in Image.OPEN)  # Pillow may lack AVIF
