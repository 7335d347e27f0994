"""Of images that show the same, the best is kept and the others are rejected as its duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mapgan.curate.cropped import bits_when_cropped
from mapgan.curate.hashes import ORIENTATIONS, Frequencies, Hashes, popcount, turned
from mapgan.curate.near import MAX_INDEXED_BITS, Indices, Match, nearest_kept
from mapgan.curate.prune_record import PruneRecord
from mapgan.params.collecting import Prune

# The bits of a hash are signs, which are chance where a frequency is faint: an even pattern and a dark cave may agree
# in 220 of 256. Their correlation is below 0.8; that of copies is above 0.94, and above 0.86 if two sides were cropped
# by 2 % (measured on 120 game maps).
MIN_CORRELATION = 0.85
CROPPED_BITS = 84  # in which the hash of a crop may differ, if it is near that of the whole when that is cropped, too
CROPPED_CORRELATION = 0.75  # of such a crop with the whole, at least; less is not worth a try


@dataclass(frozen=True)
class Hashed:
    """An image whose duplicates are sought.

    Attributes:
        row: its record.
        pixels: SHA-256 of the pixels.
        orientations: perceptual hashes of its orientations, `[8, 4]` uint64.
        frequencies: its low frequencies, normalized, `[16, 16]` float16.
        always: it is kept, whatever it duplicates.
    """

    row: PruneRecord
    pixels: str
    orientations: Hashes
    frequencies: Frequencies
    always: bool = False


def reject_duplicates(images: Sequence[Hashed], settings: Prune) -> list[PruneRecord]:
    """The records of all images, with a reason for every one that is a duplicate of a better one."""
    best_first = sorted(images, key=_best_first)
    firsts: dict[str, int] = {}  # by pixels, the image that stands for its exact copies
    distinct = list[Hashed]()
    files = set[str]()  # one file that the manifest lists twice is kept once
    for image in best_first:
        if image.pixels not in firsts or (image.always and image.row.file not in files):
            firsts.setdefault(image.pixels, len(distinct))
            distinct.append(image)
            files.add(image.row.file)
    matches = _matches(distinct, settings)
    records = [
        _near(image.row, distinct, match) if match and not image.always else image.row
        for image, match in zip(distinct, matches, strict=True)
    ]
    chosen = {id(image) for image in distinct}
    for image in best_first:
        if id(image) not in chosen:
            first = firsts[image.pixels]
            match = matches[first]
            if match is None or distinct[first].always:
                like = distinct[first].row.file
                records.append(replace(image.row, reason=f"exact duplicate of {like}", duplicate_of=like))
            else:
                records.append(_near(image.row, distinct, match))
    return records


def _best_first(image: Hashed) -> tuple[bool, int, int, str, str]:
    """Sort key: what is kept anyway, then most pixels, then most bytes (the JPEG that lost less), then by digest."""
    row = image.row
    return not image.always, -row.width * row.height, -row.bytes, row.file, row.url


def _matches(distinct: Sequence[Hashed], settings: Prune) -> list[Match | None]:
    if not distinct:
        return []
    count, bits = ORIENTATIONS if settings.duplicate_rotations else 1, settings.duplicate_bits
    hashes = np.stack([image.orientations[:count] for image in distinct])
    values = np.stack([image.frequencies for image in distinct])

    def is_copy(later: Indices, earlier: Indices, orientation: int) -> NDArray[np.bool_]:
        products = turned(values[later], orientation).astype(np.float32) * values[earlier]
        correlation = products.sum(axis=(1, 2))
        near = popcount(hashes[later, orientation] ^ hashes[earlier, 0]).sum(axis=1, dtype=np.int64) <= bits
        copies = np.asarray(near & (correlation >= MIN_CORRELATION))
        if orientation == 0 and wide:
            other = np.flatnonzero(~copies & (correlation >= CROPPED_CORRELATION))
            copies[other] = bits_when_cropped(values[earlier[other]], values[later[other]]) <= bits
        return copies

    always = np.array([image.always for image in distinct])
    wide = CROPPED_BITS if bits > MAX_INDEXED_BITS else 0  # an index is for resized and compressed copies alone
    return nearest_kept(hashes, bits, always, is_copy, wide)


def _near(row: PruneRecord, distinct: Sequence[Hashed], match: Match) -> PruneRecord:
    like = distinct[match.index].row.file
    how = f"{match.bits} bits, turned" if match.orientation else f"{match.bits} bits"
    return replace(row, reason=f"near duplicate of {like} ({how})", duplicate_of=like)
