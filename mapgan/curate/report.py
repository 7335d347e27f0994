"""`report.html`: what prune kept and put aside, on one page that needs nothing but itself."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from functools import partial
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image

from mapgan.curate.decode import BadPicture, open_upright
from mapgan.curate.listed import Listed
from mapgan.curate.style import CSS
from mapgan.curate.threads import each
from mapgan.files import write_text

SHOWN = 60  # pictures of a kind; more would make the page slow and no one wiser
ODD = 6
SIDE = 240

# One sentence for each kind of reason, in the order of the page.
KINDS = {
    "near double": "Looks like the picture with the green frame, which is no smaller (prune.double_bits).",
    "exact double": "Has the same pixels as the picture with the green frame.",
    "too small": "The short side is below prune.min_side.",
    "aspect ratio": "Longer and thinner than prune.max_aspect allows.",
    "blank": "One colour all over.",
    "too large": "Above prune.max_megapixels, or more than the decoder takes.",
    "truncated": "The file ends too early: fetch it again.",
    "undecodable": "The file is not a picture, or is damaged.",
}
# Nothing on the page may load or run anything, should a title from the net ever slip through.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

Thumbnails = Mapping[str, str]


def write_report(path: Path, raw: Path, rows: Sequence[Listed], max_megapixels: float, workers: int) -> None:
    """Write the page about `rows`, kept and rejected; the same input gives the same bytes.

    Args:
        path: the page.
        raw: the folder with the pictures.
        rows: all that prune looked at, in the order in which they are to be shown.
        max_megapixels: larger pictures get no thumbnail.
        workers: threads that decode (0: one per core).
    """
    kept = [row for row in rows if not row.reason]
    aside = {kind: [row for row in rows if row.kind == kind] for kind in KINDS}
    shown = _evenly(kept, SHOWN)
    odd = _odd_ones(kept)
    wanted = {row.file for row in shown} | {row.file for row in odd}
    for group in aside.values():
        wanted |= {name for row in group[:SHOWN] for name in (row.file, row.double_of) if name}
    thumbnails = _thumbnails(raw, sorted(wanted), max_megapixels, workers)
    sections = [_section(kind, KINDS[kind], group, group[:SHOWN], thumbnails) for kind, group in aside.items()]
    if odd:
        text = "The lightest, the darkest and the faintest of those kept. Nothing was done about them."
        sections.append(_section("worth a look", text, odd, odd, thumbnails))
    sections.append(_section("kept", "These go on to resize.", kept, shown, thumbnails))
    write_text(path, _page(rows, kept, aside, "".join(sections)))


def write_empty_report(path: Path, why: str) -> None:
    """Write a page that says why there are no pictures on it."""
    write_text(path, f'<!doctype html>\n<meta charset="utf-8">\n<title>mapgan: prune</title>\n<p>{escape(why)}</p>\n')


def _evenly(rows: Sequence[Listed], most: int) -> list[Listed]:
    """At most `most` of the rows, from the first to the last at equal steps."""
    count = min(most, len(rows))
    return [rows[index * len(rows) // count] for index in range(count)]


def _odd_ones(kept: Sequence[Listed]) -> list[Listed]:
    """The ends of the set's own scales: by the usual thresholds for photos, most maps are too light."""
    if len(kept) < 4 * ODD:
        return []
    by_light = sorted(kept, key=lambda row: (-row.lightness, row.file))
    by_contrast = sorted(kept, key=lambda row: (row.contrast, row.file))
    return list(dict.fromkeys([*by_light[:ODD], *by_light[: -ODD - 1 : -1], *by_contrast[:ODD]]))


def _thumbnails(raw: Path, names: Sequence[str], max_megapixels: float, workers: int) -> Thumbnails:
    """JPEG data addresses by file name; files that cannot be decoded are left out."""
    made = each(partial(_thumbnail, raw, max_megapixels), names, workers)
    return {name: address for name, address in zip(names, made, strict=True) if address}


def _thumbnail(raw: Path, max_megapixels: float, name: str) -> str:
    try:
        picture = open_upright(raw / name, max_megapixels)
    except BadPicture:
        return ""
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=72)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()


def _section(name: str, text: str, rows: Sequence[Listed], shown: Sequence[Listed], thumbnails: Thumbnails) -> str:
    if not rows:
        return ""
    more = f" <small>({len(shown)} of {len(rows)} shown)</small>" if len(shown) < len(rows) else ""
    pairs = " pairs" if shown[0].double_of else ""
    cards = "".join(_card(row, thumbnails) for row in shown)
    return (
        f"<section>\n<h2>{escape(name.capitalize())}{more}</h2>\n<p>{escape(text)}</p>\n"
        f'<div class="cards{pairs}">\n{cards}</div>\n</section>\n'
    )


def _card(row: Listed, thumbnails: Thumbnails) -> str:
    pictures = _image(row.double_of, thumbnails, "first") if row.double_of else ""
    pictures += _image(row.file, thumbnails, "")
    size = f"{row.width} x {row.height}" if row.width else ""
    reason = row.reason.replace(row.double_of, f"{row.double_of[:12]}…") if row.double_of else row.reason
    lines = [line for line in (size, row.licence, reason) if line]
    notes = "".join(f"<span>{escape(line)}</span>" for line in lines)
    return f'<figure><div class="pictures">{pictures}</div><figcaption>{_title(row)}{notes}</figcaption></figure>\n'


def _image(name: str, thumbnails: Thumbnails, style: str) -> str:
    if name not in thumbnails:
        return '<div class="none">no picture</div>'
    return f'<img class="{style}" alt="{escape(name)}" title="{escape(name)}" src="{thumbnails[name]}">'


def _title(row: Listed) -> str:
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


def _page(rows: Sequence[Listed], kept: Sequence[Listed], aside: Mapping[str, Sequence[Listed]], body: str) -> str:
    counts = {"kept": len(kept)} | {kind: len(group) for kind, group in aside.items() if group}
    table = "".join(
        f'<tr><th>{kind}</th><td class="count">{count}</td><td class="bar">'
        f'<i class="{kind.replace(" ", "-")}" style="width:{100 * count / len(rows):.1f}%"></i></td></tr>\n'
        for kind, count in counts.items()
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>mapgan: {len(kept)} of {len(rows)} pictures kept</title>\n"
        f"<style>\n{CSS}</style>\n</head>\n<body>\n"
        f"<h1>{len(kept)} of {len(rows)} pictures kept</h1>\n"
        "<p>Nothing is deleted: what was put aside is still in the folder of raw pictures.</p>\n"
        f"<table>\n{table}</table>\n{body}"
        "<footer>Written by mapgan's prune. Whole lists: kept.csv and rejected.csv beside it.</footer>\n"
        "</body>\n</html>\n"
    )
