"""`report.html`: what prune kept and rejected, and why. A click on an image copies its digest, for keep.txt."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from mapgan.curate import histograms
from mapgan.curate.measures import Measures
from mapgan.curate.prune_record import PruneRecord
from mapgan.curate.thumbnails import Thumbnails
from mapgan.files import write_text
from mapgan.html_page import page
from mapgan.params.collecting import Prune

SHOWN = 60  # images per section with a caption; the others are small
ODD = 12  # images that are worth a look
CHUNK = 200  # images of a contact sheet that the browser lays out together, when they come into view

# A sentence for each kind of reason besides duplicates, in the order of the page.
KINDS = {
    "dropped": "Listed in the file of prune.drop.",
    "too small": "The shorter side is below prune.min_side.",
    "aspect ratio": "The aspect ratio is above prune.max_aspect.",
    "blank": "A single colour.",
    "blurred": "Among the least sharp of the set (prune.soft.blurred).",
    "too dark": "Among the darkest of the set (prune.soft.dark).",
    "too light": "Among the lightest of the set (prune.soft.light).",
    "low in information": "Among the plainest of the set (prune.soft.plain).",
    "text-heavy": "Among those with the most text (prune.soft.text).",
    "odd one out": "Among those that differ most from the others (prune.soft.odd).",
    "too large": "Above prune.max_megapixels, or more than the memory of this machine allows.",
    "truncated": "The file is incomplete: download it again.",
    "too slow": "Above prune.max_seconds.",
    "crashes its decoder, or takes more memory than there is": "Its worker process ended, twice.",
    "undecodable": "The file is not an image, or is damaged.",
}

CSS = (
    histograms.CSS
    + """\
img { cursor: copy; }
.sheet { display: flex; flex-wrap: wrap; gap: 4px; margin-top: 1rem; content-visibility: auto;
  contain-intrinsic-size: auto 1500px; }
.sheet + .sheet { margin-top: 4px; }
.sheet img { height: 72px; width: auto; border-radius: 3px; }
.sheet .none { width: 72px; height: 72px; background: var(--card); border: 1px solid var(--line); }
.groups { display: flex; flex-wrap: wrap; gap: .8rem; margin-top: 1rem; }
.groups .images { flex-wrap: wrap; }
.groups .images > div { flex: 0 0 auto; height: auto; width: 158px; background: none; }
.groups .images img, .groups .images .none { width: 100%; height: 130px; object-fit: contain; border-radius: 4px;
  background: var(--ground); }
.groups img.first { outline: 2px solid var(--accent); outline-offset: -2px; }
.groups span { font-size: .82rem; color: var(--soft); display: block; }
#copied { position: fixed; left: 50%; bottom: 1.5rem; transform: translateX(-50%); padding: .5rem 1rem;
  border-radius: 8px; background: var(--text); color: var(--ground); font-size: .85rem; }
#copied:empty { display: none; }
"""
)

SCRIPT = """\
document.addEventListener("click", async event => {
  if (event.target.tagName !== "IMG") return;
  const digest = event.target.alt.split(".")[0], note = document.getElementById("copied");
  try {
    await navigator.clipboard.writeText(digest);
    note.textContent = "Copied " + digest.slice(0, 12) + "\\u2026: a line for keep.txt or drop.txt";
  } catch (error) {
    note.textContent = digest;
  }
  clearTimeout(note.timer);
  note.timer = setTimeout(() => { note.textContent = ""; }, 4000);
});
"""


@dataclass(frozen=True)
class Findings:
    """All that prune found.

    Attributes:
        records: of all images, kept and rejected, in the order of the page.
        measures: of those that could be decoded, by file.
        limits: of the soft rules that are on, by their name.
        odd: oddness by file, of those that the soft rules compared.
        always: files that keep.txt lists.
    """

    records: Sequence[PruneRecord]
    measures: Mapping[str, Measures]
    limits: Mapping[str, float]
    odd: Mapping[str, float]
    always: Collection[str] = ()


def write_report(path: Path, findings: Findings, settings: Prune, thumbnails: Thumbnails) -> None:
    """Write the page about `findings`; equal input gives equal bytes."""
    rows = findings.records
    kept = [row for row in rows if not row.reason]
    doubles = [row for row in rows if row.duplicate_of]
    sections = [_duplicates(doubles, thumbnails)]
    for kind, text in KINDS.items():
        sections.append(_section(kind, text, [row for row in rows if row.kind == kind], thumbnails))
    sections.append(_odd_ones(kept, findings.odd, thumbnails))
    sections.append(_kept(kept, findings.always, thumbnails))
    of_kept, of_rejected = (
        [findings.measures[row.file] for row in rows if bool(row.reason) == out and row.file in findings.measures]
        for out in (False, True)
    )
    plots = histograms.histograms(of_kept, of_rejected, findings.odd, settings, findings.limits)
    write_text(path, _page(rows, len(kept), plots, "".join(sections)))


def write_empty_report(path: Path, why: str) -> None:
    """Write a page that says why there is nothing to report."""
    write_text(path, page("prune", f"<p>{escape(why)}</p>\n"))


def _section(kind: str, text: str, rows: Sequence[PruneRecord], thumbnails: Thumbnails) -> str:
    """The first images with captions, all others small."""
    if not rows:
        return ""
    cards = "".join(_card(row, thumbnails) for row in rows[:SHOWN])
    rest = _sheet(rows[SHOWN:], thumbnails)
    return f'{_heading(kind, len(rows), text)}<div class="cards">\n{cards}</div>\n{rest}</section>\n'


def _heading(name: str, count: int, text: str) -> str:
    return f"<section>\n<h2>{escape(name.capitalize())} <small>({count})</small></h2>\n<p>{escape(text)}</p>\n"


def _duplicates(rows: Sequence[PruneRecord], thumbnails: Thumbnails) -> str:
    """Groups of duplicates, each beside the image that is kept of them."""
    groups: dict[str, list[PruneRecord]] = {}
    for row in rows:
        groups.setdefault(row.duplicate_of, []).append(row)
    if not groups:
        return ""
    shown = list(groups.items())[:SHOWN]
    figures = "".join(_group(first, group[:SHOWN], thumbnails) for first, group in shown)
    hidden = [row for _, group in shown for row in group[SHOWN:]]
    hidden += [row for _, group in list(groups.items())[SHOWN:] for row in group]
    text = (
        "The one with the green frame is kept: the largest, then the least compressed. Under the others, in how many "
        "of 256 bits they differ from it (prune.duplicate_bits; more where one is a crop of the other)."
    )
    heading, rest = _heading("duplicates", len(rows), text), _sheet(hidden, thumbnails)
    return f'{heading}<div class="groups">\n{figures}</div>\n{rest}</section>\n'


def _group(first: str, rows: Sequence[PruneRecord], thumbnails: Thumbnails) -> str:
    images = f"<div>{_image(first, thumbnails.large(first), 'first')}<span>kept</span></div>"
    for row in rows:
        how = "the same pixels" if row.kind == "exact duplicate" else row.reason.rpartition("(")[2].rstrip(")")
        labels = f"<span>{escape(how)}</span><span>{row.width} x {row.height}</span>"
        images += f"<div>{_image(row.file, thumbnails.large(row.file))}{labels}</div>"
    return f'<figure><div class="images">{images}</div></figure>\n'


def _odd_ones(kept: Sequence[PruneRecord], odd: Mapping[str, float], thumbnails: Thumbnails) -> str:
    if len(kept) < 2 * ODD:
        return ""
    ranked = sorted(kept, key=lambda row: (-odd[row.file], row.file))
    text = "The kept images that differ most from the others. Nothing was done about them."
    return _section("worth a look", text, ranked[:ODD], thumbnails)


def _kept(kept: Sequence[PruneRecord], always: Collection[str], thumbnails: Thumbnails) -> str:
    if not kept:
        return ""
    listed = sum(row.file in always for row in kept)
    text = "The input of resize." + (f" {listed} by the file of prune.keep." if listed else "")
    return f"{_heading('kept', len(kept), text)}{_sheet(kept, thumbnails)}</section>\n"


def _sheet(rows: Sequence[PruneRecord], thumbnails: Thumbnails) -> str:
    """A contact sheet."""
    chunks = [rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK)]
    images = (
        "".join(_image(row.file, thumbnails.small(row.file), title=_about(row)) for row in some) for some in chunks
    )
    return "".join(f'<div class="sheet">{some}</div>\n' for some in images)


def _about(row: PruneRecord) -> str:
    parts = (row.title or row.url or row.file, f"{row.width} x {row.height}", row.licence, row.reason)
    return "\n".join(part for part in parts if part)


def _card(row: PruneRecord, thumbnails: Thumbnails) -> str:
    size = f"{row.width} x {row.height}" if row.width else ""
    notes = "".join(f"<span>{escape(line)}</span>" for line in (size, row.licence, row.reason) if line)
    image = _image(row.file, thumbnails.large(row.file))
    return f'<figure><div class="images">{image}</div><figcaption>{_title(row)}{notes}</figcaption></figure>\n'


def _image(name: str, address: str, style: str = "", title: str = "") -> str:
    if not address:
        return f'<div class="none" title="{escape(title or name)}">no image</div>'
    frame = f' class="{style}"' if style else ""
    return f'<img{frame} alt="{escape(name)}" title="{escape(title or name)}" src="{address}">'


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


def _page(rows: Sequence[PruneRecord], kept: int, plots: str, body: str) -> str:
    counts = {"kept": kept}
    for row in rows:
        if row.reason:
            counts[row.kind] = counts.get(row.kind, 0) + 1
    table = "".join(
        f'<tr><th>{escape(kind)}</th><td class="count">{count}</td><td class="bar">'
        f'<i{" class=kept" if kind == "kept" else ""} style="width:{100 * count / len(rows):.1f}%"></i></td></tr>\n'
        for kind, count in counts.items()
    )
    return page(
        f"{kept} of {len(rows)} images kept",
        "<p>Nothing is deleted: rejected images are still in the folder of raw images. A click on an image copies its "
        "digest: as a line of keep.txt it is kept, as a line of drop.txt it is rejected, whatever the rules say.</p>\n"
        f"<table>\n{table}</table>\n<section>\n<h2>Measures</h2>\n<p>Kept images, rejected ones above them, and the "
        f"limits of the rules. Every number is in measures.csv.</p>\n{plots}</section>\n{body}"
        '<div id="copied" role="status"></div>\n'
        "<footer>Written by mapgan's prune. The whole lists are kept.csv and rejected.csv beside it.</footer>\n",
        CSS,
        SCRIPT,
    )
