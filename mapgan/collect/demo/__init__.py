"""The demo gallery: maps in this package, served as a website on 127.0.0.1 and scraped like any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from mapgan.collect import fetching, gallery
from mapgan.collect.client import Client
from mapgan.collect.demo.site import serve
from mapgan.collect.keeping import Gathered
from mapgan.collect.store import Store
from mapgan.params.collecting import Demo, DemoStyle, Gallery, Scrape
from mapgan.params.download import Download

__all__ = ["gather", "packaged", "serve"]


def packaged() -> Traversable:
    """This package as a folder, which contains `maps.json` and `maps/`."""
    return resources.files("mapgan.collect.demo")


def gather(settings: Demo, group_pattern: str, raw: Path, cache: Path, source: Traversable | None = None) -> Gathered:
    """Scrape the demo gallery into `raw`.

    URLs in the rows start with `demo:` instead of host and port, so that they are the same on every run.

    Raises:
        MapganError: there are no maps in these styles.
    """
    styles: Sequence[DemoStyle] = settings.styles
    with serve(styles, source or packaged()) as base:
        site = gallery.source(Scrape(gallery=Gallery(urls=[base], max_pages=10_000, max_images=1_000_000)))
        client = Client(Download(delay=0, retries=2), trusted=[base], direct=True)
        # another version of mapgan may have another map under the same name
        gathered = fetching.gather(site, client, Store(cache, remember=False), raw, group_pattern)
        return Gathered(
            [
                replace(
                    row,
                    url=row.url.replace(base, "demo:"),
                    page=row.page.replace(base, "demo:"),
                    licence=row.licence.replace(base, "demo:"),
                )
                for row in gathered.rows
            ],
            gathered.new,
        )
