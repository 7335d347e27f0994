"""Images from a website: first all pages are crawled, then the images are downloaded."""

from __future__ import annotations

import io
import re
import sys
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import soupsieve
from bs4.exceptions import ParserRejectedMarkup

from mapgan import files
from mapgan.collect.addresses import UnavailableError, origin
from mapgan.collect.client import Client, WrongKindError
from mapgan.collect.groups import group, stem_of
from mapgan.collect.header import read_header
from mapgan.collect.manifest import ManifestRow
from mapgan.collect.pages import ImageLink, Page, read_page
from mapgan.collect.store import Store, Stored
from mapgan.errors import MapganError
from mapgan.params.collecting import Gallery
from mapgan.progress import Bar

PAGE_BYTES = 8 << 20
NOT_HERE = {403, 404, 410}


@dataclass(frozen=True)
class FoundImage:
    """An image, and the page that it was found on."""

    image: ImageLink
    page: str
    author: str = ""
    licence: str = ""


@dataclass
class Crawl:
    """The result of crawling: images by their best address, and rows of pages that failed."""

    images: dict[str, FoundImage] = field(default_factory=dict)
    failed: list[ManifestRow] = field(default_factory=list)


def check_settings(settings: Gallery) -> None:
    """Check the settings before any work.

    Raises:
        MapganError: no address is given, one is not http(s), or a CSS selector is wrong.
    """
    if not settings.urls:
        raise MapganError("scrape.gallery.urls is empty", "give the addresses of the first pages")
    for url in settings.urls:
        try:
            origin(url)
        except UnavailableError as error:
            raise MapganError(
                f"scrape.gallery.urls: {url}: {error}", "write it like https://example.org/maps"
            ) from None
        if re.match(r"\w+://[^/?#]*@", url):
            raise MapganError("scrape.gallery.urls: an address holds a name or password", "leave it out")
    for name in ("images", "next_page", "follow"):
        try:
            soupsieve.compile(getattr(settings, name) or "a")
        except soupsieve.SelectorSyntaxError as error:
            first = str(error).splitlines()[0]
            raise MapganError(f"scrape.gallery.{name} is not a CSS selector", first) from None


def gather(
    settings: Gallery, group_pattern: str, client: Client, store: Store, raw: Path
) -> tuple[list[ManifestRow], int]:
    """Download the images of a gallery to `raw`; returns their rows, and how many were downloaded now.

    Raises:
        MapganError: the first page is not available, or there are no images.
    """
    crawled = crawl(settings, client)
    if not crawled.images:
        raise MapganError(f"{settings.urls[0]}: no image found", "check scrape.gallery.images")
    rows, new, failed = crawled.failed, 0, 0
    limit = int(settings.max_mib * 2**20)
    with Bar("images", total=len(crawled.images)) as bar, store.scratch() as scratch:
        for found in crawled.images.values():
            try:
                stored, downloaded = _fetch_first(found.image.addresses, client, store, scratch, limit)
            except UnavailableError as error:
                failed += 1
                rows.append(_failed(found.image.addresses[0], found.page, str(error), found.image.title))
            else:
                new += downloaded
                rows.append(_copy_to_raw(stored, found, group_pattern, raw))
            bar.advance(note=f"{failed} failed" if failed else None)
    return rows, new


def crawl(settings: Gallery, client: Client) -> Crawl:
    """Crawl from the first pages to next pages and followed links, breadth first, on the same hosts only.

    Raises:
        MapganError: the first page is not available.
    """
    crawled = Crawl()
    queue = deque((url, "", 0) for url in dict.fromkeys(settings.urls))
    seen = set(settings.urls)
    hosts = {origin(url)[0] for url in settings.urls}
    pages = 0
    with Bar("pages") as bar:
        while queue and pages < settings.max_pages and len(crawled.images) < settings.max_images:
            url, parent, depth = queue.popleft()
            pages += 1
            try:
                at, page = _open(url, client, settings, depth)
                if not parent:
                    hosts.add(origin(at)[0])  # example.org may redirect to www.example.org
                elif origin(at)[0] not in hosts:
                    raise UnavailableError("leads to another site")
            except UnavailableError as error:
                if isinstance(error, WrongKindError) and error.media_type.startswith("image/"):
                    crawled.images.setdefault(url, FoundImage(ImageLink((url,)), parent))
                elif pages == 1:
                    raise MapganError(f"{url}: {error}", "check scrape.gallery.urls and the site") from None
                else:
                    crawled.failed.append(_failed(url, parent, str(error)))
                continue
            seen.add(at)
            for image in page.images[: settings.max_images - len(crawled.images)]:
                found = FoundImage(image, at, page.author, page.licence)
                crawled.images.setdefault(image.addresses[0], found)
            ahead = [(page.next_page, depth)] if page.next_page else []
            for target, deep in ahead + [(link, depth + 1) for link in page.follow]:
                if target not in seen and origin(target)[0] in hosts:
                    seen.add(target)
                    queue.append((target, at, deep))
            bar.advance(note=f"{len(crawled.images)} images")
    if queue:
        limit = "max_pages" if pages >= settings.max_pages else "max_images"
        print(f"mapgan: stopped at scrape.gallery.{limit}; there is more", file=sys.stderr)
    return crawled


def _open(url: str, client: Client, settings: Gallery, depth: int) -> tuple[str, Page]:
    body = io.BytesIO()
    handle_trouble = client.fetch(url, body, "page", PAGE_BYTES)
    try:
        page = read_page(
            body.getvalue(),
            handle_trouble.url,
            images=settings.images,
            next_page=settings.next_page,
            follow=settings.follow if depth < settings.depth else "",
            charset=handle_trouble.charset,
        )
    except (ParserRejectedMarkup, RecursionError, ValueError):
        raise UnavailableError("cannot be read as HTML") from None
    return handle_trouble.url, page


def _fetch_first(
    addresses: tuple[str, ...], client: Client, store: Store, scratch: Path, limit: int
) -> tuple[Stored, bool]:
    """The image from the first address that has one, and whether it was downloaded now.

    The next address is tried only if there is nothing at the one before it. If a busy server were a reason, the
    result could be a thumbnail on one run and the image on another.
    """
    if stored := store.get(addresses[0]):
        return stored, False
    first: UnavailableError | None = None
    for address in addresses:
        target = scratch / "image"
        try:
            with target.open("w+b") as into:
                client.fetch(address, into, "image", limit)
            return store.add(addresses[0], address, target), True
        except UnavailableError as error:
            first = first or error
            if error.status not in NOT_HERE and not isinstance(error, WrongKindError):
                break
        finally:
            target.unlink(missing_ok=True)  # the store may have a hard link to it
    raise first or UnavailableError("no address")


def _copy_to_raw(stored: Stored, found: FoundImage, group_pattern: str, raw: Path) -> ManifestRow:
    header = read_header(stored.path)
    name = f"{stored.digest}.{header.suffix}"
    files.link_or_copy(stored.path, raw / name)
    return ManifestRow(
        file=name,
        url=stored.url,
        page=found.page,
        title=found.image.title,
        author=found.author,
        licence=found.licence,
        mime=header.mime,
        bytes=stored.path.stat().st_size,
        width=header.width,
        height=header.height,
        group=group(stem_of(stored.url), group_pattern),
    )


def _failed(url: str, page: str, reason: str, title: str = "") -> ManifestRow:
    return ManifestRow(url=url, page=page, title=title, status="failed", reason=reason)
