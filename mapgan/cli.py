"""The command line. It has no logic of its own, and each command imports what it needs when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mapgan import cli_drawing
from mapgan.errors import exit_on_error

app = typer.Typer(
    name="mapgan",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # importing rich only for the help would double the time to show it
    help="Make new Dungeons & Dragons maps from images of old ones.",
)

app.add_typer(cli_drawing.app)

Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting, such as train.batch_size=8; can be repeated."),
]


@app.command()
def train(
    folder: Annotated[
        Path | None,
        typer.Argument(help="A folder of images, a training set, or a set in IDX, NPZ, NPY or CSV files."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the run [default: runs/NAME].")] = None,
    params: Annotated[Path | None, typer.Option(help="Settings file like params.yaml.")] = None,
    preset: Annotated[str | None, typer.Option(help="Preset; `mapgan preset` lists them.")] = None,
    settings: Settings = None,
    resume: Annotated[
        str,
        typer.Option(
            metavar="auto|never|PATH", help="Resume from the last checkpoint, from none, or from the one at PATH."
        ),
    ] = "auto",
    continue_run: Annotated[
        bool,
        typer.Option("--continue", help="Continue the run in --out with other images or settings."),
    ] = False,
    init_from: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Fine-tune from a generator.safetensors or a run's folder.")
    ] = None,
) -> None:
    """Train a generator on a folder of images. A run that was stopped resumes."""
    with exit_on_error():
        from mapgan.commands.train import train
        from mapgan.commands.training_set import CliSettings

        options = {"train": {"init_from": str(init_from)}} if init_from else {}
        cli_settings = CliSettings(params, preset, settings or [], options)
        typer.echo(train(folder, out, cli_settings, resume, continue_run))


@app.command()
def collect(
    source: Annotated[str, typer.Argument(help="URL of a page, map-of-the-week, or a text or CSV file of addresses.")],
    out: Annotated[Path | None, typer.Option(help="Folder for the images and their manifest.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read the pages and list the images as CSV; download none.")
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no host; all was downloaded before.")] = False,
    params: Annotated[Path | None, typer.Option(help="Settings file like params.yaml.")] = None,
    settings: Settings = None,
) -> None:
    """Download the images of a website or of a list; run again, it continues. Exit code 3: too many have failed."""
    with exit_on_error():
        from mapgan.commands.collect import collect

        typer.echo(collect(source, out, dry_run, params, settings or [], offline))


@app.command(name="credits")
def write_credits(
    manifest: Annotated[
        Path, typer.Argument(help="manifest.csv of a scrape, kept.csv of prune, or a folder with one of them.")
    ] = Path("data/raw"),
    out: Annotated[Path, typer.Option(help="Folder for credits.md and credits.csv.")] = Path("credits"),
) -> None:
    """Write the titles, authors and licences of collected images as a list, as licences such as CC BY ask for it."""
    with exit_on_error():
        from mapgan.commands.credits import write_credits

        typer.echo(write_credits(manifest, out))


@app.command()
def evaluate(
    run: Annotated[Path, typer.Argument(help="Folder of a run, or file of a generator.")],
    maps: Annotated[Path | None, typer.Option(help="Training set [default: RUN/maps].")] = None,
    extractor: Annotated[
        str | None,
        typer.Option(
            metavar="inception|FILE.onnx", help="Network whose features FID, KID and so on are computed from."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the numbers [default: RUN/results/evaluate, or evaluate-best ...].")
    ] = None,
    settings: Settings = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Measure the quality and diversity of generated maps, and whether they are copies of training images."""
    with exit_on_error():
        from mapgan.commands.evaluate import evaluate

        typer.echo(evaluate(run, maps, extractor, out, settings or [], device))


@app.command()
def prune(
    folder: Annotated[Path, typer.Argument(help="A folder of images; nothing in it is changed.")],
    out: Annotated[Path | None, typer.Option(help="Folder for the results [default: runs/NAME].")] = None,
    keep: Annotated[Path | None, typer.Option(metavar="FILE", help="Images to keep anyway, one per line.")] = None,
    drop: Annotated[Path | None, typer.Option(metavar="FILE", help="Images to reject anyway, one per line.")] = None,
    params: Annotated[Path | None, typer.Option(help="Settings file like params.yaml.")] = None,
    settings: Settings = None,
) -> None:
    """Sort out duplicates, blanks and damaged files of a folder, with a report page to look at."""
    with exit_on_error():
        from mapgan.commands.curate import prune

        lists = {name: path for name, path in (("keep", keep), ("drop", drop)) if path}
        typer.echo(prune(folder, out, params, settings or [], lists))


@app.command()
def resize(
    folder: Annotated[Path, typer.Argument(help="A folder of images; nothing in it is changed.")],
    size: Annotated[str, typer.Option(metavar="WxH", help="Size of the training images, such as 768x768.")] = "",
    mode: Annotated[str | None, typer.Option(metavar="tiles|crop|pad|stretch", help="How images fit it.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the results [default: runs/NAME].")] = None,
    params: Annotated[Path | None, typer.Option(help="Settings file like params.yaml.")] = None,
    settings: Settings = None,
) -> None:
    """Prune a folder of images and make a training set of one size, which `mapgan train` takes."""
    with exit_on_error():
        from mapgan.commands.curate import resize

        typer.echo(resize(folder, out, params, settings or [], size, mode))


@app.command()
def compare(
    runs: Annotated[list[Path], typer.Argument(help="Folders of evaluated runs.")],
    out: Annotated[Path, typer.Option(help="HTML page to write.")] = Path("compare.html"),
) -> None:
    """Compare runs side by side: numbers, sheets, and the settings that differ."""
    with exit_on_error():
        from mapgan.commands.compare import compare_runs

        typer.echo(compare_runs(runs, out))


@app.command()
def report(
    run: Annotated[Path, typer.Argument(help="Folder of a run, or of a project of `dvc repro`.")],
    maps: Annotated[Path | None, typer.Option(help="Training set [default: that in RUN].")] = None,
    out: Annotated[Path | None, typer.Option(help="HTML page to write [default: RUN/results/report.html].")] = None,
) -> None:
    """Show a run on one page: images, settings, curves, maps, numbers, and how to make it again."""
    with exit_on_error():
        from mapgan.commands.report import report

        typer.echo(report(run, maps, out))


@app.command()
def models() -> None:
    """List the generators that come with mapgan: `mapgan sample NAME` needs no training."""
    with exit_on_error():
        from mapgan.commands.models import listing

        typer.echo(listing())


@app.command()
def preset(
    name: Annotated[str | None, typer.Argument(help="Preset to show or write.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Merge it into params.yaml; comments are kept.")] = False,
    params: Annotated[Path, typer.Option(help="File to write to.")] = Path("params.yaml"),
) -> None:
    """List the presets, show one, or merge one into params.yaml, which is where DVC reads settings."""
    with exit_on_error():
        from mapgan.commands.preset import listing, write_preset
        from mapgan.params.reading import preset_text

        if name is None:
            typer.echo(listing())
        elif write:
            typer.echo(write_preset(name, params))
        else:
            typer.echo(preset_text(name).rstrip())


@app.command()
def plan(
    preset: Annotated[str | None, typer.Option(help="Preset; `mapgan preset` lists them.")] = None,
    params: Annotated[
        Path | None, typer.Option(help="Settings file [default: params.yaml, if there is one here].")
    ] = None,
    settings: Settings = None,
    size: Annotated[str | None, typer.Option(metavar="WxH", help="Size in pixels [default: that of resize].")] = None,
    memory: Annotated[
        float | None, typer.Option(metavar="GIB", help="Memory of a card, which need not be present.")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Write the choice into the settings file.")] = False,
) -> None:
    """Predict the memory of a training step, and choose micro-batch and gradient checkpointing."""
    with exit_on_error():
        from mapgan.commands.plan import plan

        typer.echo(plan(params, preset, settings or [], size, memory, write))


@app.command()
def summary(
    preset: Annotated[str | None, typer.Option(help="Preset; `mapgan preset` lists them.")] = None,
    params: Annotated[
        Path | None, typer.Option(help="Settings file [default: params.yaml, if there is one here].")
    ] = None,
    settings: Settings = None,
) -> None:
    """Show both networks layer by layer: shapes, parameters, multiply-adds, memory."""
    with exit_on_error():
        from mapgan.commands.summary import summary

        typer.echo(summary(params, preset, settings or []))


@app.command()
def doctor() -> None:
    """Show what this machine has, and what is wrong with it."""
    with exit_on_error():
        from mapgan.commands.doctor import report

        typer.echo(report())


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False) -> None:
    if version:
        from mapgan import __version__

        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command line."""
    app()
