"""What an image file says of itself in its header. Nothing is decoded here."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

KINDS = {
    "PNG": ("image/png", "png"),
    "JPEG": ("image/jpeg", "jpg"),
    "MPO": ("image/jpeg", "jpg"),  # what some cameras make: a JPEG with a second image behind it
    "WEBP": ("image/webp", "webp"),
    "GIF": ("image/gif", "gif"),
    "BMP": ("image/bmp", "bmp"),
    "TIFF": ("image/tiff", "tif"),
    "AVIF": ("image/avif", "avif"),
}
# Only these readers of Pillow ever see a file from the net: no PostScript, nothing rare. JPEG reads MPO.
READERS = [kind for kind in KINDS if kind != "MPO"]


@dataclass(frozen=True)
class Header:
    """Kind and size (pixels) of an image; 0 x 0 and `bin` where it is none that Pillow can name."""

    mime: str = "application/octet-stream"
    suffix: str = "bin"
    width: int = 0
    height: int = 0


def read_header(path: Path) -> Header:
    """Read kind and size without decoding a pixel; an unreadable image gives `Header()`, no error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        most = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = None  # the size of a bomb is wanted too: pruning names it by that
        try:
            with Image.open(path, formats=READERS) as image:
                mime, suffix = KINDS[image.format or ""]
                return Header(mime, suffix, *image.size)
        except Exception:  # broken files make Pillow's readers raise nearly anything
            return Header()
        finally:
            Image.MAX_IMAGE_PIXELS = most
