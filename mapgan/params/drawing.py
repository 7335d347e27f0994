"""Settings of sampling."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from mapgan.params.parsing import parse_seeds, parse_sheet, parse_size, parse_square, parse_themes
from mapgan.params.section import Fraction, Section

MIN_SIZE, MAX_SIZE = 16, 16384  # of a generated image, pixels
MAX_SQUARES = 1000


def as_text(label: object) -> object:
    """An integer label, such as `7`, which YAML reads as a number, as text."""
    return str(label) if type(label) is int else label


def is_seeds(text: str) -> str:
    """Return `text` if it names seeds."""
    parse_seeds(text)
    return text


def is_sheet(text: str) -> str:
    """Return `text` if it is the size of a sheet."""
    parse_sheet(text)
    return text


def is_size(text: str) -> str:
    """Return `text` if it is a size that can be generated, empty, or auto."""
    if text not in ("", "auto") and not all(MIN_SIZE <= side <= MAX_SIZE for side in parse_size(text)):
        raise ValueError(f"not a size that can be generated; allowed: {MIN_SIZE} to {MAX_SIZE} pixels each way")
    return text


def is_squares(text: str) -> str:
    """Return `text` if it is a size in squares, or empty."""
    if text and not all(1 <= side <= MAX_SQUARES for side in parse_size(text)):
        raise ValueError(f"not a map that can be generated; allowed: 1 to {MAX_SQUARES} squares each way")
    return text


def is_themes(text: str) -> str:
    """Return `text` if it is a number of themes, or auto."""
    if text != "auto":
        parse_themes(text)
    return text


def is_square(text: str) -> str:
    """Return `text` if it names a square, or is empty."""
    if text:
        parse_square(text)
    return text


class Sample(Section):
    """Sample sheets."""

    seeds: Annotated[str, AfterValidator(is_seeds)] = "0-5"
    """seeds: numbers and ranges, separated by commas"""

    sheet: Annotated[str, AfterValidator(is_sheet)] = "2x3"
    """columns x rows of a sheet"""

    zoom: Annotated[int, Field(ge=1, le=16)] = 6
    """enlargement of images on the sheets"""

    singles: bool = True
    """also write each image to a file of its own"""

    label: Annotated[str, BeforeValidator(as_text)] = ""
    """label, if the generator was trained with labels (dataset.condition); several, separated by commas, alternate from
    seed to seed (empty: all of them)"""

    size: Annotated[str, AfterValidator(is_size)] = "auto"
    """size in pixels, such as 3000x1800, if the generator has a spatial latent (auto: a map of 24 x 16 squares, or of
    3 x 2 training images where the squares are not known; as trained for other generators; empty: always as trained)"""

    squares: Annotated[str, AfterValidator(is_squares)] = ""
    """size in squares of the battle grid, such as 30x20, instead of pixels; the training set must have a grid"""

    plan: str = ""
    """plan to paint, if the generator has a spatial latent and was trained with labels: an image with a pixel for each
    square, or a .txt file with a letter for each (empty: none)"""

    legend: str = ""
    """text file with a line for each colour or letter of the plan, such as `#3060c0 water` or `~ water` (empty: beside
    the plan, with the suffix .legend)"""

    layout: str = ""
    """generator that draws the plan where none is given, if this one was trained with a label for each square: one of
    the same maps with fewer pixels per square, which sees more squares at a time (empty: the file beside it with
    `-layout` in its name, if there is one)"""

    themes: Annotated[str, AfterValidator(is_themes)] = "1x1"
    """columns x rows of themes that blend into each other, if the generator has themes: 5x3 for seas, woods and deserts
    in one map, 1x1 for one theme everywhere (auto: each as wide and high as two training images)"""

    reroll: Annotated[str, AfterValidator(is_square)] = ""
    """square to draw anew, column,row, counted from 0 at the top left; the rest of the map stays (empty: none)"""

    around: Annotated[int, Field(ge=0, le=1000)] = 3
    """how many squares on each side of it are drawn anew, too"""

    attempt: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """number of the attempt: each draws other squares"""

    seamless: bool = False
    """seamless images, which can be tiled, if the generator has a spatial latent"""

    truncation: Fraction = 1.0
    """fraction of the way from the mean latent to each latent: less variety, fewer bad images (1: no truncation)"""
