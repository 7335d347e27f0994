"""How much a whole scrape may take: seconds and bytes."""

from __future__ import annotations

import threading
from collections.abc import Callable

from mapgan.collect.addresses import UnavailableError
from mapgan.params.download import Download


class Budget:
    """Counts what was used; shared by all hosts.

    Args:
        settings: the limits.
        now: a clock, seconds.
    """

    def __init__(self, settings: Download, now: Callable[[], float]) -> None:
        self.settings, self.now = settings, now
        self.ends = now() + settings.max_total_seconds
        self.bytes = 0
        self.stopped = threading.Event()
        self.lock = threading.Lock()

    def check(self, wait: float = 0.0) -> None:
        """Whether another request may be made, after a pause.

        Raises:
            UnavailableError: a limit is reached, or the scrape was stopped.
        """
        if self.stopped.is_set():
            raise UnavailableError("the scrape was stopped")
        if self.now() + wait > self.ends:
            raise UnavailableError(f"max_total_seconds of {self.settings.max_total_seconds:g} reached")
        if self.bytes >= self.settings.max_total_mib * 2**20:
            raise UnavailableError(f"max_total_mib of {self.settings.max_total_mib:g} reached")

    def used(self, size: int) -> None:
        """Count bytes of images."""
        with self.lock:
            self.bytes += size
