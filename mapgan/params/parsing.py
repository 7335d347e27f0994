"""Parsers for settings with a syntax of their own: `0-35,40`, `6x6` and `3000x1800`."""

from __future__ import annotations

import re

MAX_SEEDS = 100_000
MAX_SEED = 2**53  # integers up to this are exact in every JSON and YAML reader
MAX_COLUMNS = 100


def parse_seeds(text: str) -> list[int]:
    """`0-3,7` as `[0, 1, 2, 3, 7]`.

    Raises:
        ValueError: the text is not a list of numbers and ranges, or has too many seeds.
    """
    seeds: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,16})\s*(?:-\s*(\d{1,16})\s*)?", part, re.ASCII)
        if not match:
            raise ValueError("not a list of seeds; allowed: numbers and ranges, such as 0-35 or 3,7,100-120")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first or last > MAX_SEED:
            raise ValueError(f"not a list of seeds; allowed: ascending ranges, up to {MAX_SEED} at most")
        if len(seeds) + last - first >= MAX_SEEDS:
            raise ValueError(f"too long a list of seeds; allowed: {MAX_SEEDS} at most")
        seeds.extend(range(first, last + 1))
    return seeds


def parse_sheet(text: str) -> tuple[int, int]:
    """`6x4` as (6 columns, 4 rows).

    Raises:
        ValueError: the text is not of that form, or the sheet is too large.
    """
    return _columns_and_rows(text, "a sheet", "6x6")


def parse_themes(text: str) -> tuple[int, int]:
    """`5x3` as (5 columns, 3 rows).

    Raises:
        ValueError: the text is not of that form, or there are too many.
    """
    return _columns_and_rows(text, "themes", "5x3, or auto")


def parse_square(text: str) -> tuple[int, int]:
    """`5,7` as (5, 7), column and row of a square.

    Raises:
        ValueError: the text is not of that form.
    """
    square = _pair(text, ",", 4)
    if square is None:
        raise ValueError("not a square; allowed: column,row, counted from 0 at the top left, such as 5,7")
    return square


def parse_region(text: str) -> tuple[int, int, int, int]:
    """`2,1,6,5` as (2, 1, 6, 5): column and row of the first square of a rectangle, and of the last.

    Raises:
        ValueError: the text is not of that form, or the last square lies before the first.
    """
    numbers = [int(part) for part in text.split(",") if re.fullmatch(r"\s*\d{1,4}\s*", part, re.ASCII)]
    if len(numbers) != 4 or text.count(",") != 3 or numbers[2] < numbers[0] or numbers[3] < numbers[1]:
        raise ValueError("not a region; allowed: column,row,column,row of its first and last square, such as 2,1,6,5")
    left, top, right, bottom = numbers
    return left, top, right, bottom


def parse_size(text: str) -> tuple[int, int]:
    """`3000x1800` as (3000, 1800), width and height in pixels.

    Raises:
        ValueError: the text is not of that form.
    """
    size = _pair(text, "[xX]", 6)
    if size is None:
        raise ValueError("not a size; allowed: width x height in pixels, such as 3000x1800")
    return size


def _columns_and_rows(text: str, what: str, example: str) -> tuple[int, int]:
    columns, rows = _pair(text, "[xX]", 3) or (0, 0)
    if not (1 <= columns <= MAX_COLUMNS and 1 <= rows <= MAX_COLUMNS):
        raise ValueError(f"not {what}; allowed: columns x rows up to {MAX_COLUMNS}x{MAX_COLUMNS}, such as {example}")
    return columns, rows


def _pair(text: str, separator: str, digits: int) -> tuple[int, int] | None:
    """Two numbers of at most `digits` digits around a separator, which is a regular expression; None without them."""
    number = rf"\s*(\d{{1,{digits}}})\s*"
    match = re.fullmatch(number + separator + number, text, re.ASCII)
    return (int(match[1]), int(match[2])) if match else None
