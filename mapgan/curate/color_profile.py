"""Colours as their ICC profile means them, in sRGB, which is what screens and the networks expect.

What a profile is called is not trusted: one that changes no colour by more than a rounding is taken for sRGB.
"""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

Table = NDArray[np.float64]

CACHED = 16  # profiles; most sets have one or two, and those of printers take megabytes
ROUNDING = 1  # of 255
MIN_GAMMA = 0.1  # less, or more than its inverse, is a damaged chunk
GAMMA_TOLERANCE = 0.1  # 1/2.2 and what is nearly that are the usual way to say sRGB
BLACK_POINT = ImageCms.Flags.BLACKPOINTCOMPENSATION
GREY_RAMP = Image.fromarray(np.arange(256, dtype=np.uint8)[None])


def to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """An RGB, RGBA or CMYK image in sRGB, RGB or RGBA; images with 4 bytes per pixel are changed in place.

    A profile that is damaged, or made for another kind of image, is ignored, as browsers do.
    """
    transform = _transform(profile, image.mode)
    if transform is not None and image.mode == "CMYK":
        return ImageCms.applyTransform(image, transform) or image
    if transform is not None:
        ImageCms.applyTransform(image, transform, inPlace=True)
    return image if image.mode == "RGBA" else image.convert("RGB")


@lru_cache(CACHED)
def gamma_table(gamma: float) -> Table | None:
    """The sRGB value of each value of a PNG with this number in its gAMA chunk, as `grey_table`; None if they are sRGB.

    The chunk says by which power light became the stored values: 1/2.2, or nearly that, for sRGB, and 1 for light
    itself (PNG specification, third edition, 11.3.2.2).
    """
    if not MIN_GAMMA <= gamma <= 1 / MIN_GAMMA or abs(gamma * 2.2 - 1) < GAMMA_TOLERANCE:
        return None
    light = (np.arange(256) / 255) ** (1 / gamma)
    encoded = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)  # IEC 61966-2-1
    return np.asarray(255 * encoded, dtype=np.float64)


@lru_cache(CACHED)
def grey_table(profile: bytes) -> Table | None:
    """The sRGB grey value of each grey value, `[256]` float64 from 0 to 255; None if they are the same.

    Args:
        profile: of a grey or an RGB space.
    """
    space = _color_space(profile)
    # unoptimized, as the optimized table of a grey profile is too coarse: 10 of 255 off for a linear one
    ramp = GREY_RAMP if space == "GRAY" else GREY_RAMP.convert("RGB")
    transform = (
        _build(profile, ramp.mode, BLACK_POINT | ImageCms.Flags.NOOPTIMIZE) if space in ("GRAY", "RGB ") else None
    )
    if transform is None:
        return None
    table = np.asarray(ImageCms.applyTransform(ramp, transform), dtype=np.float64).mean(axis=-1)[0]
    return None if np.abs(table - np.arange(256)).max() <= ROUNDING else table


@lru_cache(CACHED)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From `profile` to sRGB; None if there is nothing to do."""
    if _color_space(profile) != ("CMYK" if mode == "CMYK" else "RGB "):
        return None
    transform = _build(profile, mode)
    if transform is None or mode == "CMYK":
        return transform
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    colors = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(1, -1, 3)
    probe = Image.fromarray(colors).convert(mode)
    changed = np.asarray(ImageCms.applyTransform(probe, transform), dtype=np.int16)
    return None if np.abs(changed - np.asarray(probe, dtype=np.int16)).max() <= ROUNDING else transform


def _color_space(profile: bytes) -> str:
    """Four letters, such as `RGB `, from the header of the profile (ICC.1:2022, 7.2.6)."""
    return profile[16:20].decode("latin-1")


def _build(profile: bytes, mode: str, flags: ImageCms.Flags = BLACK_POINT) -> ImageCms.ImageCmsTransform | None:
    try:
        return ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            mode,
            "RGBA" if mode == "RGBA" else "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags,
        )
    except (ImageCms.PyCMSError, OSError):
        return None
