"""The command line. It has no logic of its own, and each command imports what it needs when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mapgan.errors import exit_on_error
from mapgan.models import DEFAULT

app = typer.Typer(
    name="mapgan",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # importing rich only for the help would double the time to show it
    help="Make new Dungeons & Dragons maps from images of old ones.",
)

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
    source: Annotated[str, typer.Argument(help="URL of a page with images, or a text or CSV file of addresses.")],
    out: Annotated[Path | None, typer.Option(help="Folder for the images and their manifest.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read the pages and list the images as CSV; download none.")
    ] = False,
    params: Annotated[Path | None, typer.Option(help="Settings file like params.yaml.")] = None,
    settings: Settings = None,
) -> None:
    """Download the images of a website or of a list; run again, it continues. Exit code 3: too many have failed."""
    with exit_on_error():
        from mapgan.commands.collect import collect

        typer.echo(collect(source, out, dry_run, params, settings or []))


@app.command()
def sample(
    run: Annotated[
        Path, typer.Argument(help="Folder of a run, file of a generator, or name of one in `mapgan models`.")
    ] = Path(DEFAULT),
    seeds: Annotated[str, typer.Option(help="Seeds, such as 0-35 or 3,7.")] = "0-5",
    sheet: Annotated[str, typer.Option(help="Columns x rows of a sheet.")] = "2x3",
    out: Annotated[Path | None, typer.Option(help="Folder for the images [default: beside the generator].")] = None,
    zoom: Annotated[int, typer.Option(min=1, max=16, help="Enlargement of images on the sheets.")] = 1,
    singles: Annotated[bool, typer.Option(help="Also write each image to a file of its own.")] = True,
    label: Annotated[
        str, typer.Option(help="Labels, such as cave or cave,town, if there are any [default: all, alternating].")
    ] = "",
    size: Annotated[
        str,
        typer.Option(
            metavar="WxH", help="Size in pixels, with a spatial latent; empty: as trained [default: 24 x 16 squares]."
        ),
    ] = "auto",
    squares: Annotated[
        str, typer.Option(metavar="WxH", help="Size in squares of the battle grid, such as 30x20.")
    ] = "",
    plan: Annotated[
        str,
        typer.Option(metavar="FILE", help="Paint a plan: an image (a pixel per square) or text (a letter)."),
    ] = "",
    legend: Annotated[
        str, typer.Option(metavar="FILE", help="The labels of its colours or letters [default: PLAN.legend].")
    ] = "",
    reroll: Annotated[
        str, typer.Option(metavar="COLUMN,ROW", help="Draw a square anew, and those around it; the rest stays.")
    ] = "",
    around: Annotated[int, typer.Option(min=0, help="How many squares around it.")] = 3,
    attempt: Annotated[int, typer.Option(min=0, help="Each attempt draws other squares.")] = 0,
    seamless: Annotated[bool, typer.Option("--seamless", help="Seamless maps, with a spatial latent.")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Generate maps: sheets with the seed (and label) under each map, and single images."""
    with exit_on_error():
        from mapgan.commands.sample import sample

        options = {"seeds": seeds, "label": label, "size": size, "squares": squares, "seamless": seamless}
        options |= {"plan": plan, "legend": legend, "reroll": reroll, "around": around, "attempt": attempt}
        typer.echo(sample(run, out, device, options | {"sheet": sheet, "zoom": zoom, "singles": singles}))


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
def compare(
    runs: Annotated[list[Path], typer.Argument(help="Folders of evaluated runs.")],
    out: Annotated[Path, typer.Option(help="HTML page to write.")] = Path("compare.html"),
) -> None:
    """Compare runs side by side: numbers, sheets, and the settings that differ."""
    with exit_on_error():
        from mapgan.commands.compare import compare_runs

        typer.echo(compare_runs(runs, out))


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
