"""The snapshots of a run as an animation: `progress.gif`, and `progress.mp4` if PyAV is installed.

It is rewritten as snapshots are added, so its cost is bounded for runs of any length: a limited number of frames of
limited size, each sheet decoded once per process, and at most 1 % of the time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngImageFile

from mapgan.sampling.film import SIDE, Frame, Size, fitted, in_256_colours, write_gif, write_mp4
from mapgan.sampling.sheet import FONT_PIXELS, INK, PAPER
from mapgan.training.checkpoints.checkpoint import step_of

MAX_FRAMES = 60
STRIP = 20  # height of the line with the step at the top of a frame, pixels
MAX_FRAME_MS, MIN_FRAME_MS = 500, 100  # duration of a frame, milliseconds
TOTAL_MS = 6000  # of all frames together, where the limits allow it
LAST_FRAME_MS = 2000
PAUSE = 100.0  # pause before it is written again, as a multiple of the time it took

Stamp = tuple[int, int]  # time of the last change in nanoseconds, and bytes


class Animation:
    """The animation of a run; if snapshots are frequent it lags behind them until `flush`.

    Args:
        results: where its files go.
    """

    def __init__(self, results: Path) -> None:
        self.results = results
        self.pending: Sequence[Path] = ()  # snapshots, the newest of which is not in it yet
        self.next_write = 0.0  # seconds, monotonic clock; decides when it is written, and never what

    def update(self, snapshots: Sequence[Path]) -> None:
        """Write it, with all of `snapshots`, unless it was written a short time ago."""
        self.pending = snapshots
        if time.monotonic() >= self.next_write:
            self.flush()

    def flush(self) -> None:
        """Write it, if snapshots were added since it was last written."""
        snapshots, self.pending = self.pending, ()
        if not snapshots:
            return
        start = time.monotonic()
        try:
            write_animation(snapshots, self.results)
        except ValueError as error:  # a broken encoder is no reason to stop a run
            print(f"mapgan: train: no animation ({error})", file=sys.stderr)
        finally:  # a failure takes time too
            now = time.monotonic()
            self.next_write = now + PAUSE * (now - start)


def write_animation(snapshots: Sequence[Path], results: Path) -> list[Path]:
    """Write the sheets of a run's snapshots as an animation into `results`.

    Args:
        snapshots: PNG files called `step-00000250.png`, in the order of their steps; damaged and missing ones are
            skipped.
        results: where `progress.gif` and, with PyAV, `progress.mp4` go.

    Returns:
        The files that were written; none if no snapshot can be read.
    """
    frames = _frames(_thinned(snapshots))
    if not frames:
        return []
    frame_ms = max(MIN_FRAME_MS, min(MAX_FRAME_MS, TOTAL_MS // len(frames) // 10 * 10))  # GIF has a resolution of 10 ms
    written = [write_gif(results / "progress.gif", frames, frame_ms, LAST_FRAME_MS)]
    film = write_mp4(results / "progress.mp4", frames, frame_ms, LAST_FRAME_MS)
    return [*written, film] if film else written


def _thinned(snapshots: Sequence[Path]) -> list[Path]:
    """At most `MAX_FRAMES` of them: every first, second, fourth, eighth ..., and always the last.

    By powers of two, because then nearly all frames are those of the call before, which are still decoded.
    """
    stride = 1
    while 1 + -(-(len(snapshots) - 1) // stride) > MAX_FRAMES:
        stride *= 2
    return list(snapshots[:-1:stride]) + list(snapshots[-1:])


def _frames(snapshots: Sequence[Path]) -> list[Frame]:
    """Each readable sheet as a frame, all of the size of the last one."""
    stamped = [(path, stamp) for path in snapshots if (stamp := _stamp(path))]
    size = next((small.size for found in reversed(stamped) if (small := _small(*found))), None)
    return [frame for found in stamped if (frame := _frame(*found, size))] if size else []


def _stamp(path: Path) -> Stamp | None:
    """Modification time and size, which change with a file's content; None if there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=2 * MAX_FRAMES)
def _frame(path: Path, stamp: Stamp, size: Size) -> Frame | None:
    """The sheet, centred in `size`, below a line with its step; None if it is damaged."""
    if not (small := _small(path, stamp)):
        return None
    if small.width > size[0] or small.height > size[1]:  # from before the image size was changed
        small = fitted(small, size)
    width, height = size[0], size[1] + STRIP
    # even, because video stores colours for blocks of 2 x 2 pixels
    page = Image.new("RGB", (width + width % 2, height + height % 2), PAPER)
    page.paste(small, ((width - small.width) // 2, STRIP + (size[1] - small.height) // 2))
    font = ImageFont.load_default(FONT_PIXELS)
    ImageDraw.Draw(page).text((width // 2, STRIP // 2 + 1), f"step {step_of(path)}", INK, font, anchor="mm")
    return Frame(page, in_256_colours(page))


@lru_cache(maxsize=1)  # for the last one, whose size is needed before its frame is made
def _small(path: Path, stamp: Stamp) -> Image.Image | None:
    """A sheet resized for a frame, or None if it is damaged; `stamp` is a part of the cache key."""
    try:
        # not Image.open: our own sheets may exceed Pillow's limit for decompression bombs
        with path.open("rb") as stream, PngImageFile(stream) as sheet:
            return fitted(sheet.convert("RGB"), (SIDE, SIDE - STRIP))
    except (OSError, SyntaxError, ValueError, EOFError):  # raised for a file that is truncated or not a PNG
        return None
