"""Images from a list of addresses, which a person or an earlier scrape has written."""

from __future__ import annotations

from pathlib import Path

from mapgan.collect.found import read_list
from mapgan.collect.source import Source
from mapgan.params.collecting import Scrape


def source(settings: Scrape) -> Source:
    """The list as a source.

    Raises:
        MapganError: it cannot be read, or has no addresses.
    """
    found = read_list(Path(settings.urls.path))
    addresses = [url for image in found.images for url in image.urls]
    trusted = addresses if settings.download.allow_private else []  # a list may be another's
    return Source(settings.urls, addresses, lambda _: found, trusted)
