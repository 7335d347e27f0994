"""robots.txt (RFC 9309), read by protego, with the parts of the RFC that protego leaves to its caller."""

from __future__ import annotations

import codecs
import posixpath
import re
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from protego import Protego

from mapgan.collect.addresses import canonical

PRODUCT = "mapgan"
ROBOTS_BYTES = 500 << 10  # what the RFC says must be read; the rest is not
GROUP = re.compile(r"^([ \t]*user[- ]?agent[ \t]*:?[ \t]*)([^#\r\n]*)", re.IGNORECASE | re.MULTILINE)
TOKEN = re.compile(r"[A-Za-z_-]+|\*")


class Robots:
    """The rules of one host for mapgan.

    Args:
        content: the file, bytes; of a longer one, the first 500 KiB.
    """

    def __init__(self, content: bytes) -> None:
        if len(content) >= ROBOTS_BYTES:  # half of `Allow: /open` would allow everything
            content = content[:ROBOTS_BYTES].rpartition(b"\n")[0]
        self.empty = not content.strip()
        lines = "\n".join(_decode(content).splitlines())  # at all that protego takes for the end of a line
        self.rules = Protego.parse(GROUP.sub(_for_product, lines))

    def allows(self, url: str) -> bool:
        """Whether mapgan may fetch a URL, in the spelling that is sent and in the one that a server may make of it."""
        if self.empty:
            return True
        parts = urlsplit(canonical(url))
        as_read = urlunsplit(parts._replace(path=_as_read(parts.path)))
        return all(self.rules.can_fetch(spelling, PRODUCT) for spelling in {urlunsplit(parts), as_read})

    @property
    def delay(self) -> float:
        """Seconds between two requests, by Crawl-delay and Request-rate; 0 without either."""
        rate = self.rules.request_rate(PRODUCT)
        between = rate.seconds / rate.requests if rate is not None and rate.requests else 0.0
        return max(self.rules.crawl_delay(PRODUCT) or 0.0, between)


def _as_read(path: str) -> str:
    """A path as servers look it up: escapes decoded, also of slashes, repeated slashes merged, dots resolved."""
    decoded = unquote(path, errors="surrogateescape").replace("\\", "/")
    resolved = posixpath.normpath("/" + decoded.lstrip("/")) + ("/" if decoded.endswith("/") else "")
    return quote(re.sub("/+", "/", resolved), safe="/:@!$&'()*+,;=~", errors="surrogateescape")


def _decode(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    return content.decode("utf-8-sig", "replace")


def _for_product(line: re.Match[str]) -> str:
    """A User-agent line with a product token that protego matches as the RFC says: whole, and without its version."""
    token = TOKEN.match(line[2])
    name = token[0].lower() if token else ""
    return line[1] + (name if name in (PRODUCT, "*") else "other")
