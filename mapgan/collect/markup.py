"""Parsing of HTML from strangers, in time and memory that grow with the size of the page and no faster.

lxml reads the bytes (html.parser of the standard library takes the square of the size for some markup), and the tree
is limited here, in nesting, which selectors climb, and in elements.
"""

from __future__ import annotations

import codecs
import contextlib
import itertools
import re
import warnings
from typing import Any

from bs4 import BeautifulSoup, Tag
from bs4.dammit import EncodingDetector
from bs4.element import NavigableString

LATIN = "windows-1252"  # browsers read it where pages say ASCII or Latin-1
MAX_DEPTH = 200  # elements within each other; deeper ones become siblings
MAX_TAGS = 200_000  # the rest of a page is left out
MAX_TEXT = 500  # characters
MAX_NODES = 200  # looked at for the text of an element
MAX_PIECE = 10_000  # characters of a piece of HTML in a field of an API


class _Limited(BeautifulSoup):
    tags = 0

    def handle_starttag(self, *args: Any, **options: Any) -> Tag | None:
        if len(self.tagStack) > MAX_DEPTH:
            self.popTag()
        self.tags += 1
        return super().handle_starttag(*args, **options) if self.tags <= MAX_TAGS else None


def parse(html: bytes, charset: str | None) -> BeautifulSoup:
    """The tree of a page.

    Args:
        html: the page, bytes.
        charset: character set from the Content-Type header, if there is one; else the page's own counts.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on pages that look like XML or like a file name
        return _Limited(html, "lxml", from_encoding=_encoding(html, charset))


def _encoding(html: bytes, charset: str | None) -> str | None:
    """The encoding of a page; None if the page itself declares one.

    Without any it is UTF-8, or else what browsers take. (BeautifulSoup would guess: Big5, for one umlaut.)
    """
    with contextlib.suppress(LookupError):
        if charset:
            return LATIN if codecs.lookup(charset).name in ("iso8859-1", "ascii") else charset
    marked, encoding = EncodingDetector.strip_byte_order_mark(html)
    if encoding or EncodingDetector.find_declared_encoding(marked, is_html=True):
        return None
    try:
        html.decode()
    except UnicodeDecodeError:
        return LATIN
    return "utf-8"


def attribute(tag: Tag, name: str) -> str:
    """The text of an attribute; empty if there is none."""
    value = tag.get(name)
    return value if isinstance(value, str) else " ".join(value or ())


def enclosing(tag: Tag, name: str) -> Tag | None:
    """The nearest element of this name around `tag`."""
    parent = tag.parent
    while parent is not None and parent.name != name:
        parent = parent.parent
    return parent


def text_of(tag: Tag) -> str:
    """The beginning of an element's text, with single spaces."""
    nodes = itertools.islice(tag.descendants, MAX_NODES)
    return one_line(" ".join(node[:MAX_TEXT] for node in nodes if isinstance(node, NavigableString)))


def plain_text(html: str) -> str:
    """The beginning of the text that a piece of HTML shows."""
    piece = html[:MAX_PIECE]
    if len(html) > MAX_PIECE and (cut := piece.find("<", piece.rfind(">") + 1)) >= 0:  # within a tag
        piece = piece[:cut]
    soup = parse(piece.encode(errors="replace"), "utf-8")
    for tag in soup.find_all(_is_hidden):
        tag.extract()
    return re.sub(r" (?=[,.;:)])", "", one_line(soup.get_text(" ")))


def _is_hidden(tag: Tag) -> bool:
    style = attribute(tag, "style").replace(" ", "").lower()
    return tag.name in ("script", "style") or tag.has_attr("hidden") or "display:none" in style


def one_line(text: str) -> str:
    """The beginning of a text, with single spaces."""
    return " ".join(text[: 4 * MAX_TEXT].split())[:MAX_TEXT].rstrip()
