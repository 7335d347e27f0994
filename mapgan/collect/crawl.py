"""Visits the pages of a website and lists their images; no image is downloaded here."""

from __future__ import annotations

import io
import sys
from collections import deque
from dataclasses import dataclass, field

from bs4.exceptions import ParserRejectedMarkup

from mapgan.collect.addresses import RefusedError, UnavailableError, canonical, origin
from mapgan.collect.client import Client
from mapgan.collect.found import FoundImage
from mapgan.collect.manifest import ManifestRow
from mapgan.collect.opt_outs import LINK_WORDS, opt_out
from mapgan.collect.pages import Page, read_page
from mapgan.collect.responses import WrongTypeError
from mapgan.errors import MapganError
from mapgan.params.collecting import Gallery
from mapgan.progress import Bar

PAGE_BYTES = 8 << 20


@dataclass
class Crawl:
    """The result of a crawl: images by their best URL, and pages and images that failed or were refused."""

    images: dict[str, FoundImage] = field(default_factory=dict)
    refused: dict[str, ManifestRow] = field(default_factory=dict)
    failed: list[ManifestRow] = field(default_factory=list)
    cut: bool = False
    """whether a limit of the settings ended the crawl"""

    def rows(self) -> list[ManifestRow]:
        """The rows of what is not among the images; an image is if any of its pages allows it."""
        return self.failed + [row for url, row in self.refused.items() if url not in self.images]


def crawl(settings: Gallery, client: Client) -> Crawl:
    """Visit the start pages, their next pages and followed links, breadth first, without leaving their hosts.

    Raises:
        MapganError: the first page cannot be fetched.
    """
    crawled = Crawl()
    starts = list(dict.fromkeys(canonical(url) for url in settings.urls))
    queue = deque((url, "", 0) for url in starts)
    seen = set(starts)
    hosts = {origin(url)[0] for url in starts}
    pages, cut = 0, {"max_pages": 0, "max_images": 0, "depth": 0}
    with Bar("pages") as bar:
        while queue and pages < settings.max_pages and not cut["max_images"]:
            url, parent, depth = queue.popleft()
            pages += 1
            try:
                final_url, page = _open(url, client, settings)
                if not parent:
                    hosts.add(origin(final_url)[0])  # example.org may redirect to www.example.org
                elif origin(final_url)[0] not in hosts:
                    raise UnavailableError("leads to another site")
            except UnavailableError as error:
                if isinstance(error, WrongTypeError) and error.media_type.startswith("image/"):
                    crawled.images.setdefault(url, FoundImage((url,), parent))
                elif pages == 1:
                    raise MapganError(f"{url}: {error}", "check scrape.gallery.urls and the site") from None
                else:
                    image = FoundImage((url,), parent)
                    crawled.failed.append(image.without_file(str(error), isinstance(error, RefusedError)))
                continue
            seen.add(final_url)
            cut["max_images"] += _add_images(page, final_url, crawled, settings)
            targets = [(page.next_page, depth)] if page.next_page else []
            targets += [(target, depth + 1) for target in page.follow]
            if settings.opt_outs == "obey" and page.words & LINK_WORDS:
                targets = []
            for target, target_depth in targets:
                if target in seen or origin(target)[0] not in hosts:
                    continue
                if target_depth > settings.depth:
                    cut["depth"] += 1
                    continue
                seen.add(target)
                queue.append((target, final_url, target_depth))
            bar.advance(note=f"{len(crawled.images)} images")
    cut["max_pages"] = len(queue) if pages >= settings.max_pages else 0
    crawled.cut = any(cut.values())
    _report(cut)
    return crawled


def _add_images(page: Page, url: str, crawled: Crawl, settings: Gallery) -> int:
    """Add the images of a page; returns how many new ones were left out because there are enough."""
    word = opt_out(page.words) if settings.opt_outs == "obey" else ""
    left_out = 0
    for link in page.images:
        image = FoundImage(link.urls, url, link.title, page.author, page.licence)
        if word:
            crawled.refused.setdefault(link.urls[0], image.without_file(f"its page says {word}", refused=True))
        elif link.urls[0] not in crawled.images and len(crawled.images) >= settings.max_images:
            left_out += 1
        else:
            crawled.images.setdefault(link.urls[0], image)
    return left_out


def _report(cut: dict[str, int]) -> None:
    """Say which limits have cut the crawl short."""
    what = {"max_pages": "pages", "max_images": "images", "depth": "links"}
    for name, count in cut.items():
        if count:
            line = f"mapgan: scrape.gallery.{name} reached, at least {count} {what[name]} left out; raise it for all"
            print(line, file=sys.stderr)


def _open(url: str, client: Client, settings: Gallery) -> tuple[str, Page]:
    body = io.BytesIO()
    fetched = client.fetch(url, body, "page", PAGE_BYTES)
    try:
        page = read_page(
            body.getvalue(),
            fetched.url,
            images=settings.images,
            next_page=settings.next_page,
            follow=settings.follow,
            charset=fetched.charset,
            words=fetched.words,
        )
    except (ParserRejectedMarkup, ValueError):
        raise UnavailableError("not valid HTML", 200) from None
    return fetched.url, page
