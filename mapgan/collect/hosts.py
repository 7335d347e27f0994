"""What the client knows of one host."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from http.cookiejar import CookieJar

from mapgan.collect.addresses import Origin, UnavailableError
from mapgan.collect.connections import Connections
from mapgan.collect.pace import Pace
from mapgan.collect.robots import Robots


@dataclass
class Host:
    """One host: its connection, its pace, its rules.

    Attributes:
        requesting: held during a request and the pause before it, so that the host has one connection at a time.
        reading_rules: held while robots.txt or tdmrep.json is read, so that each is read once.
        cookies: stay with the host.
        failures: requests in a row that failed.
        put_aside: why it is not asked again in this run; empty if it is.
        robots: None if robots.txt has not been read; an error if it cannot be.
        reserved: None if tdmrep.json has not been read.
    """

    connections: Connections
    pace: Pace
    requesting: threading.Lock = field(default_factory=threading.Lock)
    reading_rules: threading.RLock = field(default_factory=threading.RLock)
    cookies: CookieJar = field(default_factory=CookieJar)
    failures: int = 0
    put_aside: str = ""
    robots: Robots | UnavailableError | None = None
    reserved: Robots | None = None


class Hosts:
    """The hosts that were asked, by name and port.

    Args:
        delay: seconds between two requests.
        trusted: hosts that may have private addresses.
        direct: ignore the proxy of the environment.
    """

    def __init__(self, delay: float, trusted: Collection[Origin], direct: bool) -> None:
        self.delay, self.trusted, self.direct = delay, trusted, direct
        self.known: dict[Origin, Host] = {}
        self.lock = threading.Lock()

    def __getitem__(self, origin: Origin) -> Host:
        with self.lock:
            host = self.known.get(origin)
            if host is None:
                host = self.known[origin] = Host(Connections(self.trusted, self.direct), Pace(self.delay))
            return host

    def end_now(self) -> None:
        """End all requests in progress."""
        with self.lock:
            for host in self.known.values():
                host.connections.deadline.end_now()
