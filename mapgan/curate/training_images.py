"""The training images of one kept image, as files: decoded, trimmed, cut, scaled, encoded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from mapgan.curate.cropping import background, crops, enlargement
from mapgan.curate.decode import BadImage, open_upright
from mapgan.curate.label_maps import label_tile, label_window, read_label_image
from mapgan.curate.prune_record import PruneRecord
from mapgan.curate.tiling import Lines
from mapgan.curate.trimming import trimmed
from mapgan.params.collecting import Resize

# A JPEG that is not tiled is decoded at no less than this multiple of the training size: on maps, training images then
# differ by half a level of 255 on average. A side that is no multiple of 8 is stretched by less than a pixel of these.
DRAFT_FACTOR = 3
SMALL = "too small"


@dataclass(frozen=True)
class Cut:
    """How all images of a set are cut.

    Attributes:
        settings: of the stage.
        raw: folder of the images.
        folder: where the training images go.
        square: side of a square of the battle grid in a training image, pixels; 0 if the grid does not matter.
        label_square: side of a square of labels, pixels; 0 if there are none.
        of_labels: the training images show the label images.
    """

    settings: Resize
    raw: Path
    folder: Path
    square: float
    label_square: int
    of_labels: bool


@dataclass(frozen=True)
class ResizedImage:
    """The training images of one kept image, or why there are none.

    Attributes:
        row: of the kept image.
        names: of the files.
        reason: why there are none; empty if there are.
        enlarged: the training images have more pixels than what they show.
    """

    row: PruneRecord
    names: Sequence[str]
    reason: str = ""
    enlarged: bool = False


def write_training_images(cut: Cut, job: tuple[PruneRecord, Lines]) -> ResizedImage:
    """Cut one image, at the lines of its grid."""
    row, lines = job
    try:
        return _write(cut, row, lines)
    except BadImage as bad:
        return ResizedImage(row, (), str(bad))


def _write(cut: Cut, row: PruneRecord, lines: Lines) -> ResizedImage:
    settings = cut.settings
    # the decoder's own reduction is a mean of stored values
    reduced = settings.mode != "tiles" and not settings.linear
    needed = (DRAFT_FACTOR * settings.width, DRAFT_FACTOR * settings.height) if reduced else None
    # before the image itself, whose memory would be kept from it
    labels = read_label_image(cut.raw / row.label_map) if cut.of_labels or cut.label_square else None
    with open_upright(cut.raw / row.file, math.inf, background(settings), needed, always_reduce=True) as upright:
        image, width, height = upright
        part, left, top = trimmed(image, settings.trim)
        across, down = width / image.width, height / image.height  # pixels of the file per pixel
        zoom = lines.period / cut.square if cut.square else 0.0
        factor = enlargement((part.width * across, part.height * down), settings, zoom)
        if factor > settings.max_enlargement:
            return ResizedImage(row, (), f"{SMALL}: it would be enlarged {factor:.3g} times")
        shifted = Lines(lines.period, lines.x - left, lines.y - top)
        names = []
        for (x1, y1, x2, y2), small in crops(part, settings, zoom, shifted):
            box = ((x1 + left) * across, (y1 + top) * down, (x2 + left) * across, (y2 + top) * down)
            names.append(_name(row, box[0], box[1], settings))
            tile = label_window(labels, (width, height), box, small.size, 1) if labels and cut.of_labels else small
            _save(tile, cut.folder / names[-1], settings)
            if labels and cut.label_square:
                squares = label_window(labels, (width, height), box, small.size, cut.label_square)
                squares.save(cut.folder / label_tile(names[-1]), "PNG")
    return ResizedImage(row, names, enlarged=factor > 1)


def _name(row: PruneRecord, x: float, y: float, settings: Resize) -> str:
    """The first digits of the SHA-256 that the manifest names files by, and the place."""
    return f"{row.file[:16]}-{round(x)}-{round(y)}.{'jpg' if settings.format == 'jpeg' else settings.format}"


def _save(image: Image.Image, path: Path, settings: Resize) -> None:
    if settings.format == "jpeg":
        image.save(path, "JPEG", quality=settings.quality, subsampling=0)
    elif settings.format == "webp":
        image.save(path, "WEBP", lossless=True)
    else:
        image.save(path, "PNG")
