"""Candidate URLs of the image that an HTML element shows, best first."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from bs4 import Tag

from mapgan.collect.addresses import MAX_URL, UnavailableError, canonical
from mapgan.collect.markup import attribute, enclosing
from mapgan.collect.thumbnails import full_size_guesses, is_attachment, is_image, without_size

MAX_CANDIDATES = 6
MAX_SRCSET = 20_000  # characters
MAX_SOURCES = 50  # nodes of a `picture` that are looked at

# attributes of an img element with a larger image: WordPress, its block gallery, WooCommerce, zoom scripts
FULL_SIZE = (
    *("data-orig-file", "data-large-file", "data-full-url", "data-large_image", "data-full", "data-full-src"),
    *("data-zoom-image", "data-zoom-src", "data-zoom", "data-original-src", "data-hires"),
)
SRCSETS = ("srcset", "data-srcset", "data-lazy-srcset")
SOURCES = ("data-src", "data-lazy-src", "data-lazy", "data-original", "data-echo", "src", "content")
REDIRECTOR = {"url", "u", "to", "target", "dest", "destination"}  # query parameters
SESSION = re.compile(r"(?:^|&)(?:sid|PHPSESSID)=[0-9a-zA-Z]{16,}(?=&|$)")


def resolve(url: str, base: str) -> str | None:
    """The canonical, absolute form of a link; None if it is not a valid http(s) URL.

    The number of a session, which forums add to every link, is dropped: the same page would have a new URL each time.
    """
    cleaned = url[: MAX_URL + 1].strip().replace("&amp;", "&")
    if not cleaned or cleaned.startswith("data:"):
        return None
    try:
        absolute = canonical(cleaned, base)
    except UnavailableError:
        return None
    parts = urlsplit(absolute)
    if "=" not in parts.query:
        return absolute
    return urlunsplit(parts._replace(query=SESSION.sub("", parts.query).removeprefix("&")))


def unwrap(url: str) -> str:
    """The image URL in the query of a redirector such as `leaving.asp?url=...`; other URLs are returned unchanged."""
    if is_image(url):
        return url
    for name, value in parse_qsl(urlsplit(url).query):
        target = resolve(value, url) if name.lower() in REDIRECTOR else None
        if target and is_image(target):
            return target
    return url


def image_link(tag: Tag, base: str) -> str | None:
    """The target of an `<a href>` if it is an image, else None."""
    target = resolve(attribute(tag, "href"), base)
    target = unwrap(target) if target else None
    return target if target and (is_image(target) or is_attachment(target)) else None


def candidates(tag: Tag, base: str) -> tuple[str, ...]:
    """URLs to try for the image that an `a` or `img` element shows, best first, at most six.

    Order: linked image, attributes such as `data-orig-file`, the largest of `srcset`, lazy `src`, `src`.
    """
    urls: list[str] = []
    linked = image_link(tag, base) if tag.name == "a" else _enclosing_link(tag, base)
    if linked:
        urls += [without_size(linked), linked]
    image = tag.find("img") if tag.name == "a" else tag
    if isinstance(image, Tag):
        for name in FULL_SIZE:
            if url := resolve(attribute(image, name), base):
                urls += [without_size(url), url]
        for source in _sources(image):
            if url := resolve(source, base):
                url = unwrap(url)
                urls += [*full_size_guesses(url), without_size(url), url]
    return tuple(dict.fromkeys(urls))[:MAX_CANDIDATES]


def largest(srcset: str) -> str | None:
    """The URL of the largest candidate in a `srcset`; a URL may contain commas itself."""
    best, best_size = None, 0.0
    rest = srcset.strip(" \t\r\n,")
    if len(rest) > MAX_SRCSET:
        rest = rest[:MAX_SRCSET].rpartition(",")[0]
    while rest:
        url, *after = rest.split(None, 1)
        rest = after[0] if after else ""
        descriptor = ""
        if url.endswith(","):
            url = url.rstrip(",")
        else:
            descriptor, _, rest = rest.partition(",")
        number = re.fullmatch(r"\s*(\d{1,9}(?:\.\d{1,9})?)[wxh].*", descriptor, re.DOTALL)
        size = float(number[1]) if number else 1.0
        if size > best_size and not url.startswith("data:"):
            best, best_size = url, size
        rest = rest.lstrip(" \t\r\n,")
    return best


def _enclosing_link(tag: Tag, base: str) -> str | None:
    link = enclosing(tag, "a")
    return image_link(link, base) if link is not None else None


def _sources(tag: Tag) -> Iterator[str]:
    picture = enclosing(tag, "picture")
    # of a `source` element the parser closes no tag, so that they lie within each other
    within = itertools.islice(picture.descendants, MAX_SOURCES) if picture is not None else ()
    alternatives = [element for element in within if isinstance(element, Tag) and element.name == "source"]
    srcsets = [attribute(element, name) for element in (tag, *alternatives) for name in SRCSETS]
    if best := largest(", ".join(filter(None, srcsets))):
        yield best
    for name in SOURCES:
        if url := attribute(tag, name):
            yield url
