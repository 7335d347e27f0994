"""Images from a list of addresses, which a person or an earlier scrape has written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mapgan.collect.client import Client
from mapgan.collect.fetching import fetch_images
from mapgan.collect.found import read_list
from mapgan.collect.keeping import Gathered
from mapgan.collect.store import Store
from mapgan.params.collecting import Urls


def gather(settings: Urls, group_pattern: str, client: Client, store: Store, raw: Path) -> Gathered:
    """Copy the images of a list into `raw`.

    Raises:
        MapganError: the list cannot be read, or has no addresses.
    """
    images, failed = read_list(Path(settings.path))
    gathered = fetch_images(images, client, store, raw, group_pattern)
    return replace(gathered, rows=failed + gathered.rows)
