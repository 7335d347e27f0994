"""Groups of images that show parts of one map, by their file names."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from mapgan.collect.thumbnails import MEDIAWIKI_THUMB, is_image


def group(name: str, pattern: str) -> str:
    """The name of the map that an image belongs to: the match of `pattern` in its name, or else the whole name.

    Args:
        name: file name without folder and suffix.
        pattern: regular expression; its first group is the match if it has one. Empty for none.
    """
    match = re.search(pattern, name) if pattern else None
    if match is None:
        return name
    matched = match.group(1) if match.re.groups else match.group()
    return matched or name


def stem_of(url: str) -> str:
    """The file name in a URL without its suffix; if the suffix is not an image's, as in `show.php`, with the query."""
    parts = urlsplit(url)
    path = MEDIAWIKI_THUMB.sub(r"\1", parts.path)  # one group whatever the width
    name = unquote(path).rpartition("/")[2]
    if is_image(url):
        return name.rpartition(".")[0]
    return f"{name}?{parts.query}" if parts.query else name
