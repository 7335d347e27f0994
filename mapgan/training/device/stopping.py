"""Ctrl-C and SIGTERM: noticed at the end of a step, so that a checkpoint can be saved."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from mapgan.errors import Interrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Whether the process was asked to stop, and by which signal."""

    signal: int = 0

    def __bool__(self) -> bool:
        return bool(self.signal)

    def handle(self, number: int, _: FrameType | None) -> None:
        """Handle a signal: the first is remembered, a second Ctrl-C ends the process at once."""
        if self.signal and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.signal = number


class TrainingStopped(Interrupted):
    """The run was asked to stop; its exit code is that of a shell for the signal, so that nobody takes it for done."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + (number or signal.SIGTERM)


@contextlib.contextmanager
def listen_for_stop() -> Iterator[StopRequest]:
    """Listen for Ctrl-C and SIGTERM within the block; outside of the main thread, where Python cannot, do nothing."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.signal(number, request.handle) for number in SIGNALS}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
