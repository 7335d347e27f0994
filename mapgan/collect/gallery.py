"""Images of any website, found by crawling its pages."""

from __future__ import annotations

import re
from functools import partial

import soupsieve

from mapgan.collect.client import Client
from mapgan.collect.crawl import crawl
from mapgan.collect.found import Found
from mapgan.collect.source import Source, check_urls
from mapgan.errors import MapganError
from mapgan.params.collecting import Gallery, Scrape

HOST = re.compile(r"\w[\w.-]*")


def source(settings: Scrape) -> Source:
    """The gallery as a source.

    Raises:
        MapganError: there are no URLs, one is not http(s) or holds a password, or a CSS selector is not valid.
    """
    _check(settings.gallery)
    urls = settings.gallery.urls
    return Source(settings.gallery, urls, partial(_find, settings), trusted=urls)


def _find(settings: Scrape, client: Client) -> Found:
    """The images of the pages.

    Raises:
        MapganError: the first page cannot be fetched, or no page has an image.
    """
    crawled = crawl(settings.gallery, client)
    others = crawled.rows()
    if not crawled.images and not others:
        raise MapganError(
            f"{settings.gallery.urls[0]}: no images found", "check that scrape.gallery.images fits the page"
        )
    # new images push old ones behind a limit on their number, but not behind the depth
    cut = crawled.cut["max_pages"] + crawled.cut["max_images"] > 0 and not crawled.failed
    return Found(list(crawled.images.values()), others, cut)


def _check(settings: Gallery) -> None:
    check_urls(settings.urls, "scrape.gallery.urls", "https://example.org/maps")
    for host in settings.hosts:
        if not HOST.fullmatch(host):
            raise MapganError(f"scrape.gallery.hosts: {host} is no host", "write it as maps.example.org")
    for name in ("images", "next_page", "follow"):
        try:
            soupsieve.compile(getattr(settings, name) or "a")
        except soupsieve.SelectorSyntaxError as error:
            why = str(error).splitlines()[0]
            raise MapganError(f"scrape.gallery.{name} is not a CSS selector", why) from None
