"""Connections that lead to public addresses only, and that end when their time is over."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Collection, Iterator
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from mapgan.collect.addresses import Origin, UnavailableError, check

TICK = 0.05  # seconds; a connection that opens after the end, to the next address of a name, is ended then
MAX_SLEEP = 1.0  # seconds


class Deadline:
    """Ends the connections of a client when a request takes too long, wherever it waits.

    Timeouts of a socket start anew with every byte. A header that drips, or `100 Continue` without end, is read within
    http.client, where no other check is possible.
    """

    def __init__(self) -> None:
        self.watched: list[tuple[HTTPConnection, socket.socket]] = []
        self.ends: float | None = None
        """when the request has to be finished, on the monotonic clock; None if there is none"""
        self.passed = False
        self.lock = threading.Lock()
        self.watcher: threading.Thread | None = None

    def watch(self, connection: HTTPConnection, connected: socket.socket) -> None:
        """Remember a connected socket: a copy of it, as TLS takes over the original."""
        with self.lock:
            self.watched.append((connection, connected.dup()))

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """End all connections if the block takes longer.

        Raises:
            UnavailableError: it took longer, whatever else went wrong in it because of that.
        """
        with self.lock:
            self.passed, self.ends = False, time.monotonic() + seconds
            if self.watcher is None:  # one for many requests: to start a thread takes as long as a small download
                self.watcher = threading.Thread(target=self._watch, daemon=True)
                self.watcher.start()
        try:
            yield
        except Exception:
            if not self.passed:
                raise
        finally:
            with self.lock:
                self.ends = None
            self._forget_closed()
        if self.passed:
            raise UnavailableError(f"not finished after {seconds:g} s")

    def _watch(self) -> None:
        """End the connections when the time of a request is over; ends itself when there is no request."""
        while True:
            with self.lock:
                if self.ends is None:
                    self.watcher = None
                    return
                left = self.ends - time.monotonic()
                if left <= 0:
                    self.passed = True
                    for _, connected in self.watched:
                        with contextlib.suppress(OSError):
                            connected.shutdown(socket.SHUT_RDWR)
            time.sleep(min(max(left, TICK), MAX_SLEEP))

    def _forget_closed(self) -> None:
        with self.lock:
            closed = [pair for pair in self.watched if pair[0].sock is None]
            self.watched = [pair for pair in self.watched if pair[0].sock is not None]
        for _, connected in closed:
            connected.close()


def guarded_adapter(trusted: Collection[Origin], deadline: Deadline) -> HTTPAdapter:
    """An adapter for requests that checks the peer of each connection before anything is sent.

    The address comes from the connected socket, not from a DNS lookup of our own: a name may resolve to another
    address the second time (DNS rebinding). Of a proxy, the address is not checked: the user has named it.
    """

    class Plain(HTTPConnection):
        def _new_conn(self) -> Any:
            return _checked(self, super()._new_conn())

    class Encrypted(HTTPSConnection):
        def _new_conn(self) -> Any:
            return _checked(self, super()._new_conn())

    def _checked(connection: HTTPConnection, connected: socket.socket) -> socket.socket:
        try:
            if connection.proxy is None:
                check(connection.host, connection.port or 0, str(connected.getpeername()[0]), trusted)
            deadline.watch(connection, connected)
        except BaseException:
            connected.close()
            raise
        return connected

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    pools = {"http": PlainPool, "https": EncryptedPool}

    class Adapter(HTTPAdapter):
        def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
            manager = super().proxy_manager_for(proxy, **options)
            manager.pool_classes_by_scheme = pools
            return manager

    adapter = Adapter(max_retries=0)
    adapter.poolmanager.pool_classes_by_scheme = pools
    return adapter
