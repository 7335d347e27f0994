"""Parsers of seeds, sheets and sizes."""

from __future__ import annotations

import pytest

from mapgan.params.parsing import parse_seeds, parse_sheet, parse_size

SEEDS = [("7", [7]), ("0-3", [0, 1, 2, 3]), ("5,1-2,5", [5, 1, 2, 5]), (" 1 , 2 - 3 ", [1, 2, 3])]


@pytest.mark.parametrize(("text", "seeds"), SEEDS)
def test_seeds_are_numbers_and_ranges(text: str, seeds: list[int]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "1-", "-1", "3-1", "0-99999999", "1;2", "9" * 5000, "\u0663"])
def test_wrong_seeds_say_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="allowed: "):
        parse_seeds(text)


@pytest.mark.parametrize(("text", "sheet"), [("6x4", (6, 4)), ("100X1", (100, 1)), (" 2 x 3 ", (2, 3))])
def test_a_sheet_is_columns_and_rows(text: str, sheet: tuple[int, int]) -> None:
    assert parse_sheet(text) == sheet


@pytest.mark.parametrize("text", ["6", "x6", "0x3", "6x", "axb", "101x1"])
def test_a_wrong_sheet_says_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="allowed: "):
        parse_sheet(text)


def test_a_size_is_width_and_height() -> None:
    assert parse_size("3000x1800") == (3000, 1800)


@pytest.mark.parametrize("text", ["3000", "64x", "-5x64", "9999999x64"])
def test_a_wrong_size_says_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="allowed: "):
        parse_size(text)
