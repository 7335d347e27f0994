"""Settings of `mapgan export`."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from mapgan.params.section import Fraction, Section

FORMATS = ("vtt", "foundry", "roll20", "png", "webp", "jpeg", "pdf", "poster")


def parse_formats(text: str) -> list[str]:
    """`vtt,pdf` as a list, in order and without repeats.

    Raises:
        ValueError: a format is not known, or there is none.
    """
    formats = list(dict.fromkeys(part.strip() for part in text.split(",")))
    if not set(formats) <= set(FORMATS):
        raise ValueError(f"not a list of formats; allowed: {', '.join(FORMATS)}, separated by commas")
    return formats


def parse_offset(text: str) -> tuple[float, float]:
    """`0.5,-0.25` as (0.5, -0.25), squares.

    Raises:
        ValueError: the text is not of that form.
    """
    number = r"\s*([+-]?\d{1,3}(?:\.\d{1,6})?)\s*"
    match = re.fullmatch(f"{number},{number}", text, re.ASCII)
    if not match:
        raise ValueError("not an offset; allowed: squares to the right and down, such as 0.5,0")
    return float(match[1]), float(match[2])


def parse_color(text: str) -> tuple[int, int, int]:
    """`#ff8000` as (255, 128, 0).

    Raises:
        ValueError: the text is not of that form.
    """
    if not re.fullmatch("#[0-9a-fA-F]{6}", text, re.ASCII):
        raise ValueError("not a colour; allowed: red, green and blue in hexadecimal, such as #ff8000")
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue


def _is_formats(text: str) -> str:
    parse_formats(text)
    return text


def _is_offset(text: str) -> str:
    parse_offset(text)
    return text


def _is_color(text: str) -> str:
    parse_color(text)
    return text


class Export(Section):
    """Maps for virtual tabletops and for print."""

    to: Annotated[str, AfterValidator(_is_formats)] = "vtt"
    """formats, separated by commas: vtt (Universal VTT), foundry, roll20, png, webp, jpeg, pdf (pages), poster"""

    pixels_per_square: Annotated[float, Field(ge=0, le=2000)] = 0.0
    """of the battle grid of the image, which starts at its top left corner (0: that of the generator, or found)"""

    resolution: Annotated[int, Field(ge=0, le=600)] = 0
    """pixels per square of what is written (0: 70 for roll20, 100 elsewhere)"""

    walls: bool = True
    """trace walls and doors, for vtt and foundry"""

    ground: Literal["auto", "light", "dark"] = "auto"
    """which colours are ground and not rock (auto: the lighter ones, unless they have most of the map's border)"""

    rock: str = "rock,wall"
    """labels that block sight, separated by commas: walls of a map that was painted by a plan are around them"""

    snap: Annotated[float, Field(ge=0, le=0.5)] = 0.2
    """squares within which walls along the grid are moved onto its lines (0: never)"""

    doors: Literal["gaps", "drawn", "none"] = "gaps"
    """doors in all gaps of one square in a wall, or only where one is drawn across a corridor"""

    grid: Literal["none", "square", "hex-flat", "hex-pointy"] = "none"
    """grid of pdf and poster, and an overlay beside images; a hexagon is a square wide from side to side"""

    grid_color: Annotated[str, AfterValidator(_is_color)] = "#000000"
    """colour of the grid"""

    grid_opacity: Fraction = 0.4
    """opacity of the grid, 0 to 1"""

    grid_offset: Annotated[str, AfterValidator(_is_offset)] = "0,0"
    """where the grid starts, squares to the right and down from the map's top left corner (but not in foundry)"""

    burn_grid: bool = False
    """draw the grid into images, instead of a file of its own"""

    paper: Literal["A4", "A3", "Letter"] = "A4"
    """paper of the pdf's pages; upright or not, whichever takes fewer pages"""

    square: Literal["1in", "25mm"] = "1in"
    """side of a square in print, and in the dots per inch that images state"""

    overlap: Annotated[float, Field(ge=0, le=50)] = 10.0
    """millimetres that neighbouring pages of the pdf share"""

    dpi: Annotated[int, Field(ge=50, le=600)] = 150
    """dots per inch of the images in pdf and poster"""
