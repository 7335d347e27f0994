"""Images of WordPress sites through their REST API: https://developer.wordpress.org/rest-api/reference/."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, urlsplit

from bs4.exceptions import ParserRejectedMarkup

from mapgan.collect.addresses import RefusedError, UnavailableError, canonical
from mapgan.collect.api import Answer, ask, table, text, with_query
from mapgan.collect.client import Client
from mapgan.collect.crawl import PAGE_BYTES
from mapgan.collect.finds import Finds
from mapgan.collect.found import Found, FoundImage
from mapgan.collect.links import resolve
from mapgan.collect.markup import parse, plain_text
from mapgan.collect.pages import page_words, read_page
from mapgan.collect.source import Source, check_urls
from mapgan.collect.thumbnails import is_image
from mapgan.params.api_sources import WordPress
from mapgan.params.collecting import Gallery, Scrape
from mapgan.progress import Bar

API = "/wp-json/wp/v2/"
ROUTE = "rest_route="  # of sites without pretty permalinks
BATCH = 100
QUERY: dict[str, str | int | list[str]] = {
    "per_page": BATCH,
    "_embed": "author",
    "_fields": "link,title,content,source_url,media_details,mime_type,_links,_embedded",
}
IMAGES = Gallery().images
OF_THE_API = {"noindex"}  # WordPress keeps search engines from the answers of its API, not from the site


def from_url(url: str) -> dict[str, Any] | None:
    """The settings for an address of the API of a WordPress site."""
    return {"urls": [url]} if _is_api(url) else None


def source(settings: Scrape) -> Source:
    """WordPress sites as a source.

    Raises:
        MapganError: there are no URLs, or one is not http(s) or holds a password.
    """
    urls = settings.wordpress.urls
    check_urls(urls, "scrape.wordpress.urls", "https://example.org")
    return Source(settings.wordpress, urls, partial(_find, settings.wordpress), trusted=urls)


def _is_api(url: str) -> bool:
    return API in urlsplit(url).path or ROUTE in urlsplit(url).query


def _find(settings: WordPress, client: Client) -> Found:
    """The images of all sites.

    Raises:
        MapganError: there are none.
    """
    finds = Finds("scrape.wordpress", settings.max_images)
    with Bar("answers") as bar:
        for url in map(canonical, settings.urls):
            site = url.partition(API)[0].partition("?")[0].rstrip("/")
            api = url if _is_api(url) else f"{site}{API}{settings.content}"
            if word := _opt_out(client, f"{site}/"):
                finds.leave_out(FoundImage((f"{site}/",)), f"its site says {word}", "refused")
                continue
            for item in _items(client, api, settings.max_pages, finds, bar):
                for image in _images(item, api):
                    finds.add(image)
                if finds.full:
                    return finds.result("")
    return finds.result("check scrape.wordpress.urls and content")


def _opt_out(client: Client, home: str) -> str:
    """The word by which the home page keeps images from us; empty if there is none, or no such page."""
    if client.settings.opt_outs == "ignore":
        return ""
    body = io.BytesIO()
    try:
        fetched = client.fetch(home, body, "page", PAGE_BYTES)
        return client.obeyed(fetched.words | page_words(parse(body.getvalue(), fetched.charset)))
    except (UnavailableError, ParserRejectedMarkup, ValueError):
        return ""


def _items(client: Client, api: str, max_pages: int, finds: Finds, bar: Bar) -> Iterator[dict[str, Any]]:
    """The posts or files of all pages of a list; a page that fails is left out."""
    number, pages = 0, None
    while number < (max_pages if pages is None else min(pages, max_pages)):
        number += 1
        url = with_query(api, QUERY | {"page": number})
        try:
            answer = ask(client, url)
            listed = _listed(answer, client)
        except UnavailableError as error:
            if error.status == 400 and number > 1:  # behind the last page
                return
            finds.failed(FoundImage((url,)), error)
            if pages is None:
                return
            continue
        bar.advance(note=f"{len(finds.images)} images")
        total = answer.headers.get("X-WP-TotalPages", "")
        pages = int(total[:9]) if total.isdecimal() else pages
        if pages is None and not listed:  # with their number known, a page may be empty: it hides what is not public
            return
        yield from listed
    if pages is None or pages > max_pages:
        finds.limit("max_pages")


def _listed(answer: Answer, client: Client) -> list[dict[str, Any]]:
    if word := client.obeyed(answer.words - OF_THE_API):
        raise RefusedError(f"its site says {word}", 200)
    if not isinstance(answer.data, list):
        raise UnavailableError("not a list of WordPress", 200)
    return [item for item in answer.data if isinstance(item, dict)]


def _images(item: dict[str, Any], api: str) -> Iterator[FoundImage]:
    """The images of a post, or the one of a file of the media library."""
    page = resolve(text(item.get("link")), api) or ""
    title = plain_text(text(table(item.get("title")).get("rendered")))
    authors = table(item.get("_embedded")).get("author")
    author = plain_text(text(table(authors[0] if isinstance(authors, list) and authors else None).get("name")))
    if "source_url" in item:
        urls = _of_file(item, api) if text(item.get("mime_type")).startswith("image/") else ()
        if urls:
            yield FoundImage(urls, page, title, author)
        return
    html = text(table(item.get("content")).get("rendered"))
    try:
        post = read_page(html.encode(errors="replace"), page or api, images=IMAGES, next_page="", charset="utf-8")
    except (ParserRejectedMarkup, ValueError):
        return
    for link in post.images:
        yield FoundImage(link.urls, page, link.title or title, author, post.licence)


def _of_file(item: dict[str, Any], api: str) -> tuple[str, ...]:
    """URLs of a file, best first: WordPress keeps the original of a large image beside the scaled one."""
    scaled = resolve(text(item["source_url"]), api)
    if not scaled:
        return ()
    original = PurePosixPath(text(table(item.get("media_details")).get("original_image"))).name
    larger = resolve(quote(original, errors="replace"), scaled) if original else None
    return (larger, scaled) if larger and larger != scaled and is_image(larger) else (scaled,)
