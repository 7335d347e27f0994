"""A run's snapshots as a growing animation: `progress.gif`, and `progress.mp4` where PyAV is installed.

It is made anew as snapshots come, so it has to stay cheap however long the run is: a bounded number of frames of
bounded size, each sheet decoded once in the life of the process, and at most a hundredth of the time spent on it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngImageFile

from mapgan import files
from mapgan.sampling.sheet import FONT_PIXELS, INK, PAPER
from mapgan.training.checkpoints.checkpoint import step_of

MAX_FRAMES = 60
SIDE = 768  # pixels; what a frame is high and wide at most
SEEN = 384  # pixels; smaller sheets are enlarged by whole numbers up to about this
STRIP = 20  # pixels; the line with the step at the top of a frame
SLOWEST, FASTEST, LENGTH, HOLD = 500, 100, 6000, 2000  # milliseconds: a frame at most and at least, all, the last one
PALETTE_SIDE = 256  # pixels; a sheet made so small still has all of its colours
PAUSE = 100.0  # times as long as it took to make the animation, before it is made again
ENCODERS = ("libx264", "libopenh264", "h264")  # what PyAV's FFmpeg may have been built with

Size = tuple[int, int]  # width and height, pixels
Stamp = tuple[int, int]  # time of the last change in nanoseconds, and bytes


class Animation:
    """The animation of one run, which lags behind the snapshots where they are frequent, until it is finished.

    Args:
        results: where its files go.
    """

    def __init__(self, results: Path) -> None:
        self.results = results
        self.waiting: Sequence[Path] = ()  # snapshots, the newest of which it does not show yet
        self.resting_until = 0.0  # seconds of the steady clock, which decides when it is written and never what

    def grow(self, snapshots: Sequence[Path]) -> None:
        """Make it of `snapshots`, unless it was made just now."""
        self.waiting = snapshots
        if time.monotonic() >= self.resting_until:
            self.finish()

    def finish(self) -> None:
        """Make it of the snapshots that came since it was made, if any did."""
        snapshots, self.waiting = self.waiting, ()
        if not snapshots:
            return
        start = time.monotonic()
        try:
            write_animation(snapshots, self.results)
        except ValueError as error:  # an encoder that is not what it should be is no reason to stop a run
            print(f"mapgan: train: no animation ({error})", file=sys.stderr)
        finally:  # what fails is dear too
            now = time.monotonic()
            self.resting_until = now + PAUSE * (now - start)


class Frame(NamedTuple):
    """One image of the animation, in all colours and in 256."""

    full: Image.Image
    few: Image.Image


def write_animation(snapshots: Sequence[Path], results: Path) -> list[Path]:
    """Write the sheets of a run's snapshots as an animation into `results`.

    Args:
        snapshots: PNG files called `step-00000250.png`, in the order of their steps; damaged and vanished ones are
            stepped over.
        results: where `progress.gif` and, with PyAV, `progress.mp4` go.

    Returns:
        The files that were written: none, if no snapshot can be read.
    """
    frames = _frames(_thinned(snapshots))
    if not frames:
        return []
    each = max(FASTEST, min(SLOWEST, LENGTH // len(frames) // 10 * 10))  # a GIF counts hundredths of a second
    written = [_write_gif(results / "progress.gif", frames, each)]
    film = _write_mp4(results / "progress.mp4", frames, each)
    return [*written, film] if film else written


def _thinned(snapshots: Sequence[Path]) -> list[Path]:
    """At most `MOST_FRAMES` of them: every first, second, fourth, eighth ..., and always the last.

    By powers of two, because then nearly all frames are those of the call before, which are still decoded.
    """
    stride = 1
    while 1 + -(-(len(snapshots) - 1) // stride) > MAX_FRAMES:
        stride *= 2
    return list(snapshots[:-1:stride]) + list(snapshots[-1:])


def _frames(snapshots: Sequence[Path]) -> list[Frame]:
    """Each readable sheet as a frame, all of the size that the last one needs."""
    stamped = [(path, stamp) for path in snapshots if (stamp := _stamp(path))]
    size = next((small.size for found in reversed(stamped) if (small := _small(*found))), None)
    return [frame for found in stamped if (frame := _frame(*found, size))] if size else []


def _stamp(path: Path) -> Stamp | None:
    """What changes with a file's content; None where there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=2 * MAX_FRAMES)
def _frame(path: Path, stamp: Stamp, size: Size) -> Frame | None:
    """The sheet below a line that says its step, in the middle of a sheet's `size`; None if it is damaged."""
    if not (small := _small(path, stamp)):
        return None
    if small.width > size[0] or small.height > size[1]:  # from before the training size was changed
        small = _fitted(small, size)
    width, height = size[0], size[1] + STRIP
    # even, because a film's colours are those of squares of four pixels
    page = Image.new("RGB", (width + width % 2, height + height % 2), PAPER)
    page.paste(small, ((width - small.width) // 2, STRIP + (size[1] - small.height) // 2))
    font = ImageFont.load_default(FONT_PIXELS)
    ImageDraw.Draw(page).text((width // 2, STRIP // 2 + 1), f"step {step_of(path)}", INK, font, anchor="mm")
    return Frame(page, _in_256_colours(page))


@lru_cache(maxsize=1)  # for the last one, whose size is asked for before its frame is made
def _small(path: Path, stamp: Stamp) -> Image.Image | None:
    """A sheet brought to a frame's size, or None if it is damaged; `stamp` is there for the cache alone."""
    try:
        # not Image.open: our own sheets may be larger than what Pillow takes for an attack
        with path.open("rb") as stream, PngImageFile(stream) as sheet:
            return _fitted(sheet.convert("RGB"), (SIDE, SIDE - STRIP))
    except (OSError, SyntaxError, ValueError, EOFError):  # what Pillow raises at a file that is cut off or no PNG
        return None


def _fitted(sheet: Image.Image, most: Size) -> Image.Image:
    """`sheet` no larger than `most` (width, height), and enlarged by a whole number if it is hard to see."""
    fraction = min(most[0] / sheet.width, most[1] / sheet.height)
    if fraction < 1:
        size = (max(1, int(sheet.width * fraction)), max(1, int(sheet.height * fraction)))
        return sheet.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    times = max(1, min(SEEN // max(sheet.size), int(fraction)))
    return sheet.resize((times * sheet.width, times * sheet.height), Image.Resampling.NEAREST)


def _in_256_colours(frame: Image.Image) -> Image.Image:
    """No dithering: it would flicker from frame to frame, and a GIF packs it badly."""
    times = -(-max(frame.size) // PALETTE_SIDE)
    few = frame.resize((max(1, frame.width // times), max(1, frame.height // times)), Image.Resampling.NEAREST)
    palette = few.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    return frame.quantize(palette=palette, dither=Image.Dither.NONE)


def _write_gif(path: Path, frames: list[Frame], each: int) -> Path:
    """Write the frames, each shown for so many milliseconds and the last one longer."""
    first, *others = [frame.few for frame in frames]
    durations = [each] * len(others) + [HOLD]
    with files.atomic_write(path) as scratch:
        first.save(scratch, "GIF", save_all=True, append_images=others, duration=durations, loop=0)
    return path


def _write_mp4(path: Path, frames: list[Frame], each: int) -> Path | None:
    """The same as a film, H.264 in yuv420p, which every player shows; None without PyAV or without an encoder."""
    try:
        import av
    except ImportError:
        return None
    encoder = next((name for name in ENCODERS if name in av.codecs_available), None)
    if encoder is None:
        return None
    # a player may show a film's last frame for no time at all, so it is held by being there many times
    held = frames + [frames[-1]] * max(1, HOLD // each - 1)
    with (
        files.atomic_write(path) as scratch,
        av.open(str(scratch), "w", "mp4", options={"movflags": "faststart"}) as film,
    ):
        stream = film.add_stream(encoder, rate=Fraction(1000, each))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = frames[0].full.size
        stream.pix_fmt = "yuv420p"
        if encoder != "libopenh264":
            stream.options = {"preset": "veryfast", "crf": "20"}
        for frame in held:
            film.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(frame.full), "rgb24")))
        film.mux(stream.encode())
    return path
