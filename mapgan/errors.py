"""Errors for people: one line that says what, where and what to do; exit code 2; no traceback."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn


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
def exit_on_error() -> Iterator[None]:
    """Turn what a person can put right into one line on stderr and an exit code; other errors are ours to mend."""
    try:
        yield
    except MapganError as error:
        _say_and_leave(str(error), error.exit_code)
    except KeyboardInterrupt:
        _say_and_leave("stopped", Interrupted.exit_code)
    except OSError as error:
        _say_and_leave(f"{error.filename or 'a file'}: {error.strerror or error}{_room(error)}", MapganError.exit_code)
    except RuntimeError as error:
        if type(error).__name__ == "OutOfMemoryError":  # torch's, named so that torch need not be loaded here
            _say_and_leave("the GPU's memory is full; lower machine.micro_batch", MapganError.exit_code)
        if not is_lost_peer(error):
            raise
        _say_and_leave("another process of this run has ended; its own line says why", MapganError.exit_code)


def _room(error: OSError) -> str:
    """Where a disk is full: how much is free on it, and what to do."""
    if error.errno != errno.ENOSPC or not error.filename:
        return ""
    folder = Path(os.fsdecode(error.filename)).absolute().parent
    free = shutil.disk_usage(folder).free / 2**20 if folder.is_dir() else 0.0
    return f" ({free:.0f} MiB free in {folder}); make room and run again"


def is_lost_peer(error: RuntimeError) -> bool:
    """Whether `error` says that another of several processes is gone (NCCL's and gloo's words for it)."""
    signs = ("closed by peer", "Connection reset", "Broken pipe", "NCCL", "Timed out waiting", "Socket closed")
    return os.environ.get("WORLD_SIZE", "1") != "1" and any(sign in str(error) for sign in signs)


def _say_and_leave(line: str, exit_code: int) -> NoReturn:
    print(f"mapgan: {' '.join(line.split())}", file=sys.stderr)
    raise SystemExit(exit_code) from None
