"""Errors for people: one line that says what, where and what to do; exit code 2; no traceback."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator


class MapganError(Exception):
    """Something a person can put right: its text is the one line they see.

    Args:
        what: what is wrong, naming the file or the setting.
        remedy: what to do about it.
    """

    exit_code = 2

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what}; {remedy}" if remedy else what)


class SettingsError(MapganError):
    """A key of the settings is unknown, or its value is not allowed."""


class Interrupted(MapganError):
    """The run was asked to stop. It must not end with 0, or DVC would take its half result for whole."""

    exit_code = 130


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Turn a `MapganError` into its one line on stderr and its exit code."""
    try:
        yield
    except MapganError as error:
        line = " ".join(str(error).split())
        print(f"mapgan: {line}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
