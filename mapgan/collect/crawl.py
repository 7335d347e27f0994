"""Visits the pages of a website and lists their images; no image is downloaded here."""

from __future__ import annotations

import io
import re
import sys
from collections import Counter, deque
from typing import NamedTuple

from bs4.exceptions import ParserRejectedMarkup

from mapgan.collect.addresses import UnavailableError, canonical, origin
from mapgan.collect.client import Client
from mapgan.collect.found import FoundImage
from mapgan.collect.manifest import ManifestRow
from mapgan.collect.opt_outs import LINK_WORDS
from mapgan.collect.pages import Page, read_page
from mapgan.collect.responses import WrongTypeError
from mapgan.errors import MapganError
from mapgan.params.collecting import Gallery
from mapgan.progress import Bar

PAGE_BYTES = 8 << 20


class Visit(NamedTuple):
    """A page to visit: its URL, that of the page that links it (empty for a start page), and its depth."""

    url: str
    parent: str
    depth: int


class Crawl:
    """A walk over the pages of a website, breadth first, that does not leave its hosts and those of the settings.

    Attributes:
        images: by their best URL.
        failed: rows of pages that failed or were refused.
        cut: how many pages, images or links were left out, by the setting that limits them.
    """

    def __init__(self, settings: Gallery, client: Client) -> None:
        self.settings, self.client = settings, client
        starts = list(dict.fromkeys(canonical(url) for url in settings.urls))
        self.queue = deque(Visit(url, "", 0) for url in starts)
        self.seen = set(starts)
        self.hosts = {origin(url)[0] for url in [*starts, *(f"http://{host}" for host in settings.hosts)]}
        self.images: dict[str, FoundImage] = {}
        self.refused: dict[str, ManifestRow] = {}
        self.failed: list[ManifestRow] = []
        self.cut: Counter[str] = Counter()

    def rows(self) -> list[ManifestRow]:
        """The rows of what is not among the images; an image is if any of its pages allows it."""
        return self.failed + [row for url, row in self.refused.items() if url not in self.images]

    def visit(self, visit: Visit) -> None:
        """Read a page: add its images, and its links to the queue.

        Raises:
            UnavailableError: the page cannot or may not be read.
        """
        url, page = self._open(visit.url)
        host = origin(url)[0]
        if not visit.parent:
            self.hosts.add(host)  # example.org may redirect to www.example.org
        elif host not in self.hosts:
            raise UnavailableError("leads to another site")
        self.seen.add(url)
        self._add_images(page, url)
        if self.client.settings.opt_outs == "ignore" or not page.words & LINK_WORDS:
            self._add_links(page, url, visit.depth)

    def _open(self, url: str) -> tuple[str, Page]:
        """The URL of a page after redirects, and what is on it."""
        body = io.BytesIO()
        fetched = self.client.fetch(url, body, "page", PAGE_BYTES)
        try:
            page = read_page(
                body.getvalue(),
                fetched.url,
                images=self.settings.images,
                next_page=self.settings.next_page,
                follow=self.settings.follow,
                charset=fetched.charset,
                words=fetched.words,
            )
        except (ParserRejectedMarkup, ValueError):
            raise UnavailableError("not valid HTML", 200) from None
        return fetched.url, page

    def _add_images(self, page: Page, url: str) -> None:
        word = self.client.obeyed(page.words)
        for link in page.images:
            image, best = FoundImage(link.urls, url, link.title, page.author, page.licence), link.urls[0]
            if not self._is_wanted(best):
                continue
            if word:
                self.refused.setdefault(best, image.without_file(f"its page says {word}", "refused"))
            elif best not in self.images and len(self.images) >= self.settings.max_images:
                self.cut["max_images"] += 1
            else:
                self.images.setdefault(best, image)

    def _is_wanted(self, url: str) -> bool:
        """Whether the patterns of the settings allow an image or a page."""
        allow, deny = self.settings.allow, self.settings.deny
        return re.search(allow, url) is not None and not (deny and re.search(deny, url))

    def _add_links(self, page: Page, url: str, depth: int) -> None:
        visits = [Visit(page.next_page, url, depth)] if page.next_page else []
        visits += [Visit(target, url, depth + 1) for target in page.follow]
        for visit in visits:
            if visit.url in self.seen or origin(visit.url)[0] not in self.hosts or not self._is_wanted(visit.url):
                continue
            if visit.depth > self.settings.depth:
                self.cut["depth"] += 1
            elif len(self.queue) < self.settings.max_pages:  # more would be left out anyway
                self.seen.add(visit.url)
                self.queue.append(visit)


def crawl(settings: Gallery, client: Client) -> Crawl:
    """Visit the start pages, their next pages and followed links, up to the limits of the settings.

    Raises:
        MapganError: the first page cannot be fetched.
    """
    crawled, pages = Crawl(settings, client), 0
    with Bar("pages") as bar:
        while crawled.queue and pages < settings.max_pages and not crawled.cut["max_images"]:
            visit = crawled.queue.popleft()
            pages += 1
            try:
                crawled.visit(visit)
            except UnavailableError as error:
                image = FoundImage((visit.url,), visit.parent)
                if isinstance(error, WrongTypeError) and error.media_type.startswith("image/"):
                    crawled.images.setdefault(visit.url, image)
                elif pages == 1:
                    raise MapganError(f"{visit.url}: {error}", "check scrape.gallery.urls and the site") from None
                else:
                    crawled.failed.append(image.failed(error))
            bar.advance(note=f"{len(crawled.images)} images")
    if pages >= settings.max_pages:
        crawled.cut["max_pages"] = len(crawled.queue)
    _report(crawled.cut)
    return crawled


def _report(cut: Counter[str]) -> None:
    """Say which limits have cut the crawl short."""
    what = {"max_pages": "pages", "max_images": "images", "depth": "links"}
    for name, count in cut.items():
        if count:
            line = f"mapgan: scrape.gallery.{name} reached, at least {count} {what[name]} left out; raise it for all"
            print(line, file=sys.stderr)
