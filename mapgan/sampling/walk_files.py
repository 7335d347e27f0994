"""A walk as a sheet and a film."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from PIL import Image
from torch import nn

from mapgan.errors import MapganError
from mapgan.networks.modern import Generator
from mapgan.networks.unconditional import unconditional
from mapgan.params import Walk
from mapgan.params.parsing import parse_seeds
from mapgan.progress import Bar
from mapgan.sampling.expression import terms
from mapgan.sampling.film import SIDE, Frame, fitted, in_256_colours, write_gif, write_mp4
from mapgan.sampling.generate import Pixels
from mapgan.sampling.given import with_images
from mapgan.sampling.labels import parse_labels
from mapgan.sampling.layout import Layout, open_layout
from mapgan.sampling.map_size import map_size
from mapgan.sampling.recipe import Cell, Plan, Recipe, save_drawn
from mapgan.sampling.region import within_region
from mapgan.sampling.render import Renderer, TrainedGenerator, open_generator
from mapgan.sampling.sheet import PAPER, check_page, readable_zoom, sheet
from mapgan.sampling.walks import Rows, arithmetic_rows, walk_rows

BETWEEN_SEEDS = ("linear", "spherical", "loop")
OF_ITS_OWN = ("axis", "sefa", "pca", "patch")  # what means something else to the generator of plans
MAX_FILM = 120_000_000  # pixels of all frames together, which are in memory at once, 4 bytes each
ONLY_THE_SIGN = (
    "this generator scales its latents to one length, so that around 0 only the sign of a dimension counts; "
    "--around 7 varies it beside those of seed 7"
)
FAR = "if little changes, go farther, such as --range=-10,10, or vary a latent, such as --around 7 --range=-3,3"


def write_walk(settings: Walk, generator: Path, results: Path, device: str = "cpu") -> tuple[list[Path], str]:
    """Draw a walk: its sheet and its film go to `results`, called after the kind of walk.

    Returns:
        The files, and a remark on what they show, or "".

    Raises:
        MapganError: a setting does not suit the generator; nothing is written then.
    """
    trained = open_generator(generator, device)
    (recipe, layout), name = _template(settings, trained), "arithmetic" if settings.expr else settings.kind
    (expr, operands), (around, origin) = (with_images(text, recipe) for text in (settings.expr, settings.around))
    settings = settings.model_copy(update={"expr": expr, "around": around})
    recipe = recipe.model_copy(update={"latents": operands | origin})
    if recipe.latents:  # of maps that were projected, which no plan was drawn for
        layout = None
    if layout and not _plan_moves(settings):  # one plan for all, or nothing else would be seen to change
        plan = Plan(rows=layout.plan(_planned(settings)), square=trained.about.label_square)
        recipe, layout = recipe.model_copy(update={"plan": plan}), None
    renderer = Renderer(trained, recipe)
    label = recipe.cells[0].label
    rows = _rows(settings, renderer, label, settings.steps, layout)
    recipe = recipe.model_copy(update={"cells": list(chain(*rows)), "columns": len(rows[0])})
    check_page((recipe.width, recipe.height), len(recipe.cells), recipe.columns, recipe.zoom)
    moments = [] if settings.expr or not settings.film else _moments(settings, renderer, label, layout)
    if moments:
        _check_film(recipe, moments, settings)
    with Bar("walk", total=len(recipe.cells) + sum(map(len, moments))) as bar:
        page = _sheet(renderer, recipe, bar)
        frames = [_frame(renderer, recipe, moment, bar) for moment in moments]
    written = [results / f"{name}.png"]
    save_drawn(written[0], page, recipe)
    if settings.expr:
        written.append(results / "result.png")
        last = rows[-1][-1]
        save_drawn(written[1], Image.fromarray(renderer.image(last)), recipe.single(last))
    if frames:
        written += _write_film(results / name, frames if settings.kind == "loop" else _and_back(frames), settings)
    return written, _remark(settings, trained.network)


def _remark(settings: Walk, network: nn.Module) -> str:
    """What to know about a dimension that is varied around 0."""
    if settings.expr or settings.kind != "dimension" or settings.around:
        return ""
    if isinstance(unconditional(network), Generator):
        return ONLY_THE_SIGN
    return FAR if max(map(abs, settings.dimension_range)) <= 1 else ""


def _plan_moves(settings: Walk) -> bool:
    """Whether plans follow a walk: from seed to seed, but not where it is about one map."""
    if settings.region:
        return False
    return not any(name in settings.expr for name in OF_ITS_OWN) if settings.expr else settings.kind in BETWEEN_SEEDS


def _planned(settings: Walk) -> str:
    """The latent whose plan all images share: the first of a sum, or what is varied; else that of the first seed."""
    start = terms(settings.expr)[0].text if settings.expr else settings.around
    is_known = start and not any(name in start for name in OF_ITS_OWN)
    return start if is_known else str(parse_seeds(settings.seeds)[0])


def _template(settings: Walk, trained: TrainedGenerator) -> tuple[Recipe, Layout | None]:
    """The recipe, with the label in a cell that stands for all, and what draws plans."""
    known = trained.about.labels
    requested = parse_labels(settings.label, known, str(trained.path)) or ([] if trained.about.label_square else known)
    width, height = map_size(settings, trained.about, trained.spatial)
    recipe = Recipe(
        generator=trained.digest,
        width=width,
        height=height,
        seamless=settings.seamless,
        truncation=settings.truncation,
        cells=[Cell(label=requested[0] if requested else "")],
        zoom=settings.zoom or readable_zoom(width),
    )
    layout = open_layout("", trained, recipe, requested)
    return recipe.model_copy(update={"label_names": trained.about.labels if layout else []}), layout


def _rows(settings: Walk, renderer: Renderer, label: str, steps: int, layout: Layout | None) -> Rows:
    """The rows of the sheet, or with another number of steps those of the film; `layout` draws plans."""
    if settings.expr and settings.region:
        raise MapganError("--region: not with --expr", "use patch(7, 12, 0, 2, 0, 2), in rows and columns of sites")
    rows = arithmetic_rows(settings.expr) if settings.expr else walk_rows(settings, renderer.latents.shape, steps)
    if settings.region:
        rows = within_region(settings, renderer, rows)
    rows = [[cell.model_copy(update={"label": label}) if cell.latent else cell for cell in row] for row in rows]
    return [layout.with_plans(row) for row in rows] if layout else rows


def _moments(settings: Walk, renderer: Renderer, label: str, layout: Layout | None) -> Rows:
    """What each frame shows: the next image of a loop, or of each row of another walk."""
    rows = _rows(settings, renderer, label, settings.frames, layout)
    return (
        [[cell] for cell in chain(*rows)] if settings.kind == "loop" else [list(row) for row in zip(*rows, strict=True)]
    )


def _columns(recipe: Recipe, count: int) -> int:
    """The number of columns with which `count` images make the frame that is most nearly square."""

    def longer_side(columns: int) -> int:
        return max(columns * recipe.width, -(-count // columns) * recipe.height)

    return min(range(1, count + 1), key=longer_side)


def _check_film(recipe: Recipe, moments: Rows, settings: Walk) -> None:
    count = len(moments[0])
    width, height = check_page((recipe.width, recipe.height), count, _columns(recipe, count), recipe.zoom)
    shrunk = min(1.0, SIDE / width, SIDE / height)
    if len(moments) * width * height * shrunk**2 > MAX_FILM:
        raise MapganError(
            f"a film of {len(moments)} frames of {int(width * shrunk)} x {int(height * shrunk)} pixels is too long",
            f"lower --frames, which is {settings.frames}, or name fewer --seeds",
        )


def _sheet(renderer: Renderer, recipe: Recipe, bar: Bar) -> Image.Image:
    captions = [cell.caption for cell in recipe.cells]
    return sheet(_drawn(renderer, recipe.cells, bar), captions, recipe.columns, recipe.zoom)


def _frame(renderer: Renderer, recipe: Recipe, moment: list[Cell], bar: Bar) -> Frame:
    page = _sheet(renderer, recipe.model_copy(update={"cells": moment, "columns": _columns(recipe, len(moment))}), bar)
    page = fitted(page, (SIDE, SIDE))
    even = Image.new("RGB", (page.width + page.width % 2, page.height + page.height % 2), PAPER)
    even.paste(page)
    return Frame(even, in_256_colours(even))


def _drawn(renderer: Renderer, cells: list[Cell], bar: Bar) -> Iterator[Pixels | None]:
    for image in renderer.images(cells):
        yield image
        bar.advance()


def _and_back(frames: list[Frame]) -> list[Frame]:
    return [*frames, *frames[-2:0:-1]]


def _write_film(path: Path, frames: list[Frame], settings: Walk) -> list[Path]:
    frame_ms = settings.frame_ms // 10 * 10  # GIF has a resolution of 10 ms
    gif = write_gif(path.with_suffix(".gif"), frames, frame_ms, frame_ms)
    mp4 = write_mp4(path.with_suffix(".mp4"), frames, frame_ms, frame_ms)
    return [gif, mp4] if mp4 else [gif]
