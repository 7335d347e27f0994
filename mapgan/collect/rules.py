"""The rules of a host for crawlers and for training, read once: robots.txt and the TDM reservation protocol."""

from __future__ import annotations

import json
import sys
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from mapgan.collect.addresses import RefusedError, UnavailableError, origin
from mapgan.collect.hosts import Host
from mapgan.collect.responses import Resource
from mapgan.collect.robots import ROBOTS_BYTES, Robots

if TYPE_CHECKING:
    from mapgan.collect.client import Client

RESERVATIONS = "/.well-known/tdmrep.json"  # W3C TDMRep, for all files of a host
MAX_RESERVATIONS = 10_000


def check(client: Client, host: Host, url: str, expected: Resource) -> None:
    """Whether the host lets mapgan have `url`.

    Raises:
        RefusedError: it does not.
        UnavailableError: its robots.txt cannot be read.
    """
    with host.reading_rules:
        if host.robots is None:
            host.robots = _read_robots(client, host, url)
    if isinstance(host.robots, UnavailableError):
        raise UnavailableError(f"cannot read the robots.txt of its host: {host.robots}", host.robots.status)
    if not host.robots.allows(url):
        raise RefusedError("robots.txt forbids it")
    if expected != "image" or client.settings.opt_outs == "ignore":
        return
    with host.reading_rules:
        if host.reserved is None:
            host.reserved = _read_reservations(client, url)
    if not host.reserved.allows(url):
        raise RefusedError("its site says tdm-reservation")


def _read_robots(client: Client, host: Host, url: str) -> Robots | UnavailableError:
    body = BytesIO()
    try:
        client.fetch(urljoin(url, "/robots.txt"), body, "robots", ROBOTS_BYTES)
    except UnavailableError as error:
        if not 400 <= error.status < 500 or error.status == 429:
            return error
        body = BytesIO()
    robots = Robots(body.getvalue())
    host.pace.asked = robots.delay
    host.pace.next = max(host.pace.next, client.now() + host.pace.delay)
    if robots.delay > max(client.settings.delay, 5):
        print(f"mapgan: {origin(url)[0]} asks for {robots.delay:g} s between requests", file=sys.stderr)
    return robots


def _read_reservations(client: Client, url: str) -> Robots:
    """The reservations of a host as rules; none if it does not publish any, or they cannot be read."""
    body = BytesIO()
    try:
        client.fetch(urljoin(url, RESERVATIONS), body, "robots", ROBOTS_BYTES)
    except UnavailableError:
        return Robots(b"")
    return reservations(body.getvalue())


def reservations(content: bytes) -> Robots:
    """The rules of a tdmrep.json, whose locations are patterns as in robots.txt: the longest that fits decides."""
    try:
        entries = json.loads(content)
    except (ValueError, RecursionError):
        return Robots(b"")
    lines = ["User-agent: *"]
    for entry in entries[:MAX_RESERVATIONS] if isinstance(entries, list) else []:
        location = entry.get("location") if isinstance(entry, dict) else None
        if isinstance(location, str) and location.isprintable() and "#" not in location:
            reserved = entry.get("tdm-reservation") in (1, "1")
            lines.append(f"{'Disallow' if reserved else 'Allow'}: {location}")
    return Robots("\n".join(lines).encode())
