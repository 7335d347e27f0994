"""The command line. Commands have no logic of their own, and load what they need only when they run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mapgan.errors import exit_on_error

app = typer.Typer(
    name="mapgan",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # loading rich for the help alone would double the time to show it
    help="Makes new Dungeons & Dragons maps from images of old ones.",
)

Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A setting, such as train.batch_size=8; may be repeated."),
]


@app.command()
def train(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Your images, a training set made before, or a set in IDX or NPZ files."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where the run goes [default: runs/NAME].")] = None,
    params: Annotated[Path | None, typer.Option(help="A file of settings like params.yaml.")] = None,
    preset: Annotated[str | None, typer.Option(help="A preset; `mapgan preset` lists them.")] = None,
    settings: Settings = None,
    resume: Annotated[
        str, typer.Option(metavar="auto|never|PATH", help="Go on from the last saved state, none, or the one named.")
    ] = "auto",
    continue_run: Annotated[
        bool,
        typer.Option("--continue", help="Go on from the run in --out although its images or settings were others."),
    ] = False,
    init_from: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Fine-tune from a generator.safetensors or a run's folder.")
    ] = None,
) -> None:
    """Train a generator on a folder of images; a run that was stopped goes on where it was."""
    with exit_on_error():
        from mapgan.commands.train import train
        from mapgan.commands.training_set import Given

        options = {"train": {"init_from": str(init_from)}} if init_from else {}
        given = Given(params, preset, settings or [], options)
        typer.echo(train(folder, out, given, resume, continue_run))


@app.command()
def sample(
    run: Annotated[Path, typer.Argument(help="A run's folder, or a generator's file.")],
    seeds: Annotated[str, typer.Option(help="Seeds to draw, such as 0-35 or 3,7.")] = "0-35",
    sheet: Annotated[str, typer.Option(help="Columns x rows of a sheet.")] = "6x6",
    out: Annotated[Path | None, typer.Option(help="Where the images go [default: beside the generator].")] = None,
    zoom: Annotated[int, typer.Option(min=1, max=16, help="Size of a pixel on the sheets.")] = 1,
    singles: Annotated[bool, typer.Option(help="Also write each image on its own.")] = True,
    label: Annotated[
        str, typer.Option(help="Labels to draw, such as cave or cave,town, if it has any [default: all in turn].")
    ] = "",
    size: Annotated[
        str, typer.Option(metavar="WxH", help="Pixels of each map, if the latent is spatial [default: as trained].")
    ] = "",
    seamless: Annotated[bool, typer.Option("--seamless", help="Seamless maps, if the latent is spatial.")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Draw maps: a sheet with the seed (and the label) under each, and each on its own."""
    with exit_on_error():
        from mapgan.commands.sample import sample

        options = {"seeds": seeds, "label": label, "size": size, "seamless": seamless}
        typer.echo(sample(run, out, device, options | {"sheet": sheet, "zoom": zoom, "singles": singles}))


@app.command()
def evaluate(
    run: Annotated[Path, typer.Argument(help="A run's folder, or a generator's file.")],
    maps: Annotated[Path | None, typer.Option(help="The training set [default: RUN/maps].")] = None,
    extractor: Annotated[
        str | None, typer.Option(metavar="inception|FILE.onnx", help="Whose features give FID, KID and the like.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where the numbers go [default: RUN/results/evaluate, or evaluate-best ...].")
    ] = None,
    settings: Settings = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Measure how near the generated maps come to held-out ones, how they differ, and whether they are copies."""
    with exit_on_error():
        from mapgan.commands.evaluate import evaluate

        typer.echo(evaluate(run, maps, extractor, out, settings or [], device))


@app.command()
def compare(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs, each evaluated before.")],
    out: Annotated[Path, typer.Option(help="The page.")] = Path("compare.html"),
) -> None:
    """Set runs side by side: numbers, sheets, and the settings that differ."""
    with exit_on_error():
        from mapgan.commands.compare import compare_runs

        typer.echo(compare_runs(runs, out))


@app.command()
def preset(
    name: Annotated[str | None, typer.Argument(help="The preset to show or write.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Merge it into params.yaml, whose comments stay.")] = False,
    params: Annotated[Path, typer.Option(help="The file to write to.")] = Path("params.yaml"),
) -> None:
    """List the presets, show one, or merge one into params.yaml (for DVC, which cannot see overlays)."""
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
    preset: Annotated[str | None, typer.Option(help="A preset; `mapgan preset` lists them.")] = None,
    params: Annotated[
        Path | None, typer.Option(help="A file of settings [default: params.yaml, if it is here].")
    ] = None,
    settings: Settings = None,
    size: Annotated[str | None, typer.Option(metavar="WxH", help="Pixels [default: those of resize].")] = None,
    memory: Annotated[float | None, typer.Option(metavar="GIB", help="Of a card, which need not be there.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Put the choice into the file of settings.")] = False,
) -> None:
    """Say what a training step needs of the memory, and which micro-batch and checkpointing fit it."""
    with exit_on_error():
        from mapgan.commands.plan import plan

        typer.echo(plan(params, preset, settings or [], size, memory, write))


@app.command()
def summary(
    preset: Annotated[str | None, typer.Option(help="A preset; `mapgan preset` lists them.")] = None,
    params: Annotated[
        Path | None, typer.Option(help="A file of settings [default: params.yaml, if it is here].")
    ] = None,
    settings: Settings = None,
) -> None:
    """Show both networks layer by layer: sizes, parameters, arithmetic, memory."""
    with exit_on_error():
        from mapgan.commands.summary import summary

        typer.echo(summary(params, preset, settings or []))


@app.command()
def doctor() -> None:
    """Say what this machine has, and what is wrong with it."""
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
