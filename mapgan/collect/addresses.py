"""Addresses: one spelling for each, and which of them are on the public Internet.

Pages from the net must not lead into the user's own network (server-side request forgery), and a path that robots.txt
forbids must not be reached by another spelling.
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import re
import socket
from collections.abc import Collection
from urllib.parse import urljoin, urlsplit

import idna
from requests.utils import requote_uri
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url

Origin = tuple[str, int]
"""Host (lower case, international names in ASCII) and port."""

MAX_URL = 2000  # characters
HOST = re.compile(r"[a-z0-9._-]{1,253}|\[[0-9a-f:.]+(%[\w.-]+)?\]")
NAT64 = ipaddress.ip_network("64:ff9b::/96")
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")  # RFC 4291; all other IPv6 addresses have a special purpose
# of special purpose too, which not every version of Python knows (IANA's registries)
SPECIAL = [ipaddress.ip_network(net) for net in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "3fff::/20")]


class UnavailableError(Exception):
    """A URL that cannot or may not be fetched; the text is the reason, the same on every run.

    `status` is the HTTP status, 0 without a response.
    """

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status


class RefusedError(UnavailableError):
    """A URL that its owner keeps from crawlers: robots.txt, X-Robots-Tag and the like."""


@functools.lru_cache(maxsize=4096)
def canonical(url: str, base: str = "") -> str:
    """The one spelling of an address that is both checked and sent.

    As browsers do: backslashes are slashes, international host names are in ASCII, `.` and `..` are resolved, also in
    their escaped spellings. The fragment, user name and password are dropped.

    Raises:
        UnavailableError: the URL is not valid, or neither http nor https.
    """
    if len(url) > MAX_URL:
        raise UnavailableError("its URL is too long")
    path, question, query = re.sub(r"[\t\r\n]", "", url).strip().partition("?")
    try:
        parts = urlsplit(urljoin(base, path.replace("\\", "/") + question + query))
        scheme = parts.scheme
        if scheme not in ("http", "https"):
            raise UnavailableError("neither http nor https")
        host, port = _ascii_host(parts.hostname or ""), parts.port
        if not HOST.fullmatch(host) or port == 0:
            raise UnavailableError("not a valid URL")
        netloc = host if port is None or port == {"http": 80, "https": 443}[scheme] else f"{host}:{port}"
        query = f"?{parts.query}" if parts.query else ""
        # first without escapes of harmless characters, or `%2e%2e` would pass for a name
        resolved = parse_url(requote_uri(f"{scheme}://{netloc}{parts.path or '/'}{query}"))
        path = "/" + (resolved.path or "").lstrip("/")  # requests sends no more than one slash at the start
        sent = resolved._replace(path=path).url
    except (ValueError, HTTPError):
        raise UnavailableError("not a valid URL") from None
    if len(sent) > MAX_URL:
        raise UnavailableError("its URL is too long")
    return sent


def _ascii_host(host: str) -> str:
    host = host.rstrip(".")
    if ":" in host:
        return f"[{host.lower()}]"
    return host.lower() if host.isascii() else idna.encode(host, uts46=True).decode()


@functools.lru_cache(maxsize=4096)
def origin(url: str) -> Origin:
    """Host and port of a URL.

    Raises:
        UnavailableError: the URL is not valid, or neither http nor https.
    """
    parts = urlsplit(canonical(url))
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def is_public(host: str) -> bool:
    """Whether a host is on the public Internet: False for addresses of private networks, of this machine and the like.

    Names count as public, except `localhost`: only the connection shows which address a name resolves to.
    """
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return False
    address = _address(host)
    return address is None or _is_public(address)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host.partition("%")[0])
    with contextlib.suppress(OSError, UnicodeError):
        return ipaddress.IPv4Address(socket.inet_aton(host))  # old spellings: 127.1, 0x7f000001
    return None


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if any(address in net for net in SPECIAL):
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast and not address.is_reserved
    # addresses that a gateway or the kernel translates to IPv4 are as public as what they lead to
    within = address.ipv4_mapped or address.sixtofour
    if within is None and address in NAT64:
        within = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if within is not None:
        return _is_public(within)
    return address in GLOBAL_UNICAST and address.is_global


def check(host: str, port: int, peer: str, trusted: Collection[Origin]) -> None:
    """Refuse a private `peer`, the address that `host` resolved to, unless host and port are trusted.

    Raises:
        UnavailableError: the peer is refused.
    """
    if (host.lower().strip("[]"), port) not in trusted and not is_public(peer):
        raise UnavailableError("leads to a private address; set allow_private if that is intended")
