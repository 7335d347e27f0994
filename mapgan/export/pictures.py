"""Image files: plain ones that state their dots per inch, and one that Roll20 takes."""

from __future__ import annotations

import io

from PIL import ExifTags, Image

from mapgan.errors import MapganError

ROLL20_BYTES = 10_000_000  # of one upload with a free account; https://help.roll20.net, "Best Practices for Files"
ROLL20_QUALITIES = (95, 90, 80, 70, 50)  # of WebP, tried in turn where a PNG is too large
WEBP_SIDE = 16_383  # pixels, the longest that the format has
QUALITY = 92
PER_INCH = 2  # unit of resolution in EXIF


def encoded(image: Image.Image, kind: str, dpi: float) -> bytes:
    """An image file.

    Args:
        image: RGB or RGBA.
        kind: png, webp (lossless) or jpeg.
        dpi: dots per inch that it states.

    Raises:
        MapganError: the image is larger than the format allows.
    """
    if kind == "webp":
        return _webp(image, dpi, lossless=True)
    stream = io.BytesIO()
    if kind == "png":
        image.save(stream, "PNG", dpi=(dpi, dpi))
    else:
        image.save(stream, "JPEG", dpi=(dpi, dpi), quality=QUALITY, subsampling=0)
    return stream.getvalue()


def for_roll20(image: Image.Image, dpi: float) -> tuple[str, bytes]:
    """Suffix and content of a file below Roll20's limit: a PNG, or else a WebP of the highest quality that fits.

    Raises:
        MapganError: none fits.
    """
    content = encoded(image, "png", dpi)
    if len(content) <= ROLL20_BYTES:
        return ".png", content
    for quality in ROLL20_QUALITIES:
        content = _webp(image, dpi, quality=quality)
        if len(content) <= ROLL20_BYTES:
            return ".webp", content
    raise MapganError(
        f"roll20: {len(content) / 1e6:.0f} MB, where it takes {ROLL20_BYTES / 1e6:g}",
        "lower --resolution, or export a smaller map",
    )


def _webp(image: Image.Image, dpi: float, lossless: bool = False, quality: int = QUALITY) -> bytes:
    if max(image.size) > WEBP_SIDE:
        raise MapganError(
            f"{image.width} x {image.height} pixels: WebP has {WEBP_SIDE} at most", "lower --resolution, or use png"
        )
    exif = Image.Exif()  # WebP itself has no field for it
    exif[ExifTags.Base.XResolution] = exif[ExifTags.Base.YResolution] = dpi
    exif[ExifTags.Base.ResolutionUnit] = PER_INCH
    stream = io.BytesIO()
    image.save(stream, "WEBP", lossless=lossless, quality=quality, method=4, exif=exif)
    return stream.getvalue()
