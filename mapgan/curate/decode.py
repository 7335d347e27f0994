"""Decoding of any image file to an upright 8-bit sRGB image, or a short reason why it cannot be used."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from mapgan.collect.image_formats import open_image
from mapgan.curate.color_profile import Table, gamma_table, grey_table, to_srgb
from mapgan.system_memory import total_memory

Color = tuple[int, int, int]
WHITE: Color = (255, 255, 255)

MEMORY_FRACTION = 0.5  # of the machine's memory
DRAFT_PIXELS = 50_000_000  # JPEG files above this are decoded at reduced size where that is enough


class BadImage(Exception):
    """A file that cannot be used; its text is the reason, in a few words.

    Attributes:
        size: width and height according to the header, pixels; (0, 0) if it cannot be read.
    """

    def __init__(self, reason: str, size: tuple[int, int] = (0, 0)) -> None:
        super().__init__(reason)
        self.size = size


class NeedsMoreMemory(Exception):
    """An image that a process with more memory might decode."""


class Upright(NamedTuple):
    """A decoded image, which may be smaller than the file's, and the width and height of the file's, pixels."""

    image: Image.Image
    width: int
    height: int


class MemoryBudget:
    """Bytes that images decoded at the same time may take.

    Attributes:
        total: over all threads and processes.
        share: the part of it that is this process's.
    """

    def __init__(self, total: int) -> None:
        self.total, self.share, self.used, self.changed = total, 1.0, 0, threading.Condition()

    @contextlib.contextmanager
    def reserve(self, size: int) -> Iterator[None]:
        """Wait until `size` bytes are free, and keep them within the block."""
        with self.changed:
            self.changed.wait_for(lambda: not self.used or self.used + size <= self.share * self.total)
            self.used += size
        try:
            yield
        finally:
            with self.changed:
                self.used -= size
                self.changed.notify_all()


BUDGET = MemoryBudget(int(MEMORY_FRACTION * total_memory()))


def use_memory(share: float) -> None:
    """Let the images of this process take at most this part of what those of all processes may take."""
    BUDGET.share = share


@contextlib.contextmanager
def open_upright(
    path: Path,
    max_megapixels: float,
    background: Color = WHITE,
    needed: tuple[int, int] | None = None,
    always_reduce: bool = False,
) -> Iterator[Upright]:
    """Decode an image (the first frame of an animation); the memory it takes is reserved within the block.

    Args:
        path: the file.
        max_megapixels: larger images are refused by their header, before any pixel is decoded.
        background: colour behind transparent pixels.
        needed: width and height that are enough, pixels; a very large JPEG is then decoded at a fraction of its size.
        always_reduce: and so is any other JPEG.

    Yields:
        An sRGB image, 8 bits per channel, rotated and mirrored as its EXIF orientation says.

    Raises:
        BadImage: the file is missing, damaged, not an image, or too large.
        NeedsMoreMemory: too large for the share of memory that this process may use.
    """
    with contextlib.ExitStack() as stack:
        try:
            upright = _decode(path, max_megapixels, background, needed, 0 if always_reduce else DRAFT_PIXELS, stack)
        except (BadImage, NeedsMoreMemory):
            raise
        except Exception as error:  # on damaged files Pillow's decoders raise nearly anything
            raise BadImage(_reason(error)) from None
        yield upright


def stored_mode(path: Path) -> str:
    """How an image file that could be opened stores its colours: Pillow's mode, such as P, CMYK or I;16."""
    with open_image(path) as image:
        return image.mode


def _decode(
    path: Path,
    max_megapixels: float,
    background: Color,
    needed: tuple[int, int] | None,
    draft_pixels: int,
    stack: contextlib.ExitStack,
) -> Upright:
    image = stack.enter_context(open_image(path))
    width, height = image.size
    if width * height > max_megapixels * 1e6:
        raise BadImage(f"too large: {width * height / 1e6:.0f} megapixels", image.size)
    if needed is not None and width * height > draft_pixels:
        image.draft("RGB", needed[::-1] if _is_rotated(image) else needed)  # does nothing for other formats
    size = image.width * image.height * _bytes_per_pixel(image)
    if image.info.get("progressive"):
        size += width * height * 6  # the coefficients of the whole JPEG: 3 channels of 2 bytes
    if size > BUDGET.total:
        gib, most = size / 2**30, BUDGET.total / 2**30
        raise BadImage(
            f"too large: {width * height / 1e6:.0f} megapixels take {gib:.1f} GiB, more than {most:.1f}", image.size
        )
    if size > BUDGET.share * BUDGET.total:
        raise NeedsMoreMemory
    stack.enter_context(BUDGET.reserve(size))
    image.load()
    before = image.size
    _transpose(image)
    if image.size != before:
        width, height = height, width
    return Upright(_as_rgb(image, background), width, height)


def _is_rotated(image: Image.Image) -> bool:
    """Whether the EXIF orientation exchanges width and height."""
    try:
        return image.getexif().get(ExifTags.Base.Orientation) in (5, 6, 7, 8)
    except Exception:  # on a damaged EXIF block Pillow raises nearly anything
        return False


def _transpose(image: Image.Image) -> None:
    """Apply the EXIF orientation, unless the EXIF block is damaged."""
    try:
        ImageOps.exif_transpose(image, in_place=True)
    except MemoryError:
        raise
    except Exception:  # Pillow raises nearly anything
        return


def _bytes_per_pixel(image: Image.Image) -> int:
    """The peak of decoding and first use. Pillow stores RGB in 4 bytes per pixel."""
    decoder = 12 if image.format in ("WEBP", "AVIF", "HEIF") else 0  # frames of their own decoders
    if _is_high_bit_depth(image):
        return decoder + 30  # float64, and two copies of it
    return decoder + (21 if image.has_transparency_data else 9)  # two layers and two results; or RGB, a copy, and grey


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "undecodable: the file is missing"
    if isinstance(error, UnidentifiedImageError):
        return "undecodable: not an image of a known format"
    if isinstance(error, MemoryError):
        return "undecodable: not enough memory"
    if "truncated" in str(error):
        return "truncated"
    if isinstance(error, OSError) and error.strerror:  # whose text would name the path on this machine
        return f"undecodable: {error.strerror}"
    return f"undecodable: {' '.join(str(error).split())[:80] or type(error).__name__}"


def _is_high_bit_depth(image: Image.Image) -> bool:
    return image.mode in ("I", "F") or image.mode.startswith("I;16")


def _as_rgb(image: Image.Image, background: Color) -> Image.Image:
    profile = image.info.get("icc_profile") or b""
    gamma = _gamma(image)
    if _is_high_bit_depth(image):
        return Image.fromarray(_eight_bits(image, grey_table(profile) if gamma is None else gamma)).convert("RGB")
    if gamma is not None:
        image = _by_table(image, gamma)
    if image.has_transparency_data:
        layer = _grey_as_rgb(image, "LA", profile) or to_srgb(image.convert("RGBA"), profile)
        ground = Image.new("RGBA", layer.size, (*background, 255))
        return Image.alpha_composite(ground, layer).convert("RGB")
    grey = _grey_as_rgb(image, "L", profile)
    return grey or to_srgb(image if image.mode in ("RGB", "CMYK") else image.convert("RGB"), profile)


def _gamma(image: Image.Image) -> Table | None:
    """What the gAMA chunk of a PNG does to its values; a profile or an sRGB chunk counts more."""
    info = image.info
    if image.format != "PNG" or "icc_profile" in info or "srgb" in info:
        return None
    return gamma_table(float(info.get("gamma", 0.0)))


def _by_table(image: Image.Image, table: Table) -> Image.Image:
    """An 8-bit image with each value looked up; RGB, or RGBA if it has transparency, which stays as it is."""
    levels = np.rint(table).astype(int).tolist()
    if image.has_transparency_data:
        return image.convert("RGBA").point([*levels * 3, *range(256)])
    return image.convert("RGB").point(levels * 3)


def _grey_as_rgb(image: Image.Image, mode: Literal["L", "LA"], profile: bytes) -> Image.Image | None:
    """An image without colours in sRGB, as RGB or RGBA; None if it has colours."""
    if image.mode not in ("1", "L", "LA"):
        return None
    table = grey_table(profile)
    grey = image.convert(mode)
    if table is not None:
        levels = np.rint(table).astype(int).tolist()
        grey = grey.point(levels if mode == "L" else [*levels, *range(256)])
    return grey.convert("RGB" if mode == "L" else "RGBA")


def _eight_bits(image: Image.Image, table: Table | None) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Deep grey values scaled to 8 bits, which Pillow's own conversion would clip at 255.

    I;16 is 0 to 65535. For 32-bit values the file does not say what white is, so the first usual value (1 for floats,
    255, 65535) that none exceeds is taken, or else the range of the image.
    """
    values = np.nan_to_num(np.asarray(image).astype(np.float64), posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    usual = {"F": (1.0, 255.0, 65535.0), "I": (255.0, 65535.0)}.get(image.mode, (65535.0,))
    whites = [white for white in usual if high <= white and low >= 0]
    if whites:
        low, high = 0.0, whites[0]
    grey = (values - low) * (255.0 / max(high - low, 1e-9))
    return np.rint(grey if table is None else np.interp(grey, np.arange(256), table)).astype(np.uint8)
