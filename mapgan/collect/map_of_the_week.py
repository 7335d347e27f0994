"""Maps that Wizards of the Coast published every week until 2008, from a web archive. All rights are reserved.

The site is gone. The archive has copies of the pages that list the maps, and an index of the images that it kept
(https://github.com/internetarchive/wayback/tree/master/wayback-cdx-server); `id_` gives them as they were.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString
from bs4.exceptions import ParserRejectedMarkup

from mapgan.collect.addresses import RefusedError, UnavailableError
from mapgan.collect.api import Parameters, ask, text, with_query
from mapgan.collect.client import Client
from mapgan.collect.crawl import PAGE_BYTES
from mapgan.collect.finds import Finds
from mapgan.collect.found import Found, FoundImage
from mapgan.collect.links import image_link, resolve
from mapgan.collect.markup import parse, text_of
from mapgan.collect.pages import page_words
from mapgan.collect.source import Source, check_urls
from mapgan.errors import MapganError
from mapgan.params.api_sources import MapOfTheWeek
from mapgan.params.collecting import Scrape
from mapgan.progress import Bar

NAME, SITE = "map-of-the-week", "archive.wizards.com"
SECONDS = 2.5  # between two requests to the index: 24 a minute
CAPTURES = 3  # of a page that are looked at, the newest: a site that has closed may say so with status 200
AUTHOR, LICENCE = "Wizards of the Coast", "all rights reserved"
MARK = "mapofweek"  # part of the URLs of the maps
DPI = re.compile(r"(?:^|[_. -])(72|150|300)(?:[_. -]?[dp]pi)?(?=[_. -]|$)", re.IGNORECASE)
DPI_IN_TEXT = re.compile(r"(?<!\d)(72|150|300)\s*[dp]pi", re.IGNORECASE)
DOUBLE = re.compile(r"white|black", re.IGNORECASE)  # of a map on black: on white, and in black and white
HEADING = re.compile(r"(\d{1,2}/\d{1,2}\s+[^:]{1,80}):")  # `12/25 The Temple: ...`
MAX_SAID = 2000  # characters before a link in which its heading is looked for


@dataclass
class ListedMap:
    """A map on a page: its heading, the page's address, and the URLs of its copies by their dots per inch."""

    title: str
    page: str
    copies: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Capture:
    """A copy that the archive took of `original`, and where it gives its bytes, unchanged."""

    original: str
    address: str


def from_url(url: str) -> dict[str, Any] | None:
    """The settings for the site that is gone, or for the name of this source."""
    return {} if url == NAME or urlsplit(url).hostname == SITE else None


def source(settings: Scrape) -> Source:
    """The archived maps as a source.

    Raises:
        MapganError: the user has not accepted that all rights are reserved.
    """
    maps = settings.map_of_the_week
    if not maps.accept_rights:
        raise MapganError(
            "scrape.map-of-the-week: all rights to these maps are reserved by Wizards of the Coast",
            "if you may use them, set scrape.map-of-the-week.accept_rights to true",
        )
    check_urls([maps.archive], "scrape.map-of-the-week.archive", "https://web.archive.org")
    return Source(maps, [maps.archive], partial(_find, maps), trusted=[maps.archive])


def _find(settings: MapOfTheWeek, client: Client) -> Found:
    """One image of each map that the pages list.

    Raises:
        MapganError: there are none.
    """
    finds = Finds("scrape.map-of-the-week", settings.max_images)
    maps: dict[tuple[str, int], ListedMap] = {}
    captures: dict[str, Capture] = {}
    with Bar("answers") as bar:
        for page in settings.pages:
            try:
                _read_listing(client, settings.archive, page, maps)
            except UnavailableError as error:
                finds.failed(FoundImage((page,)), error)
            bar.advance(note=f"{len(maps)} maps")
        for folder in settings.folders if maps else []:
            query = {"url": folder, "matchType": "prefix", "collapse": "urlkey"}
            try:
                for capture in _index(client, settings.archive, query, "image/.*"):
                    captures.setdefault(_path(capture.original), capture)
            except UnavailableError as error:
                finds.failed(FoundImage((folder,)), error)
            bar.advance()
    for listed in maps.values():
        _add(listed, captures, settings, finds)
    return finds.result("check scrape.map-of-the-week.pages and folders")


def _add(listed: ListedMap, captures: dict[str, Capture], settings: MapOfTheWeek, finds: Finds) -> None:
    """Add the copy of a map that is wanted most; the others that are archived stand in for it if it is gone."""
    by_wish = sorted(listed.copies, key=lambda dpi: (dpi < settings.dpi, dpi if dpi >= settings.dpi else -dpi))
    paths = [_path(listed.copies[dpi]) for dpi in by_wish]
    urls = tuple(captures[path].address for path in paths if path in captures)
    image = FoundImage(urls or (listed.copies[by_wish[0]],), listed.page, listed.title, AUTHOR, LICENCE)
    if urls:
        finds.add(image)
    else:
        finds.leave_out(image, "not in the web archive")


def _path(url: str) -> str:
    """The path of an image, by which captures are found: the host, and the case of letters, changed over the years."""
    return unquote(urlsplit(url).path).lower()


def _index(client: Client, archive: str, query: Mapping[str, str], kind: str) -> list[Capture]:
    """The captures that the index lists, oldest first for each URL.

    Args:
        client: asks.
        archive: the web archive.
        query: which of them.
        kind: regular expression for their MIME type.

    Raises:
        UnavailableError: the index does not answer, or with something else.
    """
    client.sleep(SECONDS)
    base = archive.rstrip("/")
    parameters: Parameters = {
        **query,
        "filter": ["statuscode:200", f"mimetype:{kind}"],
        "output": "json",
        "fl": "timestamp,original",
    }
    rows = ask(client, with_query(f"{base}/cdx/search/cdx", parameters)).data
    if rows == []:
        return []
    names = [text(cell) for cell in rows[0]] if isinstance(rows, list) and isinstance(rows[0], list) else []
    if not {"timestamp", "original"} <= set(names):
        raise UnavailableError("not an index of a web archive", 200)
    captures = []
    for row in rows[1:]:
        cells = dict(zip(names, map(text, row if isinstance(row, list) else []), strict=False))
        time, original = cells.get("timestamp", ""), resolve(cells.get("original", ""), "")
        address = resolve(f"{base}/web/{time}id_/{original}", "") if re.fullmatch("[0-9]{4,14}", time) else None
        if original and address:
            captures.append(Capture(original, address))
    return captures


def _read_listing(client: Client, archive: str, page: str, maps: dict[tuple[str, int], ListedMap]) -> None:
    """Add the maps on the newest capture of a page that lists any.

    Raises:
        UnavailableError: there is no such capture, or it cannot be read.
    """
    for capture in reversed(_index(client, archive, {"url": page, "limit": f"-{CAPTURES}"}, "text/html")):
        body = io.BytesIO()
        fetched = client.fetch(capture.address, body, "page", PAGE_BYTES)
        try:
            soup = parse(body.getvalue(), fetched.charset)
        except (ParserRejectedMarkup, ValueError):
            continue
        if word := client.obeyed(fetched.words | page_words(soup)):
            raise RefusedError(f"its page says {word}", 200)
        copies = [
            (url, words, heading)
            for link, heading in _links(soup)
            if (url := image_link(link, capture.original)) and MARK in url.lower()
            if not DOUBLE.search(words := text_of(link))
        ]
        for url, words, heading in copies:
            _add_copy(maps, url, words, heading, capture.address)
        if copies:
            return
    raise UnavailableError("the web archive has no copy of this page that lists maps", 200)


def _links(soup: BeautifulSoup) -> Iterator[tuple[Tag, str]]:
    """The links of a page, each with the last heading in the text between it and the link before; empty without one."""
    said = ""
    for node in soup.descendants:
        if isinstance(node, Tag) and node.name == "a":
            headings = HEADING.findall(" ".join(said.split()))
            yield node, headings[-1] if headings else ""
            said = ""
        elif type(node) is NavigableString:
            said = f"{said} {node}"[-MAX_SAID:]


def _add_copy(maps: dict[tuple[str, int], ListedMap], url: str, words: str, heading: str, page: str) -> None:
    """Add a copy to its map.

    Copies of a map have the same name up to the resolution, `01_June2007_72_fc2wdj_ppi.jpg`. Where the name has none,
    the text of the link says it, and a copy follows those with fewer dots per inch with nothing but links in between.
    """
    folder, _, name = _path(url).rpartition("/")
    in_name = DPI.search(name.rpartition(".")[0])
    said = in_name or DPI_IN_TEXT.search(words)
    dpi = int(said[1]) if said else 0
    stem = f"{folder}/{name[: in_name.start()] or name[in_name.end() :]}" if in_name else f"{folder}/{name}"
    if not in_name and maps and not heading:
        last = next(reversed(maps))
        if dpi > max(maps[last].copies):
            maps[last].copies[dpi] = url
            return
    number = 0
    while (stem, number) in maps and maps[stem, number].copies.get(dpi, url) != url:
        number += 1  # another map, or at least another drawing of it, under the same name
    listed = maps.setdefault((stem, number), ListedMap(heading, page))
    listed.copies[dpi] = url
