"""Images of any website: crawls the pages first, then downloads the images."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import soupsieve

from mapgan.collect.addresses import UnavailableError, origin
from mapgan.collect.client import Client
from mapgan.collect.crawl import crawl
from mapgan.collect.fetching import fetch_images
from mapgan.collect.keeping import Gathered
from mapgan.collect.store import Store
from mapgan.errors import MapganError
from mapgan.params.collecting import Gallery


def check_settings(settings: Gallery) -> None:
    """Check the settings before any request.

    Raises:
        MapganError: there are no URLs, one is not http(s) or holds a password, or a CSS selector is not valid.
    """
    if not settings.urls:
        raise MapganError("scrape.gallery.urls is empty", "give it the URLs of the first pages")
    for url in settings.urls:
        if re.match(r"\w+://[^/?#]*@", url):
            raise MapganError("scrape.gallery.urls: a URL contains a user name or password", "remove it")
        try:
            origin(url)
        except UnavailableError as error:
            raise MapganError(f"scrape.gallery.urls: {url}: {error}", "write it as https://example.org/maps") from None
    for name in ("images", "next_page", "follow"):
        try:
            soupsieve.compile(getattr(settings, name) or "a")
        except soupsieve.SelectorSyntaxError as error:
            why = str(error).splitlines()[0]
            raise MapganError(f"scrape.gallery.{name} is not a CSS selector", why) from None


def gather(settings: Gallery, group_pattern: str, client: Client, store: Store, raw: Path) -> Gathered:
    """Copy the images of a gallery into `raw`.

    Raises:
        MapganError: the first page cannot be fetched, or no page has an image.
    """
    crawled = crawl(settings, client)
    others = crawled.rows()
    if not crawled.images and not others:
        raise MapganError(f"{settings.urls[0]}: no images found", "check that scrape.gallery.images fits the page")
    print(f"mapgan: {len(crawled.images)} images found", file=sys.stderr)
    gathered = fetch_images(list(crawled.images.values()), client, store, raw, group_pattern)
    # new images push old ones behind a limit on their number, but not behind the depth
    cut = crawled.cut["max_pages"] + crawled.cut["max_images"] > 0 and not crawled.failed
    return replace(gathered, rows=others + gathered.rows, cut=cut)
