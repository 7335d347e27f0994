"""The commands that draw with a trained generator; as in `cli`, each imports what it needs when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mapgan.errors import exit_on_error
from mapgan.models import DEFAULT

app = typer.Typer()

Run = Annotated[Path, typer.Argument(help="Folder of a run, file of a generator, or name of one in `mapgan models`.")]
Out = Annotated[Path | None, typer.Option(help="Folder for what is written [default: beside the generator].")]
Size = Annotated[
    str,
    typer.Option(
        metavar="WxH", help="Size in pixels, with a spatial latent; empty: as trained [default: in squares, if known]."
    ),
]
Squares = Annotated[str, typer.Option(metavar="WxH", help="Size in squares of the battle grid, such as 30x20.")]
Seamless = Annotated[bool, typer.Option("--seamless", help="Seamless maps, with a spatial latent.")]
Label = Annotated[
    str, typer.Option(help="Labels, such as cave or cave,town, if there are any [default: all, alternating].")
]
Truncation = Annotated[float, typer.Option(help="Draw towards the mean latent: 1 not at all, 0 altogether.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]


@app.command()
def sample(
    run: Run = Path(DEFAULT),
    seeds: Annotated[str, typer.Option(help="Seeds, such as 0-35 or 3,7 or @picked.txt.")] = "0-5",
    sheet: Annotated[str, typer.Option(help="Columns x rows of a sheet.")] = "2x3",
    out: Out = None,
    zoom: Annotated[int, typer.Option(min=1, max=16, help="Enlargement of images on the sheets.")] = 1,
    singles: Annotated[bool, typer.Option(help="Also write each image to a file of its own.")] = True,
    label: Label = "",
    size: Size = "auto",
    squares: Squares = "",
    truncation: Truncation = 1.0,
    plan: Annotated[
        str,
        typer.Option(metavar="FILE", help="Paint a plan: an image (a pixel per square) or text (a letter)."),
    ] = "",
    legend: Annotated[
        str, typer.Option(metavar="FILE", help="The labels of its colours or letters [default: PLAN.legend].")
    ] = "",
    layout: Annotated[
        str, typer.Option(metavar="RUN", help="Run, file or model that draws the plan, if squares have labels.")
    ] = "",
    themes: Annotated[
        str, typer.Option(metavar="5x3|auto", help="Columns x rows of themes that blend into each other.")
    ] = "1x1",
    reroll: Annotated[
        str, typer.Option(metavar="COLUMN,ROW", help="Draw a square anew, and those around it; the rest stays.")
    ] = "",
    around: Annotated[int, typer.Option(min=0, help="How many squares around it.")] = 3,
    attempt: Annotated[int, typer.Option(min=0, help="Each attempt draws other squares.")] = 0,
    seamless: Seamless = False,
    like: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw this image again; all else but --out is its own.")
    ] = None,
    device: Device = "auto",
) -> None:
    """Generate maps: sheets with the seed (and label) under each map, and single images."""
    with exit_on_error():
        from mapgan.commands.sample import sample, sample_again

        options = {"seeds": seeds, "label": label, "size": size, "squares": squares, "seamless": seamless}
        options |= {"plan": plan, "legend": legend, "reroll": reroll, "around": around, "attempt": attempt}
        options |= {"sheet": sheet, "zoom": zoom, "singles": singles, "truncation": truncation, "layout": layout}
        options |= {"themes": themes}
        typer.echo(sample_again(run, like, out, device) if like else sample(run, out, device, options))


@app.command()
def walk(
    run: Run = Path(DEFAULT),
    kind: Annotated[
        str,
        typer.Option(
            help="loop, linear or spherical between seeds; dimension, all, direction (SeFa) or pca around a latent."
        ),
    ] = "loop",
    expr: Annotated[str, typer.Option(help="Arithmetic instead, such as '12 - 7 + 31' or 'mean(1,2,3) - 4'.")] = "",
    seeds: Annotated[str, typer.Option(help="Seeds, such as 0-3 or 3,7 or @picked.txt.")] = "0-3",
    numbers: Annotated[str, typer.Option(help="Numbers of dimensions or directions, such as 0-3.")] = "0-3",
    around: Annotated[str, typer.Option(help="Latent to vary them around, such as 7 [default: see params.yaml].")] = "",
    ends: Annotated[
        str, typer.Option("--range", metavar="FROM,TO", help="How far to go, such as --range=-3,3 [default: by kind].")
    ] = "",
    region: Annotated[str, typer.Option(metavar="C,R,C,R", help="Change these squares only: first and last.")] = "",
    steps: Annotated[int, typer.Option(help="Images in a row of the sheet.")] = 9,
    frames: Annotated[int, typer.Option(help="Frames of the film for each row.")] = 24,
    film: Annotated[bool, typer.Option(help="Also write a GIF, and with PyAV an MP4.")] = True,
    out: Out = None,
    zoom: Annotated[int, typer.Option(help="Enlargement; 0: of small images.")] = 0,
    label: Annotated[str, typer.Option(help="Label, if there are any [default: the first].")] = "",
    size: Size = "auto",
    squares: Squares = "",
    truncation: Truncation = 1.0,
    seamless: Seamless = False,
    device: Device = "auto",
) -> None:
    """Walk through the latent space: a sheet and a film."""
    with exit_on_error():
        from mapgan.commands.walk import walk

        options = {"kind": kind, "expr": expr, "seeds": seeds, "numbers": numbers, "around": around, "steps": steps}
        options |= {"frames": frames, "film": film, "zoom": zoom, "label": label, "size": size, "squares": squares}
        options |= {"region": region}
        typer.echo(walk(run, out, device, ends, options | {"truncation": truncation, "seamless": seamless}))


@app.command()
def pick(
    run: Run = Path(DEFAULT),
    seeds: Annotated[str, typer.Option(help="Seeds to choose from, such as 0-999.")] = "0-999",
    top: Annotated[int, typer.Option(help="How many to pick.")] = 24,
    by: Annotated[
        str, typer.Option(help="logit (of the discriminator), edges [default: logit if there is one].")
    ] = "auto",
    out: Out = None,
    label: Label = "",
    size: Size = "auto",
    squares: Squares = "",
    truncation: Truncation = 1.0,
    seamless: Seamless = False,
    device: Device = "auto",
) -> None:
    """Pick the best maps of many seeds, unlike each other: a sheet, and picked.txt for --seeds @picked.txt."""
    with exit_on_error():
        from mapgan.commands.pick import pick

        options = {"seeds": seeds, "top": top, "by": by, "label": label, "size": size, "squares": squares}
        typer.echo(pick(run, out, device, options | {"truncation": truncation, "seamless": seamless}))


@app.command()
def project(
    image: Annotated[Path, typer.Argument(help="A picture of a map.")],
    run: Run = Path(DEFAULT),
    steps: Annotated[int, typer.Option(help="Steps of gradient descent.")] = 300,
    out: Out = None,
    label: Annotated[str, typer.Option(help="Label, if there are any [default: the first].")] = "",
    size: Size = "auto",
    squares: Squares = "",
    device: Device = "auto",
) -> None:
    """Find the latent that draws a given map most nearly; walks take it as image("FILE.png") in expressions."""
    with exit_on_error():
        from mapgan.commands.project import project

        options = {"steps": steps, "label": label, "size": size, "squares": squares}
        typer.echo(project(image, run, out, device, options))


@app.command()
def export(
    images: Annotated[list[Path], typer.Argument(help="Maps, as PNG, WebP or JPEG; or with --seeds a run.")],
    to: Annotated[
        str, typer.Option(help="Formats: vtt, foundry, roll20, png, webp, jpeg, pdf (pages), poster.")
    ] = "vtt",
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("exports"),
    seeds: Annotated[
        str, typer.Option(help="Draw maps of these seeds first, with the run, generator or model that is named.")
    ] = "",
    squares: Squares = "",
    label: Label = "",
    truncation: Truncation = 1.0,
    plan: Annotated[
        str, typer.Option(metavar="FILE", help="Plan to paint (--seeds), or by which the maps were painted.")
    ] = "",
    legend: Annotated[str, typer.Option(metavar="FILE", help="Its labels [default: PLAN.legend].")] = "",
    rock: Annotated[str, typer.Option(help="Labels that block sight, where a plan is known.")] = "rock,wall",
    device: Device = "auto",
    pixels_per_square: Annotated[
        float,
        typer.Option(help="Of the battle grid of the images [default: that of --run, or found].", show_default=False),
    ] = 0.0,
    run: Annotated[
        Path | None, typer.Option(help="Run, generator or model that drew them, which knows the pixels per square.")
    ] = None,
    resolution: Annotated[
        int,
        typer.Option(help="Pixels per square to write [default: 70 for roll20, 100 elsewhere].", show_default=False),
    ] = 0,
    walls: Annotated[bool, typer.Option(help="Trace walls and doors, for vtt and foundry.")] = True,
    ground: Annotated[str, typer.Option(help="Which colours are ground: auto, light or dark.")] = "auto",
    snap: Annotated[float, typer.Option(help="Squares within which walls are moved onto grid lines.")] = 0.2,
    doors: Annotated[str, typer.Option(help="gaps of one square in walls, drawn (across corridors) or none.")] = "gaps",
    grid: Annotated[str, typer.Option(help="none, square, hex-flat or hex-pointy; beside the image.")] = "none",
    grid_color: Annotated[str, typer.Option(help="Colour of the grid.")] = "#000000",
    grid_opacity: Annotated[float, typer.Option(help="Opacity of the grid, 0 to 1.")] = 0.4,
    grid_offset: Annotated[str, typer.Option(metavar="X,Y", help="Where it starts, squares.")] = "0,0",
    burn_grid: Annotated[bool, typer.Option("--burn-grid", help="Draw the grid into the images.")] = False,
    paper: Annotated[str, typer.Option(help="A4, A3 or Letter.")] = "A4",
    square: Annotated[str, typer.Option(help="Side of a printed square: 1in or 25mm.")] = "1in",
    overlap: Annotated[float, typer.Option(help="Millimetres that neighbouring pages share.")] = 10.0,
    dpi: Annotated[int, typer.Option(help="Dots per inch of the images in pdf and poster.")] = 150,
) -> None:
    """Export maps for the table: virtual tabletops with walls and doors, prints true to scale, images with a grid."""
    with exit_on_error():
        from mapgan.commands.export import export

        options = {"to": to, "pixels_per_square": pixels_per_square, "resolution": resolution, "walls": walls}
        options |= {"ground": ground, "snap": snap, "doors": doors, "grid": grid, "grid_color": grid_color}
        options |= {"grid_opacity": grid_opacity, "grid_offset": grid_offset, "burn_grid": burn_grid}
        options |= {"paper": paper, "square": square, "overlap": overlap, "dpi": dpi, "rock": rock}
        sample = {"seeds": seeds, "squares": squares, "label": label, "truncation": truncation}
        typer.echo(export(images, run, out, options, sample | {"plan": plan, "legend": legend}, device))


@app.command()
def explore(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(help="Runs, generators or models to choose from; those that come with mapgan are there, too."),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to serve the page on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port, or the next one that is free.")] = 7860,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
    favourites: Annotated[
        str, typer.Option(metavar="FILE", help="File that keeps the favourites.")
    ] = "favourites.json",
    memory: Annotated[
        float, typer.Option(metavar="GIB", help="Memory of this computer, of which maps may take half [default: all].")
    ] = 0.0,
    device: Device = "auto",
) -> None:
    """Open a page to draw, paint, re-roll and walk; it is served on this computer, for this computer."""
    with exit_on_error():
        from mapgan.commands.explore import explore

        options = {"host": host, "port": port, "browser": browser, "favourites": favourites}
        explore(runs or [], {"device": device, "memory_gib": memory}, options)
