"""The size of the maps to generate, from squares of the battle grid or from pixels."""

from __future__ import annotations

from mapgan.errors import MapganError
from mapgan.networks.generator_file import About
from mapgan.params import Pick, Project, Sample, Walk
from mapgan.params.drawing import MAX_SIZE, MIN_SIZE
from mapgan.params.parsing import parse_size

SQUARES = (24, 16)  # of a map for the table
FEW_SQUARES = (12, 8)  # of a map on a walk, or to project, where time counts
WINDOWS = (3, 2)  # training images that a map is as large as, where the squares are not known


def map_size(settings: Sample | Walk | Pick | Project, about: About, spatial: bool) -> tuple[int, int]:
    """Width and height in pixels.

    Args:
        settings: `size` and `squares`.
        about: the generator.
        spatial: whether it can generate any size.

    Raises:
        MapganError: squares are asked for, and their size is not known; or the map would be too large or too small.
    """
    square = about.pixels_per_square
    if settings.squares:
        if not square:
            raise MapganError(
                "--squares: the size of a square is not known, as the training set showed no common grid",
                "say --size in pixels",
            )
        return in_pixels(parse_size(settings.squares), square)
    if settings.size not in ("", "auto"):
        return parse_size(settings.size)
    if settings.size == "" or not spatial:
        return about.width, about.height
    if isinstance(settings, Walk | Project):
        return in_pixels(FEW_SQUARES, square) if square else (about.width, about.height)
    if square:
        return in_pixels(SQUARES, square)
    return WINDOWS[0] * about.width, WINDOWS[1] * about.height


def in_pixels(squares: tuple[int, int], square: float, where: str = "--squares") -> tuple[int, int]:
    """Width and height, in pixels, of a map of so many squares.

    Raises:
        MapganError: it would be too large or too small.
    """
    width, height = (round(side * square) for side in squares)
    if not MIN_SIZE <= min(width, height) <= max(width, height) <= MAX_SIZE:
        raise MapganError(
            f"{where}: {squares[0]} x {squares[1]} squares are {width} x {height} pixels",
            f"{MIN_SIZE} to {MAX_SIZE} each way can be generated",
        )
    return width, height
