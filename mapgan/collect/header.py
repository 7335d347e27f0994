"""Format and size of an image file from its header, without decoding it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from mapgan.collect.image_formats import FORMATS, readers


@dataclass(frozen=True)
class Header:
    """MIME type, file name suffix and size (pixels) of an image; the defaults stand for a file that is none."""

    mime: str = "application/octet-stream"
    suffix: str = "bin"
    width: int = 0
    height: int = 0


def read_header(path: Path) -> Header:
    """Read format and size without decoding; an unreadable file gives `Header()`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(path, formats=readers()) as image:
                mime, suffixes = FORMATS[image.format or ""]
                return Header(mime, suffixes[0][1:], *image.size)
        except Exception:  # on damaged files Pillow's readers raise nearly anything
            return Header()
