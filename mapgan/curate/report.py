"""`report.html`: what prune kept and rejected, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image

from mapgan.curate.decode import BadImage, open_upright
from mapgan.curate.prune_record import PruneRecord
from mapgan.curate.threads import parallel_map
from mapgan.files import write_text
from mapgan.html_page import data_url, page

SHOWN = 60  # images per section, to keep the page fast
ODD = 6  # images at each end of a scale
SIDE = 240  # of thumbnails, pixels

# A sentence for each kind of reason, in the order of the page.
KINDS = {
    "near duplicate": "Similar to the image with the green frame, which is at least as large (prune.duplicate_bits).",
    "exact duplicate": "Has the same pixels as the image with the green frame.",
    "too small": "The shorter side is below prune.min_side.",
    "aspect ratio": "The aspect ratio is above prune.max_aspect.",
    "blank": "A single colour.",
    "too large": "Above prune.max_megapixels, or more than the memory of this machine allows.",
    "truncated": "The file is incomplete: download it again.",
    "undecodable": "The file is not an image, or is damaged.",
}

Thumbnails = Mapping[str, str]


def write_report(path: Path, raw: Path, rows: Sequence[PruneRecord], max_megapixels: float, workers: int) -> None:
    """Write the page about `rows`, kept and rejected; equal input gives equal bytes.

    Args:
        path: the page.
        raw: the folder of the images.
        rows: of all images, in the order of the page.
        max_megapixels: larger images get no thumbnail.
        workers: threads that decode (0: one per core).
    """
    kept = [row for row in rows if not row.reason]
    rejected = {kind: [row for row in rows if row.kind == kind] for kind in KINDS}
    shown = _evenly(kept, SHOWN)
    odd = _odd_ones(kept)
    wanted = {row.file for row in shown} | {row.file for row in odd}
    for group in rejected.values():
        wanted |= {name for row in group[:SHOWN] for name in (row.file, row.duplicate_of) if name}
    thumbnails = _thumbnails(raw, sorted(wanted), max_megapixels, workers)
    sections = [_section(kind, KINDS[kind], group, group[:SHOWN], thumbnails) for kind, group in rejected.items()]
    if odd:
        text = "The lightest, the darkest and the least contrasting of the kept images. Nothing was done about them."
        sections.append(_section("worth a look", text, odd, odd, thumbnails))
    sections.append(_section("kept", "The input of resize.", kept, shown, thumbnails))
    write_text(path, _page(rows, kept, rejected, "".join(sections)))


def write_empty_report(path: Path, why: str) -> None:
    """Write a page that says why there is nothing to report."""
    write_text(path, page("prune", f"<p>{escape(why)}</p>\n"))


def _evenly(rows: Sequence[PruneRecord], limit: int) -> list[PruneRecord]:
    """At most `limit` of the rows, evenly spaced."""
    count = min(limit, len(rows))
    return [rows[index * len(rows) // count] for index in range(count)]


def _odd_ones(kept: Sequence[PruneRecord]) -> list[PruneRecord]:
    """The extremes of the set itself: by the usual thresholds for photos, most maps are too light."""
    if len(kept) < 4 * ODD:
        return []
    by_light = sorted(kept, key=lambda row: (-row.lightness, row.file))
    by_contrast = sorted(kept, key=lambda row: (row.contrast, row.file))
    return list(dict.fromkeys([*by_light[:ODD], *by_light[: -ODD - 1 : -1], *by_contrast[:ODD]]))


def _thumbnails(raw: Path, names: Sequence[str], max_megapixels: float, workers: int) -> Thumbnails:
    """Thumbnails as data URLs, by file name; files that cannot be decoded are left out."""
    urls = parallel_map(partial(_thumbnail, raw, max_megapixels), names, workers)
    return {name: address for name, address in zip(names, urls, strict=True) if address}


def _thumbnail(raw: Path, max_megapixels: float, name: str) -> str:
    try:
        with open_upright(raw / name, max_megapixels, needed=(4 * SIDE, 4 * SIDE)) as (image, _, _):
            image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
            return data_url(image, "JPEG", quality=72)
    except BadImage:
        return ""


def _section(
    name: str, text: str, rows: Sequence[PruneRecord], shown: Sequence[PruneRecord], thumbnails: Thumbnails
) -> str:
    if not rows:
        return ""
    more = f" <small>({len(shown)} of {len(rows)} shown)</small>" if len(shown) < len(rows) else ""
    pairs = " pairs" if shown[0].duplicate_of else ""
    cards = "".join(_card(row, thumbnails) for row in shown)
    return (
        f"<section>\n<h2>{escape(name.capitalize())}{more}</h2>\n<p>{escape(text)}</p>\n"
        f'<div class="cards{pairs}">\n{cards}</div>\n</section>\n'
    )


def _card(row: PruneRecord, thumbnails: Thumbnails) -> str:
    images = _image(row.duplicate_of, thumbnails, "first") if row.duplicate_of else ""
    images += _image(row.file, thumbnails, "")
    size = f"{row.width} x {row.height}" if row.width else ""
    reason = row.reason.replace(row.duplicate_of, f"{row.duplicate_of[:12]}…") if row.duplicate_of else row.reason
    lines = [line for line in (size, row.licence, reason) if line]
    notes = "".join(f"<span>{escape(line)}</span>" for line in lines)
    return f'<figure><div class="images">{images}</div><figcaption>{_title(row)}{notes}</figcaption></figure>\n'


def _image(name: str, thumbnails: Thumbnails, style: str) -> str:
    if name not in thumbnails:
        return '<div class="none">no image</div>'
    return f'<img class="{style}" alt="{escape(name)}" title="{escape(name)}" src="{thumbnails[name]}">'


def _title(row: PruneRecord) -> str:
    title = escape(row.title or row.group or row.file)
    for address in (row.page, row.url):
        if _is_web(address):
            return f'<a href="{escape(address)}" rel="noopener noreferrer nofollow">{title}</a>'
    return title


def _is_web(address: str) -> bool:
    try:
        return urlsplit(address).scheme in ("http", "https")
    except ValueError:
        return False


def _page(
    rows: Sequence[PruneRecord], kept: Sequence[PruneRecord], rejected: Mapping[str, Sequence[PruneRecord]], body: str
) -> str:
    counts = {"kept": len(kept)} | {kind: len(group) for kind, group in rejected.items() if group}
    table = "".join(
        f'<tr><th>{kind}</th><td class="count">{count}</td><td class="bar">'
        f'<i class="{kind.replace(" ", "-")}" style="width:{100 * count / len(rows):.1f}%"></i></td></tr>\n'
        for kind, count in counts.items()
    )
    return page(
        f"{len(kept)} of {len(rows)} images kept",
        "<p>Nothing is deleted: rejected images are still in the folder of raw images.</p>\n"
        f"<table>\n{table}</table>\n{body}"
        "<footer>Written by mapgan's prune. The whole lists are kept.csv and rejected.csv beside it.</footer>\n",
    )
