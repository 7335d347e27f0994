"""Connections that lead to public addresses only, and that end when their time is over."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from certifi import where
from requests.utils import get_auth_from_url, get_environ_proxies, prepend_scheme_if_needed, select_proxy
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, ProxyManager, Timeout, make_headers
from urllib3.connection import HTTPConnection, HTTPSConnection

from mapgan.collect.addresses import Origin, UnavailableError, check

TICK = 0.05  # seconds; a connection that opens after the end, to the next address of a name, is ended then
MAX_SLEEP = 1.0  # seconds
FEW_BYTES = 1 << 14  # of an unread body, cheaper to read than a new connection is to open


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

    def end_now(self) -> None:
        """End the connections of the request in progress, if there is one."""
        with self.lock:
            if self.ends is not None:
                self.ends = 0.0

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


class Connections:
    """The connection to one host, which is kept open between requests.

    The peer of each new connection is checked before anything is sent. Its address comes from the connected socket, not
    from a DNS lookup of our own: a name may resolve to another address the second time (DNS rebinding). Of a proxy, the
    address is not checked: the user has named it.

    Args:
        trusted: hosts that may have private addresses.
        direct: ignore the proxy of the environment.
    """

    def __init__(self, trusted: Collection[Origin], direct: bool) -> None:
        self.deadline = Deadline()
        self.direct = direct
        self.plain, self.encrypted = _guarded_pools(trusted, self.deadline)
        self.opened: dict[tuple[str, str], HTTPConnectionPool | ProxyManager] = {}

    def get(self, url: str, headers: Mapping[str, str], timeout: float) -> BaseHTTPResponse:
        """Send a request for a canonical URL; the body is still to be read, and redirects are not followed.

        Raises:
            urllib3.exceptions.HTTPError: there is no response.
            UnavailableError: the peer is refused.
        """
        scheme, _, rest = url.partition("://")
        host, slash, path = rest.partition("/")
        pool = self.opened.get((scheme, host))
        if pool is None:
            pool = self.opened[scheme, host] = self._open(url)
        target = url if isinstance(pool, ProxyManager) else slash + path
        return pool.urlopen(
            "GET",
            target,
            headers=headers,
            timeout=Timeout(connect=timeout, read=timeout),
            retries=False,
            redirect=False,
            preload_content=False,
        )

    def _open(self, url: str) -> HTTPConnectionPool | ProxyManager:
        parts = urlsplit(url)
        authorities = os.environ.get("REQUESTS_CA_BUNDLE") or where()
        proxy = None if self.direct else select_proxy(url, get_environ_proxies(url))
        if proxy:
            proxy = prepend_scheme_if_needed(proxy, "http")  # type: ignore[no-untyped-call]
            user = ":".join(get_auth_from_url(proxy))
            login = make_headers(proxy_basic_auth=user) if user != ":" else None
            manager = ProxyManager(
                proxy, proxy_headers=login, maxsize=1, ca_certs=authorities, cert_reqs="CERT_REQUIRED"
            )
            manager.pool_classes_by_scheme = {"http": self.plain, "https": self.encrypted}
            return manager
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "http":
            return self.plain(host, port, maxsize=1)
        return self.encrypted(host, port, maxsize=1, ca_certs=authorities, cert_reqs="CERT_REQUIRED")


def finish(response: BaseHTTPResponse) -> None:
    """Give the connection back for the next request; it is closed if much of the body is left to read."""
    left = response.length_remaining
    if left is not None and left <= FEW_BYTES:
        response.drain_conn()
        response.release_conn()
    else:
        response.close()


def _guarded_pools(
    trusted: Collection[Origin], deadline: Deadline
) -> tuple[type[HTTPConnectionPool], type[HTTPSConnectionPool]]:
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

    return PlainPool, EncryptedPool
