"""Ctrl-C and SIGTERM, heard at the end of a step so that the state can be saved."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from mapgan.errors import Interrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Remembers that the process was asked to stop, and by which signal."""

    signal: int = 0

    def __bool__(self) -> bool:
        return bool(self.signal)

    def hear(self, number: int, _: FrameType | None) -> None:
        """Handle a signal: the first is remembered, a second Ctrl-C ends the process at once."""
        if self.signal and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.signal = number


class StoppedRun(Interrupted):
    """The run was asked to stop; its exit code is the shell's for the signal, so that nobody takes it for done."""

    def __init__(self, text: str, number: int) -> None:
        super().__init__(text)
        self.exit_code = 128 + (number or signal.SIGTERM)


@contextlib.contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """Listen for Ctrl-C and SIGTERM for the length of the block (in the main thread; elsewhere nothing is heard)."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.signal(number, request.hear) for number in SIGNALS}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
