"""Images as an animation: a GIF, and an MP4 if PyAV is installed."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from mapgan import files

SIDE = 768  # maximum width and height of a frame, pixels
ENLARGE_TO = 384  # smaller images are enlarged by an integer factor to at most this, pixels
PALETTE_SIDE = 256  # size of the thumbnail that the palette is computed from, pixels
ENCODERS = ("libx264", "libopenh264", "h264")  # what PyAV's FFmpeg may have been built with

Size = tuple[int, int]  # width and height, pixels


class Frame(NamedTuple):
    """A frame in full colour, and reduced to 256 colours."""

    rgb: Image.Image
    palettized: Image.Image


def fitted(image: Image.Image, limit: Size) -> Image.Image:
    """`image` reduced to `limit` (width, height), or enlarged by an integer factor if it is small."""
    fraction = min(limit[0] / image.width, limit[1] / image.height)
    if fraction < 1:
        size = (max(1, int(image.width * fraction)), max(1, int(image.height * fraction)))
        return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    times = max(1, min(ENLARGE_TO // max(image.size), int(fraction)))
    return image.resize((times * image.width, times * image.height), Image.Resampling.NEAREST)


def in_256_colours(frame: Image.Image) -> Image.Image:
    """`frame` with a palette; without dithering, which flickers between frames and compresses badly."""
    times = -(-max(frame.size) // PALETTE_SIDE)
    thumbnail = frame.resize((max(1, frame.width // times), max(1, frame.height // times)), Image.Resampling.NEAREST)
    palette = thumbnail.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    return frame.quantize(palette=palette, dither=Image.Dither.NONE)


def write_gif(path: Path, frames: Sequence[Frame], frame_ms: int, last_ms: int) -> Path:
    """Write the frames, each shown for `frame_ms` milliseconds and the last one for `last_ms`; it plays for ever."""
    first, *others = [frame.palettized for frame in frames]
    durations = [frame_ms] * len(others) + [last_ms]
    with files.atomic_write(path) as temporary:
        first.save(temporary, "GIF", save_all=True, append_images=others, duration=durations, loop=0)
    return path


def write_mp4(path: Path, frames: Sequence[Frame], frame_ms: int, last_ms: int) -> Path | None:
    """The same as a video, H.264 in yuv420p, which every player supports; None without PyAV or an encoder.

    Width and height of the frames are even, because video stores colours for blocks of 2 x 2 pixels.
    """
    try:
        import av
    except ImportError:
        return None
    encoder = next((name for name in ENCODERS if name in av.codecs_available), None)
    if encoder is None:
        return None
    # players may skip the duration of the last frame, so it is repeated
    held = [*frames, *[frames[-1]] * max(0, last_ms // frame_ms - 1)]
    with (
        files.atomic_write(path) as temporary,
        av.open(str(temporary), "w", "mp4", options={"movflags": "faststart"}) as film,
    ):
        stream = film.add_stream(encoder, rate=Fraction(1000, frame_ms))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = frames[0].rgb.size
        stream.pix_fmt = "yuv420p"
        if encoder != "libopenh264":
            stream.options = {"preset": "veryfast", "crf": "20"}
        for frame in held:
            film.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(frame.rgb), "rgb24")))
        film.mux(stream.encode())
    return path
