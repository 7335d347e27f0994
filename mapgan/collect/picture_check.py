"""Whether a download is a whole image that can be used; a damaged one is not remembered and is fetched again."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import BinaryIO

from mapgan.collect.addresses import UnavailableError
from mapgan.collect.header import Header, header_of
from mapgan.collect.image_formats import BY_NAME, open_image

MAY_BE_ANIMATED = {"GIF", "WEBP", "PNG", "AVIF"}  # other formats with several images hold pages or previews


def check_size(width: int, height: int, max_megapixels: float) -> None:
    """Whether an image has few enough pixels.

    Raises:
        UnavailableError: it has not.
    """
    if width * height > max_megapixels * 1e6:
        raise UnavailableError(f"larger than {max_megapixels:g} megapixels", 200)


def check_picture(file: Path | BinaryIO, max_megapixels: float) -> Header:
    """Decode an image file once, and return its header; a JPEG at an eighth of its size, which reads all bytes too.

    Raises:
        UnavailableError: it is not an image, animated, too large (by its header, before a pixel is decoded) or damaged.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with open_image(file) as image:
                width, height = image.size
                check_size(width, height, max_megapixels)
                if image.format in MAY_BE_ANIMATED and getattr(image, "is_animated", False):
                    raise UnavailableError("animated", 200)
                if BY_NAME[image.format or ""].name == "JPEG":
                    image.draft(image.mode, (max(1, width // 8), max(1, height // 8)))
                image.load()
                return header_of(image)
        except UnavailableError:
            raise
        except Exception:  # on damaged files Pillow's decoders raise nearly anything
            raise UnavailableError("damaged: cannot be decoded", 200) from None
