"""Which images show parts of one map, judged by their file names."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from mapgan.collect.links import is_image


def group(name: str, pattern: str) -> str:
    """The map that an image belongs to: what `pattern` finds in the name, or else the whole name.

    Args:
        name: file name without folder and suffix.
        pattern: regular expression; its first group counts if it has one. Empty: none.
    """
    match = re.search(pattern, name) if pattern else None
    if match is None:
        return name
    found = match.group(1) if match.re.groups else match.group()
    return found or name


def stem_of(url: str) -> str:
    """The file name in an address, without its suffix; with the query where that says which image it is."""
    parts = urlsplit(url)
    name = unquote(parts.path).rpartition("/")[2]
    if is_image(url):
        return name.rpartition(".")[0]
    return f"{name}?{parts.query}" if parts.query else name
