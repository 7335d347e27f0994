"""Any image file → an upright 8-bit RGB image, or a short reason why not.

Nothing here changes a setting of Pillow's, so it can run in many threads at once. Colour profiles
(ICC) are not applied: almost all images of the web are sRGB, and what is left is a slight tint.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.Image import Transpose

Color = tuple[int, int, int]
WHITE: Color = (255, 255, 255)

# Formats with a decoder that reads pixels and does nothing else (EPS, for one, starts Ghostscript).
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF")

# Tag 0x0112 of EXIF: how the stored pixels must be turned to stand upright; 1 is upright.
ORIENTATION = 0x0112
UPRIGHT = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}

# Pillow warns at half of its own limit, once for each size; ours is lower and says it in the report.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class BadImage(Exception):
    """A file that cannot be used; its text is the reason, in a few words for people."""


def open_upright(path: Path, max_megapixels: float, background: Color = WHITE) -> Image.Image:
    """Decode one image (the first frame of an animation) as it is meant to be seen.

    Args:
        path: the file.
        max_megapixels: refuse larger images by their header, before any pixel is decoded.
        background: what shows through transparent pixels.

    Returns:
        An RGB image, 8 bits a channel, turned as its EXIF orientation says.

    Raises:
        BadImage: the file is missing, damaged, not an image, or too large.
    """
    try:
        with _header(path) as image:
            _refuse_large(image, max_megapixels)
            image.load()
            return _turned(_as_rgb(image, background), _orientation(image))
    except BadImage:
        raise
    except Image.DecompressionBombError:
        raise BadImage("too large: beyond what Pillow decodes") from None
    except Exception as error:  # on damaged files Pillow's decoders raise nearly anything
        raise BadImage(_reason(error)) from None


def _header(path: Path) -> Image.Image:
    Image.init()
    return Image.open(path, formats=[name for name in FORMATS if name in Image.OPEN])


def _refuse_large(image: Image.Image, max_megapixels: float) -> None:
    megapixels = image.width * image.height / 1e6
    if megapixels > max_megapixels:
        raise BadImage(f"too large: {megapixels:.0f} megapixels")


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "undecodable: the file is missing"
    if isinstance(error, UnidentifiedImageError):
        return "undecodable: not an image of a known format"
    if isinstance(error, MemoryError):
        return "undecodable: not enough memory"
    if "truncated" in str(error):
        return "truncated"
    return f"undecodable: {' '.join(str(error).split())[:80] or type(error).__name__}"


def _as_rgb(image: Image.Image, background: Color) -> Image.Image:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return Image.fromarray(_eight_bits(image)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    ground = Image.new("RGBA", layer.size, (*background, 255))
    return Image.alpha_composite(ground, layer).convert("RGB")


def _eight_bits(image: Image.Image) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Deep grey values, scaled: Pillow's own conversion clips them at 255 and leaves a white sheet.

    I;16 is 0 to 65535. For 32-bit values the file does not say what white is, so the first usual
    one (1 for floats, 255, 65535) that no value exceeds is taken, or else the image's own range.
    """
    values = np.nan_to_num(np.asarray(image).astype(np.float64), posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    usual = {"F": (1.0, 255.0, 65535.0), "I": (255.0, 65535.0)}.get(image.mode, (65535.0,))
    whites = [white for white in usual if high <= white and low >= 0]
    if whites:
        low, high = 0.0, whites[0]
    return np.rint((values - low) * (255.0 / max(high - low, 1e-9))).astype(np.uint8)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # a damaged EXIF block is no reason to lose the image
        return 1


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    transpose = UPRIGHT.get(orientation)
    return image if transpose is None else image.transpose(transpose)
