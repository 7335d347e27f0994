"""Images of any website: crawls the pages first, then downloads the images."""

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
from mapgan.collect.client import Client, WrongTypeError
from mapgan.collect.groups import group, stem_of
from mapgan.collect.header import read_header
from mapgan.collect.manifest import ManifestRow
from mapgan.collect.pages import ImageLink, Page, read_page
from mapgan.collect.store import Store, Stored
from mapgan.errors import MapganError
from mapgan.params.collecting import Gallery
from mapgan.progress import Bar

PAGE_BYTES = 8 << 20
MISSING_STATUSES = {403, 404, 410}


@dataclass(frozen=True)
class FoundImage:
    """An image link, and the URL, author and licence of its page."""

    link: ImageLink
    page: str
    author: str = ""
    licence: str = ""


@dataclass
class Crawl:
    """The result of a crawl: images by their best URL, and pages that failed."""

    images: dict[str, FoundImage] = field(default_factory=dict)
    failed: list[ManifestRow] = field(default_factory=list)


def check_settings(settings: Gallery) -> None:
    """Check the settings before any request.

    Raises:
        MapganError: there are no URLs, one is not http(s) or holds a password, or a CSS selector is not valid.
    """
    if not settings.urls:
        raise MapganError("scrape.gallery.urls is empty", "give it the URLs of the first pages")
    for url in settings.urls:
        try:
            origin(url)
        except UnavailableError as error:
            raise MapganError(f"scrape.gallery.urls: {url}: {error}", "write it as https://example.org/maps") from None
        if re.match(r"\w+://[^/?#]*@", url):
            raise MapganError("scrape.gallery.urls: a URL contains a user name or password", "remove it")
    for name in ("images", "next_page", "follow"):
        try:
            soupsieve.compile(getattr(settings, name) or "a")
        except soupsieve.SelectorSyntaxError as error:
            why = str(error).splitlines()[0]
            raise MapganError(f"scrape.gallery.{name} is not a CSS selector", why) from None


def gather(
    settings: Gallery, group_pattern: str, client: Client, store: Store, raw: Path
) -> tuple[list[ManifestRow], int]:
    """Copy the images of a gallery into `raw`; returns their rows and how many were downloaded in this run.

    Raises:
        MapganError: the first page cannot be fetched, or no page has an image.
    """
    crawled = crawl(settings, client)
    if not crawled.images:
        raise MapganError(f"{settings.urls[0]}: no images found", "check that scrape.gallery.images fits the page")
    rows, new, failed = crawled.failed, 0, 0
    limit = int(settings.max_mib * 2**20)
    with Bar("images", total=len(crawled.images)) as bar, store.scratch() as scratch:
        for image in crawled.images.values():
            try:
                stored, downloaded = _fetch_first(image.link.urls, client, store, scratch, limit)
            except UnavailableError as error:
                failed += 1
                rows.append(_failed(image.link.urls[0], image.page, str(error), image.link.title))
            else:
                new += downloaded
                rows.append(_copy_to_raw(stored, image, group_pattern, raw))
            bar.advance(note=f"{failed} failed" if failed else None)
    return rows, new


def crawl(settings: Gallery, client: Client) -> Crawl:
    """Visit the start pages, their next pages and followed links, breadth first, without leaving their hosts.

    Raises:
        MapganError: the first page cannot be fetched.
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
                final_url, page = _open(url, client, settings, depth)
                if not parent:
                    hosts.add(origin(final_url)[0])  # example.org may redirect to www.example.org
                elif origin(final_url)[0] not in hosts:
                    raise UnavailableError("leads to another site")
            except UnavailableError as error:
                if isinstance(error, WrongTypeError) and error.media_type.startswith("image/"):
                    crawled.images.setdefault(url, FoundImage(ImageLink((url,)), parent))
                elif pages == 1:
                    raise MapganError(f"{url}: {error}", "check scrape.gallery.urls and the site") from None
                else:
                    crawled.failed.append(_failed(url, parent, str(error)))
                continue
            seen.add(final_url)
            for link in page.images[: settings.max_images - len(crawled.images)]:
                image = FoundImage(link, final_url, page.author, page.licence)
                crawled.images.setdefault(link.urls[0], image)
            targets = [(page.next_page, depth)] if page.next_page else []
            targets += [(target, depth + 1) for target in page.follow]
            for target, target_depth in targets:
                if target not in seen and origin(target)[0] in hosts:
                    seen.add(target)
                    queue.append((target, final_url, target_depth))
            bar.advance(note=f"{len(crawled.images)} images")
    if queue:
        limit = "max_pages" if pages >= settings.max_pages else "max_images"
        print(f"mapgan: stopped at scrape.gallery.{limit}, before the end of the gallery", file=sys.stderr)
    return crawled


def _open(url: str, client: Client, settings: Gallery, depth: int) -> tuple[str, Page]:
    body = io.BytesIO()
    fetched = client.fetch(url, body, "page", PAGE_BYTES)
    try:
        page = read_page(
            body.getvalue(),
            fetched.url,
            images=settings.images,
            next_page=settings.next_page,
            follow=settings.follow if depth < settings.depth else "",
            charset=fetched.charset,
        )
    except (ParserRejectedMarkup, RecursionError, ValueError):
        raise UnavailableError("not valid HTML") from None
    return fetched.url, page


def _fetch_first(urls: tuple[str, ...], client: Client, store: Store, scratch: Path, limit: int) -> tuple[Stored, bool]:
    """The image of the first URL that gives one, and whether it was downloaded in this run.

    The next URL is tried only if the image is missing. After other errors it is not: a thumbnail, taken because the
    server was busy with the full image, would make the result differ from run to run.
    """
    if stored := store.get(urls[0]):
        return stored, False
    first_error: UnavailableError | None = None
    for url in urls:
        target = scratch / "image"
        try:
            with target.open("w+b") as into:
                client.fetch(url, into, "image", limit)
            return store.add(urls[0], url, target), True
        except UnavailableError as error:
            first_error = first_error or error
            if error.status not in MISSING_STATUSES and not isinstance(error, WrongTypeError):
                break
        finally:
            target.unlink(missing_ok=True)  # the store may hold a link to it
    raise first_error or UnavailableError("no URL")


def _copy_to_raw(stored: Stored, image: FoundImage, group_pattern: str, raw: Path) -> ManifestRow:
    header = read_header(stored.path)
    name = f"{stored.digest}.{header.suffix}"
    files.link_or_copy(stored.path, raw / name)
    return ManifestRow(
        file=name,
        url=stored.url,
        page=image.page,
        title=image.link.title,
        author=image.author,
        licence=image.licence,
        mime=header.mime,
        bytes=stored.path.stat().st_size,
        width=header.width,
        height=header.height,
        group=group(stem_of(stored.url), group_pattern),
    )


def _failed(url: str, page: str, reason: str, title: str = "") -> ManifestRow:
    return ManifestRow(url=url, page=page, title=title, status="failed", reason=reason)
