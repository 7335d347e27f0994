"""Groups of images that show parts of the same map, by file name."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from mapgan.collect.links import is_image


def group(name: str, pattern: str) -> str:
    """The group of an image: the match of `pattern` in its name, or the whole name.

    Args:
        name: file name without folder and suffix.
        pattern: regular expression, of which the first group counts if it has one; empty for none.
    """
    match = re.search(pattern, name) if pattern else None
    if match is None:
        return name
    found = match.group(1) if match.re.groups else match.group()
    return found or name


def stem_of(url: str) -> str:
    """The file name in an address, without suffix; with the query if the path does not name an image."""
    parts = urlsplit(url)
    name = unquote(parts.path).rpartition("/")[2]
    if is_image(url):
        return name.rpartition(".")[0]
    return f"{name}?{parts.query}" if parts.query else name
