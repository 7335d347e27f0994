"""The page: what a run is at a glance, and its sections below."""

from __future__ import annotations

import shlex
from html import escape
from pathlib import Path

from mapgan import __version__, files
from mapgan.dataset import Dataset, is_dataset, open_dataset
from mapgan.errors import MapganError
from mapgan.evaluation.table import numbers_of, short
from mapgan.files import write_text
from mapgan.html_page import page
from mapgan.params import Params
from mapgan.report.data_section import data_section
from mapgan.report.folders import RunFolders
from mapgan.report.markup import count, paragraph, section
from mapgan.report.result_section import evaluate_command, evaluation_section, hero, maps_section, neighbours_section
from mapgan.report.style import CSS
from mapgan.report.tables import read_column, training_seconds
from mapgan.report.training_section import train_command, training_section, trouble_section

NETWORKS = {"dcgan": "A DCGAN", "dcgan-modern": "A modern DCGAN", "mlp": "A GAN of dense layers",
            "mapmaker": "The first map maker's GAN"}  # fmt: skip
SECTIONS = {"maps": "Maps", "data": "Data", "training": "Training", "evaluation": "Evaluation",
            "neighbours": "Neighbours", "trouble": "Trouble", "again": "Make it again"}  # fmt: skip


def write_report(path: Path, params: Params, folders: RunFolders) -> None:
    """Write the page about a run; equal files give equal bytes.

    Args:
        path: of the page.
        params: its settings.
        folders: where its files are; what is not there is left out, and the page says so.

    Raises:
        MapganError: nothing of the run was trained yet, or its training set is damaged.
    """
    train = folders.results / "train"
    if not (train / "metrics.tsv").is_file():
        raise MapganError(f"{train}: nothing was trained yet", "the report shows a run, so train first")
    dataset = open_dataset(folders.maps, verify=False) if is_dataset(folders.maps) else None
    labels = dataset.labels if dataset is not None else ()
    steps = read_column(train / "metrics.tsv", "loss_D")
    done = int(steps[-1][0]) if steps else 0
    top_map = hero(folders, labels)
    body = {
        "maps": maps_section(folders, params, labels, on_top=bool(top_map)),
        "data": data_section(folders, dataset, params),
        "training": training_section(folders, params),
        "evaluation": evaluation_section(folders),
        "neighbours": neighbours_section(folders),
        "trouble": trouble_section(folders, done),
        "again": _again(folders, params),
    }
    links = "".join(f'<a href="#{name}">{escape(SECTIONS[name])}</a>' for name, html in body.items() if html)
    top = (
        paragraph(_lead(params, dataset, done), "lead")
        + _notice(folders, params, done)
        + f"<nav>{links}</nav>\n"
        + top_map
        + _facts(folders, params, dataset, done)
    )
    write_text(path, page(folders.title, top + "".join(body.values()) + _footer(folders), CSS))


def _lead(params: Params, dataset: Dataset | None, done: int) -> str:
    what = NETWORKS.get(params.train.network, "A GAN")
    if dataset is None:
        return f"{what}, trained for {count(done, 'step')}."
    return (
        f"{what} that draws new maps, trained for {count(done, 'step')} on {count(len(dataset.train), 'image')} of "
        f"{dataset.width} x {dataset.height} pixels."
    )


def _notice(folders: RunFolders, params: Params, done: int) -> str:
    """That the run is not finished, if it is not."""
    if done >= params.train.steps:
        return ""
    return paragraph(
        f"Not finished: {done:,} of {params.train.steps:,} steps are done. The same command again resumes it.", "notice"
    )


def _facts(folders: RunFolders, params: Params, dataset: Dataset | None, done: int) -> str:
    """The numbers that people ask for first."""
    train = folders.results / "train"
    speed = read_column(train / "speed.tsv", "images_per_second")
    memory = read_column(train / "speed.tsv", "memory_gib")
    seconds = training_seconds(speed, params.train.batch_size)
    facts = {
        "Training images": f"{len(dataset.train):,}" if dataset is not None else "",
        "Size": f"{dataset.width} &times; {dataset.height} <small>px</small>" if dataset is not None else "",
        "Steps": f"{done:,} <small>of {params.train.batch_size} images</small>",
        "Time": _duration(seconds) if seconds else "",
        "Memory at most": f"{max(value for _, value in memory):.1f} <small>GiB</small>" if memory else "",
        **_score(folders),
    }
    rows = "".join(f"<div><dt>{name}</dt><dd>{html}</dd></div>" for name, html in facts.items() if html)
    return f'<dl class="facts">{rows}</dl>\n'


def _score(folders: RunFolders) -> dict[str, str]:
    """The main metric, beside that of real images."""
    try:
        numbers = numbers_of(files.read_json(folders.results / "evaluate" / "metrics.json"))
    except (MapganError, AttributeError):
        return {}
    return {
        escape(name): f"{short(entry['samples'])} <small>real {short(entry['real'])}</small>"
        for name, entry in list(numbers.items())[:1]
    }


def _duration(seconds: float) -> str:
    for limit, size, unit in ((90, 1, "s"), (5400, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            number = f"{seconds / size:.1f}" if unit == "h" and seconds < 36_000 else f"{seconds / size:.0f}"
            return f"{number} <small>{unit}</small>"
    return f"{seconds / 86_400:.1f} <small>days</small>"


def _again(folders: RunFolders, params: Params) -> str:
    """The commands that make everything on the page."""
    if folders.is_project:
        lines = {
            "All of it, from the images to this page; what has not changed is not made again": "dvc repro",
            "One stage alone, such as the maps": "dvc repro -f -s sample",
            "This page": "dvc repro -f -s report",
        }
    else:
        name = shlex.quote(folders.name)
        lines = {
            "The run, with every setting as it was": train_command(folders, params),
            "More maps": f"mapgan sample {name} --seeds 100-111",
            "The numbers": evaluate_command(folders),
            "This page": shlex.join(["mapgan", "report", folders.name, *folders.maps_option]),
        }
    rows = "".join(f"<dt>{escape(about)}</dt><dd><pre>{escape(line)}</pre></dd>\n" for about, line in lines.items())
    text = (
        "The same settings, images and kind of device give the same weights, bit for bit on a CPU, and the same seeds "
        "the same maps."
    )
    if not folders.is_project:
        text += " You name what is in capitals: the folder IMAGES, the training set SET, and OUT, a new folder."
    return section("again", "Make it again", paragraph(text), f'<dl class="commands">{rows}</dl>\n')


def _footer(folders: RunFolders) -> str:
    generator = ""
    if folders.generator.is_file():
        generator = f" The generator has the SHA-256 {files.sha256_file(folders.generator)}."
    return f"<footer>Written by mapgan {__version__}.{generator}</footer>\n"
