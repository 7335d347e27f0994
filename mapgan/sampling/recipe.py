"""What made an image: enough to draw it again. It travels in the text chunks of every PNG that is written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from PIL import Image
from PIL.PngImagePlugin import MAX_TEXT_CHUNK, PngImageFile, PngInfo
from pydantic import AfterValidator, Field, ValidationError

from mapgan import __version__, files
from mapgan.errors import MapganError
from mapgan.params.drawing import MAX_SIZE, MAX_SQUARES, MIN_SIZE, is_themes
from mapgan.params.section import Fraction, Section
from mapgan.sampling.labels import ANY, captions

KEY = "mapgan"  # of the text chunk; its text is JSON
COMPRESSED = 2000  # characters above which it is compressed, up to what Pillow decompresses

MapSide = Annotated[int, Field(ge=MIN_SIZE, le=MAX_SIZE)]
Row = Annotated[list[Annotated[int, Field(ge=-1)]], Field(min_length=1, max_length=MAX_SQUARES)]


class Cell(Section):
    """An image of a sheet, or an empty place."""

    latent: str = ""
    """expression; empty for an empty place"""

    noise: str = ""
    """expression of the latent that the noise inputs are taken from; empty: the same"""

    label: str = ""
    caption: str = ""
    plan: list[Row] = []
    """number of each square's label, where each image has a plan of its own; -1 for any"""


EMPTY = Cell()


def cells_of_seeds(seeds: Sequence[int], labels: Sequence[int] | None, known: Sequence[str]) -> list[Cell]:
    """A cell for each seed, with the name of its label, if it has one, and a caption."""
    names = ["" if label == ANY else known[label] for label in labels or [ANY] * len(seeds)]
    return [
        Cell(latent=str(seed), label=name, caption=caption)
        for seed, name, caption in zip(seeds, names, captions(seeds, labels, known), strict=True)
    ]


class Plan(Section):
    """A painted plan: the number of each square's label, and the side of a square in pixels."""

    rows: Annotated[list[Row], Field(min_length=1, max_length=MAX_SQUARES)]
    square: Annotated[float, Field(gt=0, le=MAX_SIZE)]


class Recipe(Section):
    """A sheet, or a single image if it has no columns."""

    format: Literal[1] = 1
    version: str = __version__
    generator: str
    """SHA-256 of its file"""

    width: MapSide
    """of each image, pixels"""

    height: MapSide
    seamless: bool = False
    truncation: Fraction = 1.0
    themes: Annotated[str, AfterValidator(is_themes)] = "1x1"
    reroll: str = ""
    around: Annotated[int, Field(ge=0, le=1000)] = 3
    attempt: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """as in the section `sample`"""

    plan: Plan | None = None
    """of all images"""

    label_names: list[str] = []
    """of the generator, where a plan has their numbers"""

    latents: dict[str, str] = {}
    """those of `given("name")` in expressions: float32, little-endian, in base64"""

    cells: Annotated[list[Cell], Field(min_length=1, max_length=10_000)]
    """row by row"""

    columns: Annotated[int, Field(ge=0, le=1000)] = 0
    zoom: Annotated[int, Field(ge=1, le=16)] = 1

    def single(self, cell: Cell) -> Recipe:
        """The recipe of one cell, alone."""
        return self.model_copy(update={"cells": [cell], "columns": 0, "zoom": 1})


def save_drawn(path: Path, image: Image.Image, recipe: Recipe) -> None:
    """Write `image` as PNG with its recipe, atomically."""
    cells = [cell.model_dump(exclude_defaults=True) for cell in recipe.cells]
    text = files.canonical_json(recipe.model_dump() | {"cells": cells})
    info = PngInfo()
    info.add_text("Software", f"mapgan {recipe.version}")
    info.add_text(KEY, text, zip=COMPRESSED < len(text) < MAX_TEXT_CHUNK)
    with files.atomic_write(path) as temporary:
        image.save(temporary, "PNG", pnginfo=info)


def find_recipe(path: Path) -> Recipe | None:
    """The recipe in the file at `path`, or None if it has none that can be read."""
    try:
        return read_recipe(path)
    except MapganError:
        return None


def read_recipe(path: Path) -> Recipe:
    """The recipe in the PNG at `path`.

    Raises:
        MapganError: there is no such file, it is not a PNG, or has no recipe that can be read.
    """
    try:
        # not Image.open: our own sheets may exceed Pillow's limit for decompression bombs; nothing is decoded here
        with path.open("rb") as stream, PngImageFile(stream) as image:
            text = image.info.get(KEY)
    except FileNotFoundError:
        raise MapganError(f"{path}: no such file") from None
    except (OSError, SyntaxError, ValueError, EOFError):
        raise MapganError(f"{path}: not a PNG, or damaged") from None
    if not isinstance(text, str):
        raise MapganError(f"{path}: does not say what drew it", "name a PNG that mapgan sample, walk or pick wrote")
    try:
        return Recipe.model_validate_json(text)
    except (ValidationError, RecursionError):
        raise MapganError(f"{path}: its recipe is of another version of mapgan, or damaged") from None
