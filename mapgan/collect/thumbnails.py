"""The URL of the full image, guessed from that of a thumbnail, by the habits of widespread software.

A guess may be wrong, so the thumbnail's own URL stays a candidate behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit, urlunsplit

from mapgan.collect.image_formats import SUFFIXES

WORDPRESS_SIZE = {"w", "h", "resize", "fit"}  # query parameters
# one side has three digits or more: the 20x30 of `ruin-20x30.png` counts squares, not pixels
WORDPRESS_NAME = re.compile(r"-(\d{3,4}x\d{2,4}|\d{2}x\d{3,4})(?=\.\w+$)")
MEDIAWIKI_THUMB = re.compile(r"/thumb((?:/[0-9a-f]/[0-9a-f]{2})?/[^/]+)/[^/]*\d+px-[^/]+$")
DRUPAL_STYLE = re.compile(r"/styles/[^/]+/public/")
PHPBB_FILE = re.compile(r"/download/file\.php$")


def is_image(url: str) -> bool:
    """Whether a URL is that of an image file: by its suffix, unless it is a wiki's page `File:name.png` about one."""
    path = urlsplit(url).path
    return path.lower().endswith(SUFFIXES) and ":" not in path.rpartition("/")[2].replace("%3A", ":")


def is_attachment(url: str) -> bool:
    """Whether a URL is that of a file in a post of phpBB, `download/file.php?id=12`."""
    parts = urlsplit(url)
    return PHPBB_FILE.search(parts.path) is not None and re.search(r"(^|&)id=\d+", parts.query) is not None


def full_size_guesses(url: str) -> Iterator[str]:
    """URLs that may give the image of the thumbnail `url` in full size, best first."""
    parts = urlsplit(url)
    if is_attachment(url) and "t=1" in parts.query.split("&"):
        yield _with_query(url, lambda pair: pair != "t=1")
    for pattern, replacement in ((MEDIAWIKI_THUMB, r"\1"), (DRUPAL_STYLE, "/")):
        path, changed = pattern.subn(replacement, parts.path)
        # of a drawing, the original is an SVG, which is no image here
        if changed and path.lower().endswith(SUFFIXES):
            yield urlunsplit(parts._replace(path=path, query=""))
    path, stripped = WORDPRESS_NAME.subn("", parts.path)
    if stripped:
        yield without_size(urlunsplit(parts._replace(path=path)))


def without_size(url: str) -> str:
    """The URL without the query parameters that resize an image in WordPress; elsewhere `w` may mean more."""
    return _with_query(url, lambda pair: pair.partition("=")[0] not in WORDPRESS_SIZE) if is_image(url) else url


def _with_query(url: str, keep: Callable[[str], bool]) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="&".join(pair for pair in parts.query.split("&") if keep(pair))))
