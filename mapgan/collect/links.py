"""Candidate URLs of the image that an HTML element shows, best first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urljoin, urlsplit, urlunsplit

from bs4 import Tag
from requests.utils import requote_uri

from mapgan.collect.image_formats import SUFFIXES

MAX_URL = 2000  # characters
MAX_CANDIDATES = 6

FULL_SIZE = ("data-orig-file", "data-large-file")  # attributes that WordPress gives an img element
SRCSETS = ("srcset", "data-srcset", "data-lazy-srcset")
SOURCES = ("data-src", "data-lazy-src", "data-original", "src", "content")
WORDPRESS_SIZE = {"w", "h", "resize", "fit"}  # query parameters
REDIRECTOR = {"url", "u", "to", "target", "dest", "destination"}  # query parameters
# one side has three digits or more: the 20x30 of `ruin-20x30.png` counts squares, not pixels
THUMBNAIL = re.compile(r"-(\d{3,4}x\d{2,4}|\d{2}x\d{3,4})(?=\.\w+$)")


def is_image(url: str) -> bool:
    """Whether the path of a URL ends in the suffix of an image."""
    return urlsplit(url).path.lower().endswith(SUFFIXES)


def attribute(tag: Tag, name: str) -> str:
    """The text of an attribute; empty if there is none."""
    value = tag.get(name)
    return value if isinstance(value, str) else " ".join(value or ())


def resolve(url: str, base: str) -> str | None:
    """Make a URL absolute and drop its fragment, user name and password; None if it is not a valid http(s) URL."""
    cleaned = re.sub(r"[\t\r\n]", "", url).strip().replace("&amp;", "&")
    if not cleaned:
        return None
    try:
        absolute = requote_uri(urljoin(base, cleaned))
        parts = urlsplit(absolute)
        if parts.scheme not in ("http", "https") or not parts.hostname or len(absolute) > MAX_URL:
            return None
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
    except ValueError:
        return None


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
    return target if target and is_image(target) else None


def candidates(tag: Tag, base: str) -> tuple[str, ...]:
    """URLs to try for the image that an `a` or `img` element shows, best first, at most six.

    Order: linked image, `data-orig-file`, `data-large-file`, the largest of `srcset`, lazy `src`, `src`.
    """
    urls: list[str] = []
    linked = image_link(tag, base) if tag.name == "a" else _enclosing_link(tag, base)
    if linked:
        urls += _with_query_guess(linked)
    image = tag.find("img") if tag.name == "a" else tag
    if isinstance(image, Tag):
        for name in FULL_SIZE:
            if url := resolve(attribute(image, name), base):
                urls += _with_query_guess(url)
        for source in _sources(image):
            if url := resolve(source, base):
                url = unwrap(url)
                urls += [*_with_name_guess(url), *_with_query_guess(url)]
    return tuple(dict.fromkeys(urls))[:MAX_CANDIDATES]


def largest(srcset: str) -> str | None:
    """The URL of the largest candidate in a `srcset`; a URL may contain commas itself."""
    best, best_size = None, 0.0
    rest = srcset.strip(" \t\r\n,")
    while rest:
        url, *after = rest.split(None, 1)
        rest = after[0] if after else ""
        descriptor = ""
        if url.endswith(","):
            url = url.rstrip(",")
        else:
            descriptor, _, rest = rest.partition(",")
        number = re.fullmatch(r"\s*(\d+(?:\.\d+)?)[wxh].*", descriptor, re.DOTALL)
        size = float(number[1]) if number else 1.0
        if size > best_size and not url.startswith("data:"):
            best, best_size = url, size
        rest = rest.lstrip(" \t\r\n,")
    return best


def _enclosing_link(tag: Tag, base: str) -> str | None:
    link = tag.find_parent("a", href=True)
    return image_link(link, base) if isinstance(link, Tag) else None


def _sources(tag: Tag) -> Iterator[str]:
    picture = tag.parent if tag.parent is not None and tag.parent.name == "picture" else None
    alternatives = picture.find_all("source") if picture is not None else []
    srcsets = [attribute(element, name) for element in (tag, *alternatives) for name in SRCSETS]
    if best := largest(", ".join(filter(None, srcsets))):
        yield best
    for name in SOURCES:
        if url := attribute(tag, name):
            yield url


def _with_query_guess(url: str) -> list[str]:
    """Without the query parameters that resize an image in WordPress, then unchanged: elsewhere `w` may mean more."""
    parts = urlsplit(url)
    if not is_image(url) or not parts.query:
        return [url]
    rest = [pair for pair in parts.query.split("&") if pair.partition("=")[0] not in WORDPRESS_SIZE]
    return [urlunsplit(parts._replace(query="&".join(rest))), url]


def _with_name_guess(url: str) -> list[str]:
    """The URL of the full image, guessed from a WordPress thumbnail's name, `name-300x225.jpg`."""
    parts = urlsplit(url)
    path, stripped = THUMBNAIL.subn("", parts.path)
    return _with_query_guess(urlunsplit(parts._replace(path=path)))[:1] if stripped else []
