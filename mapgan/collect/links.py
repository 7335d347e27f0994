"""The addresses of the image that an HTML element shows, the best one first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urljoin, urlsplit, urlunsplit

from bs4 import Tag
from requests.utils import requote_uri

from mapgan.collect.image_formats import WEB_SUFFIXES

MAX_ADDRESS = 2000
MAX_TRIES = 6

FULL = ("data-orig-file", "data-large-file")
SRCSETS = ("srcset", "data-srcset", "data-lazy-srcset")
SHOWN = ("data-src", "data-lazy-src", "data-original", "src", "content")
WORDPRESS_SIZE = {"w", "h", "resize", "fit"}
REDIRECTOR = {"url", "u", "to", "target", "dest", "destination"}
# at least one number has three digits: `ruin-20x30.png` means squares, not pixels
THUMBNAIL = re.compile(r"-(\d{3,4}x\d{2,4}|\d{2}x\d{3,4})(?=\.\w+$)")


def is_image(address: str) -> bool:
    """Whether the path of an address has the suffix of an image."""
    return urlsplit(address).path.lower().endswith(WEB_SUFFIXES)


def attribute(tag: Tag, name: str) -> str:
    """The text of an attribute; empty if there is none."""
    value = tag.get(name)
    return value if isinstance(value, str) else " ".join(value or ())


def resolve(address: str, base: str) -> str | None:
    """An absolute address without fragment; None if it is invalid or not http(s)."""
    tidy = re.sub(r"[\t\r\n]", "", address).strip().replace("&amp;", "&")
    if not tidy:
        return None
    try:
        whole = requote_uri(urljoin(base, tidy))
        parts = urlsplit(whole)
        usable = parts.scheme in ("http", "https") and parts.hostname and len(whole) <= MAX_ADDRESS
        host = parts.netloc.rpartition("@")[2]  # without user name and password
        return urlunsplit((parts.scheme, host, parts.path, parts.query, "")) if usable else None
    except ValueError:
        return None


def unwrapped(address: str) -> str:
    """The target of a redirector such as `leaving.asp?url=...`, if it is an image; else the address itself."""
    parts = urlsplit(address)
    if is_image(address):
        return address
    for name, value in parse_qsl(parts.query):
        target = resolve(value, address) if name.lower() in REDIRECTOR else None
        if target and is_image(target):
            return target
    return address


def image_link(tag: Tag, base: str) -> str | None:
    """The target of an `<a href>`, if it is an image."""
    target = resolve(attribute(tag, "href"), base)
    target = unwrapped(target) if target else None
    return target if target and is_image(target) else None


def addresses(tag: Tag, base: str) -> tuple[str, ...]:
    """Addresses to try for the image of an element, the best one first, at most six.

    In this order: linked image, `data-orig-file`, `data-large-file`, the largest of `srcset`, lazy `src`, `src`.
    """
    found: list[str] = []
    linked = image_link(tag, base) if tag.name == "a" else _link_around(tag, base)
    if linked:
        found += _with_query_guess(linked)
    shown = tag.find("img") if tag.name == "a" else tag
    if isinstance(shown, Tag):
        for name in FULL:
            if whole := resolve(attribute(shown, name), base):
                found += _with_query_guess(whole)
        for address in _shown(shown):
            if whole := resolve(address, base):
                whole = unwrapped(whole)
                found += [*_with_name_guess(whole), *_with_query_guess(whole)]
    return tuple(dict.fromkeys(found))[:MAX_TRIES]


def largest(srcset: str) -> str | None:
    """The address of the largest candidate in a `srcset`, whose addresses may contain commas."""
    best, most = None, 0.0
    rest = srcset.strip(" \t\r\n,")
    while rest:
        address, *after = rest.split(None, 1)
        rest = after[0] if after else ""
        size = ""
        if address.endswith(","):
            address = address.rstrip(",")
        else:
            size, _, rest = rest.partition(",")
        number = re.fullmatch(r"\s*(\d+(?:\.\d+)?)[wxh].*", size, re.DOTALL)
        value = float(number[1]) if number else 1.0
        if value > most and not address.startswith("data:"):
            best, most = address, value
        rest = rest.lstrip(" \t\r\n,")
    return best


def _link_around(tag: Tag, base: str) -> str | None:
    link = tag.find_parent("a", href=True)
    return image_link(link, base) if isinstance(link, Tag) else None


def _shown(tag: Tag) -> Iterator[str]:
    frame = tag.parent if tag.parent is not None and tag.parent.name == "picture" else None
    sources = frame.find_all("source") if frame is not None else []
    sets = [attribute(each, name) for each in (tag, *sources) for name in SRCSETS]
    if best := largest(", ".join(filter(None, sets))):
        yield best
    for name in SHOWN:
        if address := attribute(tag, name):
            yield address


def _with_query_guess(address: str) -> list[str]:
    """Candidates for a WordPress address with its size in the query: without it, then as it is."""
    parts = urlsplit(address)
    if not is_image(address) or not parts.query:
        return [address]
    rest = [pair for pair in parts.query.split("&") if pair.partition("=")[0] not in WORDPRESS_SIZE]
    return [urlunsplit(parts._replace(query="&".join(rest))), address]


def _with_name_guess(address: str) -> list[str]:
    """Candidates for a WordPress thumbnail such as `name-300x225.jpg`: the name of the full image."""
    parts = urlsplit(address)
    path, stripped = THUMBNAIL.subn("", parts.path)
    return _with_query_guess(urlunsplit(parts._replace(path=path)))[:1] if stripped else []
