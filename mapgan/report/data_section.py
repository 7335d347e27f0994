"""What a run was trained on: contact sheet, counts, licences and credits."""

from __future__ import annotations

from collections import Counter
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from mapgan import files
from mapgan.collect.manifest import ManifestRow, read_rows, strip_guard
from mapgan.curate.prune_record import PruneRecord, read_list
from mapgan.dataset import DESCRIPTION, Dataset, count_labels
from mapgan.errors import MapganError
from mapgan.params import Params
from mapgan.report.folders import RunFolders
from mapgan.report.markup import command, count, heading, paragraph, section, table
from mapgan.report.pictures import of_training_set, thumbnails
from mapgan.report.training_section import train_command

SHOWN, TILES = 32, 24  # images on the contact sheets
CREDITS, MAX_CREDITS = 12, 400  # rows of the table of credits that are seen at once, and of all
LONGEST = 120  # characters of a name in it
UNKNOWN = "not named"
OWN = {"folder": "a folder", "demo": "the demo maps of mapgan"}  # schemes of addresses that are no website's


def data_section(folders: RunFolders, dataset: Dataset | None, params: Params) -> str:
    """The section on the images; `dataset` is None if the training set is not there."""
    kept, rejected = _lists(folders)
    if dataset is None and not kept:
        text = "The training set is not beside the run; mapgan report RUN --maps SET shows it."
        return section("data", "What it was trained on", paragraph(text), command(*_command(folders, params)))
    parts = [paragraph(_counts(dataset, kept, rejected, params))]
    if dataset is not None and dataset.labels:
        parts.append(paragraph(f"Labels: {count_labels(dataset)}."))
    sheet = thumbnails(folders.raw / row.file for row in _spread(kept))
    if sheet:
        parts.append(f'<div class="contact">{"".join(sheet)}</div>\n')
    if dataset is not None:
        what = "So the network sees them" if sheet else "Some of them"
        parts.append(heading(f"{what}: {dataset.width} x {dataset.height} pixels"))
        parts.append(f'<div class="contact tiles">{"".join(of_training_set(dataset, TILES))}</div>\n')
    parts += [_credits(folders, kept), command(*_command(folders, params))]
    return section("data", "What it was trained on", *parts)


def _command(folders: RunFolders, params: Params) -> tuple[str, str]:
    if folders.is_project:
        return "dvc repro resize", "Made by scrape, prune and resize"
    if params.dataset.name != "folder":
        return train_command(folders, params), "Made by"
    return "mapgan resize IMAGES --out OUT", "Made by mapgan train, or alone by"


def _lists(folders: RunFolders) -> tuple[list[PruneRecord], list[PruneRecord]]:
    """What prune kept and rejected, as far as its lists are there."""
    found = []
    for name in ("kept.csv", "rejected.csv"):
        path = folders.pruned / name
        found.append(read_list(path) if path.is_file() else [])
    return found[0], found[1]


def _counts(dataset: Dataset | None, kept: list[PruneRecord], rejected: list[PruneRecord], params: Params) -> str:
    lines = []
    if kept or rejected:
        reasons = Counter(row.kind for row in rejected).most_common()
        why = ", ".join(f"{kind} ({number:,})" for kind, number in reasons)
        every = f"All {count(len(kept), 'image')} were kept."
        some = f"{count(len(kept), 'image')} of {len(kept) + len(rejected):,} were kept; left out: {why}."
        lines.append(some if why else every)
    elif params.dataset.name != "folder":
        name = Path(params.dataset.path).name if params.dataset.name == "file" else params.dataset.name
        lines.append(f"The images are those of the ready-made set {name}.")
    if dataset is not None:
        maps = _groups(dataset)
        of_maps = f", cut from {count(maps, 'map')}" if 1 < maps < len(dataset.train) + len(dataset.holdout) else ""
        lines.append(
            f"The training set has {count(len(dataset.train), 'image')} of {dataset.width} x {dataset.height} pixels"
            f"{of_maps}; {len(dataset.holdout):,} more are held out: the network never sees them or their maps, and is "
            "measured against them."
        )
        if dataset.pixels_per_square:
            lines.append(f"A square of the battle grid is {dataset.pixels_per_square:.3g} pixels wide.")
    return " ".join(lines)


def _groups(dataset: Dataset) -> int:
    description = files.read_json(dataset.folder / DESCRIPTION)
    return len({entry.get("group", "") for entry in description["images"]})


def _spread(kept: list[PruneRecord]) -> list[PruneRecord]:
    """At most `SHOWN` of them, first one of each map, in the order of their digests, which is as good as chance."""
    groups: dict[str, list[PruneRecord]] = {}
    for row in sorted(kept, key=lambda row: row.file):
        groups.setdefault(row.group or row.file, []).append(row)
    firsts = [rows[0] for rows in groups.values()]
    others = [row for rows in groups.values() for row in rows[1:]]
    return (firsts + others)[:SHOWN]


def _credits(folders: RunFolders, kept: list[PruneRecord]) -> str:
    """Where the images are from, who made them, and under which licence."""
    rows: list[PruneRecord] | list[ManifestRow] = kept
    if not kept:
        path = folders.raw / "manifest.csv"
        try:
            found = read_rows(path, ManifestRow, "scrape") if path.is_file() else []
        except MapganError:
            found = []
        rows = [row for row in found if row.status == "ok"]
    if not rows:
        return heading("Licences and credits") + paragraph(
            "Nothing is recorded of where the images are from: whoever shares maps of this run should say so."
        )
    counted = Counter((_source(row), _name(row.author), _name(row.licence)) for row in rows)
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    lines = [[escape(source), escape(author), escape(licence), f"{n:,}"] for (source, author, licence), n in ranked]
    heads = ("Source", "Author", "Licence", "Images")
    html = heading("Licences and credits")
    if all(licence == UNKNOWN for (_, _, licence), _ in ranked):
        html += paragraph("No licence is recorded with these images.")
    html += table(heads, lines[:CREDITS], numbers=(3,))
    if len(lines) > CREDITS:
        rest = table(heads, lines[CREDITS:MAX_CREDITS], numbers=(3,))
        html += f"<details><summary>{min(len(lines), MAX_CREDITS) - CREDITS} more</summary>{rest}</details>\n"
    if len(lines) > MAX_CREDITS:
        html += paragraph(f"And {len(lines) - MAX_CREDITS:,} more: mapgan credits lists all, image by image.")
    return html


def _name(text: str) -> str:
    """An author or a licence, as the manifest has it."""
    name = strip_guard(text) or UNKNOWN
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def _source(row: ManifestRow) -> str:
    """The website, or what else the image came from."""
    try:
        address = urlsplit(row.page or row.url)
        return OWN.get(address.scheme, address.hostname or UNKNOWN)
    except ValueError:
        return UNKNOWN
