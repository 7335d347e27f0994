"""Which hosts may be contacted: pages from the net must not lead into the user's own network."""

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
    """An address that cannot be downloaded; its text is the reason, the same on every run.

    Attributes:
        status: of the HTTP response; 0 if there was none.
    """

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status


def origin(url: str) -> Origin:
    """Host and port of an address.

    Raises:
        UnavailableError: it is not plain http or https.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise UnavailableError("not a valid address") from None
    if parts.scheme not in ("http", "https"):
        raise UnavailableError("neither http nor https")
    if not host:
        raise UnavailableError("not a valid address")
    return host, port or (443 if parts.scheme == "https" else 80)


def is_public(host: str) -> bool:
    """Whether a host may be public: False for private, loopback and link-local addresses, and for `localhost`.

    Other names count as public; the address they resolve to is checked when the connection is made.
    """
    if host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return True
    inner = getattr(address, "ipv4_mapped", None) or address
    return bool(inner.is_global and not inner.is_multicast)


def check(host: str, port: int, peer: str, named: Collection[Origin]) -> None:
    """Refuse `peer`, the address of `host`, if it is not public and the user did not name the host.

    Raises:
        UnavailableError: the address is refused.
    """
    if (host.lower().strip("[]"), port) not in named and not is_public(peer):
        raise UnavailableError("leads to a private address; name it in scrape.gallery.urls if you mean it")


def guarded_adapter(named: Collection[Origin]) -> HTTPAdapter:
    """An adapter for requests that checks the address of each connection before it is used.

    It checks the connected socket and not the name server: a name can resolve differently the second time.
    """

    class Plain(HTTPConnection):
        def _new_conn(self) -> Any:
            return _checked(super()._new_conn(), self.host, self.port)

    class Encrypted(HTTPSConnection):
        def _new_conn(self) -> Any:
            return _checked(super()._new_conn(), self.host, self.port)

    def _checked(socket: Any, host: str, port: int | None) -> Any:
        try:
            check(host, port or 0, str(socket.getpeername()[0]), named)
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
