"""The header of an image file: format and size. No pixel is decoded here."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from mapgan.collect.image_formats import BY_NAME, open_image


@dataclass(frozen=True)
class Header:
    """MIME type, file suffix and size (pixels) of an image; the defaults mean that it cannot be read as one."""

    mime: str = "application/octet-stream"
    suffix: str = "bin"
    width: int = 0
    height: int = 0


def header_of(image: Image.Image) -> Header:
    """The header of an open image."""
    found = BY_NAME[image.format or ""]
    return Header(found.mime, found.suffixes[0].removeprefix("."), *image.size)


def read_header(path: Path) -> Header:
    """Read the format and size without decoding a pixel; an unreadable image gives `Header()`, no error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with open_image(path) as image:
                return header_of(image)
        except Exception:  # on damaged files Pillow's readers raise nearly anything
            return Header()
