"""What came of a run: its maps, the evaluation, and the nearest neighbours of its maps among the training images."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from html import escape
from pathlib import Path

from mapgan import files
from mapgan.errors import MapganError
from mapgan.evaluation.table import cell, numbers_of, short
from mapgan.params import Params, Sample
from mapgan.report.changed import as_text
from mapgan.report.curves import Curve, plot
from mapgan.report.folders import RunFolders
from mapgan.report.markup import command, explained, heading, paragraph, section, table
from mapgan.report.pictures import KIB, img, opened
from mapgan.report.tables import read_column

LARGEST, HERO_BYTES, MAP_BYTES = 1400, 360 * KIB, 110 * KIB
MAPS = 6  # beside the one on top of the page
ON_COMMAND_LINE = Sample(zoom=1)  # defaults of `mapgan sample`
SHEET_BYTES, PAIRS_BYTES = 300 * KIB, 350 * KIB
REAL = "Maps that were held out from training, at the same scale."
SINGLE = re.compile(r"seed-0*(\d+)(?:-label-(\d+))?")
MEANINGS = {  # by how the name of a metric begins
    "SWD": "Sliced Wasserstein distance: how far small patches of generated maps are from those of held-out maps, in "
    "shape and colour. Lower is better.",
    "KID": "Kernel distance of features: lower is better, and 0 is a perfect likeness. The interval holds 95 %.",
    "FID": "Fréchet distance of features: lower is better. It is biased upwards with few images: prefer KID.",
    "precision": "The fraction of generated maps that look like some real map. Higher is better.",
    "recall": "The fraction of real maps that the generator could have drawn. Higher is more varied.",
    "density": "How many real maps a generated one is near, relative to real ones. Higher is better.",
    "coverage": "The fraction of real maps that have a generated one near. Higher is more varied.",
    "bits between pairs": "How unlike two maps are, of 256 bits of their hashes. Near the real number, the maps are as "
    "varied as real ones.",
    "bits to nearest": "How unlike maps and their nearest training images are. Far below the real number, "
    "they are copies.",
    "fraction nearer": "The fraction of maps nearer to a training image than 99 % of held-out maps are: about 0.01 for "
    "new maps, 1 for copies.",
}


def maps_section(folders: RunFolders, params: Params, labels: Sequence[str], on_top: bool) -> str:
    """Maps of the generator, without the first if that is `on_top` of the page; else the first sheet."""
    samples = folders.results / "samples"
    singles = sorted((samples / "singles").glob("seed-*.png"))
    start = int(on_top and len(singles) > 1)
    figures = [figure for path in singles[start : start + MAPS]
               if (figure := _single(path, labels, first=False))]  # fmt: skip
    sheet = samples / "sheet-000.png"
    if not figures and not sheet.is_file():
        text = "No maps were drawn yet."
        return section("maps", "Maps", paragraph(text), command(_sample_command(folders, params), "Draw some with"))
    if not figures:
        body = _picture(sheet, "generated maps", SHEET_BYTES, LARGEST, "The first sheet of maps.")
    else:
        small = " small" if 'class="pixels"' in figures[0] else ""
        body = f'<div class="maps{small}">\n{"".join(figures)}</div>\n'
    real = _picture(samples / "real.png", "real maps", SHEET_BYTES, LARGEST, REAL, "paper")
    real = heading("Real ones, for comparison") + real if real else ""
    return section("maps", "Maps", body, real, command(_sample_command(folders, params)))


def hero(folders: RunFolders, labels: Sequence[str]) -> str:
    """The first map, large; empty if it is too small for that."""
    singles = sorted((folders.results / "samples" / "singles").glob("seed-*.png"))
    figure = _single(singles[0], labels, first=True) if singles else ""
    return "" if 'class="pixels"' in figure else figure.replace("<figure>", '<figure class="hero">')


def _single(path: Path, labels: Sequence[str], first: bool) -> str:
    match = SINGLE.match(path.stem)
    seed, label = (match[1], match[2]) if match else (path.stem, None)
    text = f"Seed {seed}" + (f", {labels[int(label)]}" if label and int(label) < len(labels) else "")
    return _picture(
        path, f"the map of seed {seed}", HERO_BYTES if first else MAP_BYTES, LARGEST if first else 700, text
    )


def _picture(path: Path, alt: str, limit: int, side: int, text: str, kind: str = "") -> str:
    """A figure; empty if the file is damaged."""
    try:
        image = opened(path)
    except MapganError:
        return ""
    style = f' class="{kind}"' if kind else ""
    return f"<figure{style}>{img(image, alt, limit, side)}<figcaption>{escape(text)}</figcaption></figure>\n"


def _sample_command(folders: RunFolders, params: Params) -> str:
    if folders.is_project:
        return "dvc repro sample"
    words = ["mapgan", "sample", folders.name]
    for name in Sample.model_fields:
        value, option = getattr(params.sample, name), name.replace("_", "-")
        if isinstance(value, bool):
            words += [f"--{option}" if value else f"--no-{option}"] if value != getattr(ON_COMMAND_LINE, name) else []
        elif value != getattr(ON_COMMAND_LINE, name):
            words += [f"--{option}", as_text(value)]
    return shlex.join(words)


def evaluate_command(folders: RunFolders) -> str:
    """The command that measures the run."""
    if folders.is_project:
        return "dvc repro evaluate"
    return shlex.join(["mapgan", "evaluate", folders.name, *folders.maps_option])


def evaluation_section(folders: RunFolders) -> str:
    """The numbers, with intervals, beside those of real images."""
    results, title = folders.results / "evaluate", "How good the maps are"
    try:
        metrics = files.read_json(results / "metrics.json")
        numbers = numbers_of(metrics)
    except (MapganError, AttributeError):
        metrics, numbers = {}, {}
    if not numbers:
        text = "It has not been measured yet, or there are too few held-out images to measure it by."
        return section("evaluation", title, paragraph(text), command(evaluate_command(folders), "Measure with"))
    rows = [
        [explained(name[:1].upper() + name[1:], _meaning(name)), f"<b>{escape(cell(entry))}</b>", short(entry["real"])]
        for name, entry in numbers.items()
    ]
    intro = (
        f"{metrics.get('images', 0):,} generated maps and as many training images, each against as many held-out ones. "
        "The column of real images is what a perfect generator would have."
    )
    parts = [paragraph(intro), table(("Measure", "Generated", "Real"), rows, numbers=(1, 2))]
    return section("evaluation", title, *parts, command(evaluate_command(folders)))


def _meaning(name: str) -> str:
    return next((text for start, text in MEANINGS.items() if name.startswith(start)), "")


def neighbours_section(folders: RunFolders) -> str:
    """The maps that are most like a training image, and how far all of them are from the nearest one."""
    results = folders.results / "evaluate"
    alt = "generated maps, each beside its nearest training image"
    text = "Each generated map, turned if need be, and to its right its nearest training image."
    pairs = _picture(results / "closest.png", alt, PAIRS_BYTES, 1100, text, "paper pairs")
    curves = plot(
        "Distance to the nearest training image",
        "From the nearest maps (0) to the farthest (1), in bits of 256. If generated maps lay far below held-out ones, "
        "they would be copies.",
        [Curve("generated", read_column(results / "nearest.tsv", "samples", by="quantile")),
         Curve("held out", read_column(results / "nearest.tsv", "held_out", by="quantile"), "--aside")],
    )  # fmt: skip
    if not pairs and not curves:
        return ""
    text = "Are they new, or copies of what the network has seen? These are the closest of all that were compared."
    chart = f'<div class="curves">{curves}</div>\n' if curves else ""
    return section(
        "neighbours", "Nearest neighbours", paragraph(text), pairs, chart, command(evaluate_command(folders))
    )
