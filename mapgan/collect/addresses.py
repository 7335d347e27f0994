"""Protection against server-side request forgery: pages from the net must not lead into the user's own network."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

Origin = tuple[str, int]
"""Host (lower case) and port."""


class UnavailableError(Exception):
    """A URL that cannot or may not be fetched; the text is the reason, the same on every run.

    `status` is the HTTP status, 0 without a response.
    """

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status


def origin(url: str) -> Origin:
    """Host and port of a URL.

    Raises:
        UnavailableError: the URL is not valid, or neither http nor https.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise UnavailableError("not a valid URL") from None
    if parts.scheme not in ("http", "https"):
        raise UnavailableError("neither http nor https")
    if not host:
        raise UnavailableError("not a valid URL")
    return host, port or (443 if parts.scheme == "https" else 80)


def is_public(host: str) -> bool:
    """Whether a host is on the public Internet: False for private, loopback and link-local addresses.

    Names count as public, except `localhost`: only the connection shows which address a name resolves to.
    """
    if host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return True
    address = getattr(address, "ipv4_mapped", None) or address
    return bool(address.is_global and not address.is_multicast)


def check(host: str, port: int, peer: str, trusted: Collection[Origin]) -> None:
    """Refuse a private `peer`, the address that `host` resolved to, unless host and port are trusted.

    Raises:
        UnavailableError: the peer is refused.
    """
    if (host.lower().strip("[]"), port) not in trusted and not is_public(peer):
        raise UnavailableError("leads to a private address; add it to scrape.gallery.urls if that is intended")


def guarded_adapter(trusted: Collection[Origin]) -> HTTPAdapter:
    """An adapter for requests that checks the peer of each connection before anything is sent.

    The address comes from the connected socket, not from a DNS lookup of our own: a name may resolve to another
    address the second time (DNS rebinding).
    """

    class Plain(HTTPConnection):
        def _new_conn(self) -> Any:
            return _checked(super()._new_conn(), self.host, self.port)

    class Encrypted(HTTPSConnection):
        def _new_conn(self) -> Any:
            return _checked(super()._new_conn(), self.host, self.port)

    def _checked(socket: Any, host: str, port: int | None) -> Any:
        try:
            check(host, port or 0, str(socket.getpeername()[0]), trusted)
        except BaseException:
            socket.close()
            raise
        return socket

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    adapter = HTTPAdapter(max_retries=0)
    adapter.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}
    return adapter
