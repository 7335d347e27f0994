"""Errors for users: one line that says what is wrong, where, and what to do; exit code 2; no traceback."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from typing import NoReturn

CLOSED_PIPE = 141  # exit code of what SIGPIPE ends


class MapganError(Exception):
    """An error that the user can fix; its text is the line that they see.

    Args:
        what: what is wrong, with the file or the setting.
        remedy: what to do.
    """

    exit_code = 2

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what}; {remedy}" if remedy else what)


class SettingsError(MapganError):
    """A setting does not exist, or its value is not allowed."""


class Interrupted(MapganError):
    """The process was asked to stop. Its exit code is not 0, or DVC would take a partial result for a complete one."""

    exit_code = 130


@contextlib.contextmanager
def exit_on_error() -> Iterator[None]:
    """Print errors that the user can fix as one line on stderr and exit; all others are bugs, and get a traceback."""
    try:
        yield
    except MapganError as error:
        _exit(str(error), error.exit_code)
    except KeyboardInterrupt:
        _exit("stopped", Interrupted.exit_code)
    except BrokenPipeError:  # of `mapgan preset | head -1`: the reader has seen enough
        with contextlib.suppress(OSError, ValueError):  # else Python complains when it flushes at its end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(CLOSED_PIPE) from None
    except OSError as error:
        remedy = "; make room and run again" if error.errno == errno.ENOSPC else ""
        _exit(f"{error.filename or 'a file'}: {error.strerror or error}{remedy}", MapganError.exit_code)
    except RuntimeError as error:
        if type(error).__name__ == "OutOfMemoryError":  # of torch, which is not imported here
            _exit("the GPU's memory is full; lower machine.micro_batch", MapganError.exit_code)
        if not is_lost_peer(error):
            raise
        _exit("another process of this run has ended; its own message says why", MapganError.exit_code)


def is_lost_peer(error: RuntimeError) -> bool:
    """Whether `error` means that another process of the run has ended, by the messages of NCCL and gloo."""
    messages = ("closed by peer", "Connection reset", "Broken pipe", "NCCL", "Timed out waiting", "Socket closed")
    return os.environ.get("WORLD_SIZE", "1") != "1" and any(message in str(error) for message in messages)


def _exit(line: str, exit_code: int) -> NoReturn:
    printable = "".join(character if character.isprintable() else " " for character in line)  # no escape sequences
    print(f"mapgan: {' '.join(printable.split())}", file=sys.stderr)
    raise SystemExit(exit_code) from None
