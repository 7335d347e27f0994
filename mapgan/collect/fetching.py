"""Downloads the images that a source has found: shared by all sources on the net."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

from mapgan.collect.addresses import UnavailableError, origin
from mapgan.collect.client import Client
from mapgan.collect.fetching_one import FetchingOne
from mapgan.collect.found import FoundImage
from mapgan.collect.keeping import Gathered
from mapgan.collect.manifest import ManifestRow
from mapgan.collect.source import Source
from mapgan.collect.store import Store
from mapgan.collect.tally import Tally

HOSTS_AT_A_TIME = 16


def gather(source: Source, client: Client, store: Store, raw: Path, group_pattern: str) -> Gathered:
    """Copy the images of a source into `raw`.

    Raises:
        MapganError: as `source.find` does.
    """
    found = source.find(client)
    print(f"mapgan: {len(found.images)} images found", file=sys.stderr)
    gathered = fetch_images(found.images, client, store, raw, group_pattern)
    return replace(gathered, rows=found.left_out + gathered.rows, cut=found.cut)


def fetch_images(images: Sequence[FoundImage], client: Client, store: Store, raw: Path, group_pattern: str) -> Gathered:
    """Copy images into `raw`, from the store or else from the net; one that fails gets a row with the reason.

    Several hosts are asked side by side, by a thread each; the rows are in the order of `images` all the same.
    """
    by_host: dict[str, list[int]] = {}
    for number, image in enumerate(images):
        by_host.setdefault(_host(image), []).append(number)
    rows: list[ManifestRow] = [ManifestRow(status="failed")] * len(images)
    tally = Tally({host: len(numbers) for host, numbers in by_host.items()})
    one = FetchingOne(client, store, raw, group_pattern)

    def fetch_host(host: str) -> None:
        for number in by_host[host]:
            rows[number], new = one.fetch(images[number])
            tally.count(host, rows[number], new)

    raw.mkdir(parents=True, exist_ok=True)
    with store.downloading(), tally.bars:
        _side_by_side(fetch_host, list(by_host), client)
    tally.print()
    answered = {url for image, row in zip(images, rows, strict=True) if row.status == "ok" for url in image.urls}
    return Gathered(rows, tally.new, frozenset(answered))


def _host(image: FoundImage) -> str:
    try:
        return origin(image.urls[0])[0]
    except UnavailableError:
        return ""


def _side_by_side(fetch_host: Callable[[str], None], hosts: Sequence[str], client: Client) -> None:
    if len(hosts) < 2:  # without a thread, an interrupt ends it at once
        for host in hosts:
            fetch_host(host)
        return
    with ThreadPoolExecutor(HOSTS_AT_A_TIME) as threads:
        try:
            for done in as_completed([threads.submit(fetch_host, host) for host in hosts]):
                done.result()
        except BaseException:
            client.stop()  # or the other threads would go on
            raise
