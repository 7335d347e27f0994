"""How a run was trained: the machine, the settings, the curves, the film, and what went wrong."""

from __future__ import annotations

import shlex
from html import escape
from pathlib import Path
from typing import Any

from mapgan import files
from mapgan.errors import MapganError
from mapgan.params import Params
from mapgan.report.changed import changed_settings
from mapgan.report.curves import Curve, Marks, plot
from mapgan.report.folders import RunFolders
from mapgan.report.markup import command, explained, heading, paragraph, section, table
from mapgan.report.pictures import KIB, film, img, opened
from mapgan.report.tables import read_column

SECOND = "--aside"
LAST_SNAPSHOT = 500 * KIB
WHAT = {  # what each trouble means; training says it at greater length, with a remedy
    "diverged": "A number was no longer finite.",
    "unstable": "The gradient norm of the discriminator rose to a hundred times its median.",
    "collapsed": "Images of different seeds were nearly the same.",
    "generator saturated": "Most values of generated images were near the end of their range.",
    "discriminator won": "The discriminator classified every image correctly, which teaches the generator nothing.",
}


def train_command(folders: RunFolders, params: Params) -> str:
    """The command that trains such a run."""
    if folders.is_project:
        return "dvc repro train"
    images = {"folder": ["IMAGES"], "file": [Path(params.dataset.path).name]}.get(params.dataset.name, [])
    return shlex.join(["mapgan", "train", *images, "--params", f"{folders.name}/params.yaml", "--out", "OUT"])


def training_section(folders: RunFolders, params: Params) -> str:
    """The section on settings, curves and film."""
    train, lines = folders.results / "train", changed_settings(params)
    parts = [paragraph(_machine(train / "machine.json"))]
    if lines:
        rows = [[explained(one.name, one.about), f"<b>{escape(one.value)}</b>", escape(one.default)] for one in lines]
        parts += [heading("Settings that differ from the defaults"), table(("Setting", "Here", "Default"), rows)]
    else:
        parts.append(paragraph("All settings are the defaults."))
    curves = _curves(train)
    if curves:
        parts += [heading("Curves"), f'<div class="curves">\n{curves}</div>\n']
    parts += [_film(train), command(train_command(folders, params))]
    return section("training", "How it was trained", *parts)


def _machine(path: Path) -> str:
    """A sentence on the machine; empty for a run of before it was recorded."""
    facts = _read(path)
    if not isinstance(facts, dict):
        return ""
    number = facts.get("processes", 1)
    many = f"{number} processes, " if number != 1 else ""
    threads = f", {facts['threads']} thread{'' if facts['threads'] == 1 else 's'}" if "threads" in facts else ""
    precision = {"no": "float32"}.get(str(facts.get("precision")), str(facts.get("precision")))
    checkpointing = facts.get("checkpointing", "none")
    recomputed = "" if checkpointing == "none" else f", gradient checkpointing of {checkpointing} blocks"
    return (
        f"On {many}{facts.get('device')}{threads}, in {precision}, {facts.get('micro_batch')} images at a "
        f"time{recomputed}, with torch {facts.get('torch')}."
    )


def _read(path: Path) -> Any:
    try:
        return files.read_json(path)
    except MapganError:
        return None


def _curves(train: Path) -> str:
    def column(name: str) -> list[tuple[float, float]]:
        return read_column(train / "metrics.tsv", name)

    marks = Marks([entry["step"] for entry in read_troubles(train)])
    return "".join([
        plot("Losses", "Neither should fall for ever: two networks hold each other in balance.",
             [Curve("generator", column("loss_G")), Curve("discriminator", column("loss_D"), SECOND)], marks),
        plot("Logits", "How real the discriminator finds real and generated images. The closer, the less it can tell.",
             [Curve("real", column("logits_real")), Curve("generated", column("logits_fake"), SECOND)], marks),
        plot("Accuracy of the discriminator", "The fraction of images that it classifies correctly; 1 for long is "
             "trouble.", [Curve("accuracy", column("accuracy"))], marks),
        plot("Gradient norms", "How far the losses pull at the weights; logarithmic. Sudden peaks are trouble.",
             [Curve("generator", column("grad_norm_G")), Curve("discriminator", column("grad_norm_D"), SECOND)],
             marks, log=True),
        plot("Diversity", "How much images of different seeds differ, relative to real ones; 0 is collapse.",
             [Curve("diversity", read_column(train / "diversity.tsv", "diversity"))], marks),
        plot("Score", "The distance to held-out images (train.evaluate_by); lower is better.",
             [Curve("score", read_column(train / "scores.tsv", "score"))], marks),
    ])  # fmt: skip


def _film(train: Path) -> str:
    animation = film(train / "progress.gif") if (train / "progress.gif").is_file() else ""
    snapshots = sorted((train / "snapshots").glob("step-*.png"))
    text = "The same seeds in the course of training."
    if not animation and snapshots:
        try:
            animation = img(opened(snapshots[-1]), "the last snapshot", LAST_SNAPSHOT, 900)
        except MapganError:
            return ""
        text = f"The last snapshot, {snapshots[-1].stem.replace('-', ' ')}."
    if not animation:
        return ""
    return f'{heading("Film")}<figure class="paper">{animation}<figcaption>{escape(text)}</figcaption></figure>\n'


def read_troubles(train: Path) -> list[dict[str, Any]]:
    """The troubles that the run met."""
    found = _read(train / "troubles.json")
    entries = found if isinstance(found, list) else []
    return [entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("step"), int)]


def trouble_section(folders: RunFolders, done: int) -> str:
    """The section on troubles, and on what was changed while the run went on."""
    train = folders.results / "train"
    troubles, history = read_troubles(train), _read(train / "history.json")
    parts = []
    if troubles:
        rows = []
        for entry in troubles:
            name = str(entry.get("trouble"))
            then = f"back to step {entry['back_to']:,}, at lower learning rates" if "back_to" in entry else "a warning"
            if entry is troubles[-1] and "back_to" not in entry and entry["step"] >= done:
                then = "the last step"
            rows.append([explained(name.capitalize(), WHAT.get(name, "")), f"{entry['step']:,}", escape(then)])
        parts.append(table(("Trouble", "Step", "What followed"), rows, numbers=(1,)))
    else:
        watched = (train / "machine.json").is_file()  # earlier versions recorded neither
        text = "None: no loss diverged, neither network won, and the images stayed diverse."
        parts.append(paragraph(text if watched else "None was recorded."))
    if isinstance(history, list) and history:
        rows = [[f"Step {entry['step']:,}", escape(_changes(entry["changed"]))] for entry in history]
        parts += [heading("Changed on the way"), table(("From", "What changed"), rows)]
    return section("trouble", "Trouble on the way", *parts)


def _changes(changed: dict[str, Any]) -> str:
    """What changed, with the old and the new value of settings; digests say nothing to people."""
    values = {name: pair for name, pair in changed.items() if name.startswith(("train.", "resize.", "dataset."))}
    return ", ".join(f"{name}: {values[name][0]} to {values[name][1]}" if name in values else name for name in changed)
