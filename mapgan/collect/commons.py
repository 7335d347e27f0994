"""Files of Wikimedia Commons, or of another MediaWiki, through its API.

https://www.mediawiki.org/wiki/API:Etiquette: one request after another, a contact in the User-Agent, `maxlag`. Images
come scaled to one of the widths that Wikimedia keeps, from the URL that it names; no other is made up.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urljoin, urlsplit

from mapgan.collect import licences
from mapgan.collect.addresses import UnavailableError, canonical
from mapgan.collect.api import ask, table, text, with_query
from mapgan.collect.client import Client
from mapgan.collect.finds import Finds
from mapgan.collect.found import Found, FoundImage
from mapgan.collect.markup import plain_text
from mapgan.collect.source import Source
from mapgan.errors import MapganError
from mapgan.params.api_sources import Commons
from mapgan.params.collecting import Scrape
from mapgan.progress import Bar

SITES = {"commons.wikimedia.org", "commons.m.wikimedia.org"}
FILES = 6  # number of the namespace of files
BATCH = 50  # files per answer: more are not scaled
LAG = 5  # seconds that the wiki's databases may lag behind before it asks programs to wait
BUSY = {"maxlag", "ratelimited"}
MAX_FRUITLESS = 20  # answers in a row without a new file
NO_PICTURES = {"image/vnd.djvu"}  # books
FIELDS = ("ObjectName", "Artist", "Attribution", "Credit", "LicenseShortName", "License")
QUERY: dict[str, str | int | list[str]] = {
    "action": "query",
    "format": "json",
    "formatversion": 2,
    "maxlag": LAG,
    "prop": "imageinfo",
    "iiprop": "url|mime|sha1|extmetadata",
    "iiextmetadatafilter": "|".join(FIELDS),
}


def from_url(url: str) -> dict[str, Any] | None:
    """The settings for a page of Wikimedia Commons that shows a category or the results of a search."""
    parts = urlsplit(url)
    if parts.hostname not in SITES:
        return None
    name = unquote(parts.path).removeprefix("/wiki/").replace("_", " ")
    if name.startswith("Category:"):
        return {"categories": [name.removeprefix("Category:")]}
    words = parse_qs(parts.query).get("search")
    return {"search": words} if words else None


def source(settings: Scrape) -> Source:
    """The files of categories and searches as a source.

    Raises:
        MapganError: nothing to look for, no licence is allowed, or there is no contact.
    """
    commons = settings.commons
    if not commons.categories and not commons.search:
        raise MapganError(
            "scrape.commons: nothing to look for", "set scrape.commons.categories or scrape.commons.search"
        )
    if not commons.licences:
        raise MapganError("scrape.commons.licences is empty", "name those that you can accept, such as CC BY")
    if not settings.download.contact.strip():
        raise MapganError(
            "scrape.download.contact is empty, and Wikimedia asks for one in the User-Agent",
            "set it to your e-mail address or web page",
        )
    try:
        api = canonical(commons.api)
    except UnavailableError as error:
        raise MapganError(f"scrape.commons.api: {commons.api}: {error}") from None
    return Source(commons, [api], partial(_find, commons), trusted=[api], api=api)


def _find(settings: Commons, client: Client) -> Found:
    """The files of all categories and searches.

    Raises:
        MapganError: there are none, or their licences are not allowed.
    """
    finds, digests = Finds("scrape.commons", settings.max_images), set[str]()
    with Bar("answers") as bar:
        for query in _queries(settings):
            url = with_query(settings.api, QUERY | query | {"iiurlwidth": settings.width})
            try:
                for file in _files(client, url, bar):
                    _add(file, settings, finds, digests)
                    if finds.full:
                        break
            except UnavailableError as error:
                name = str(query.get("gcmtitle") or query.get("gsrsearch"))
                finds.failed(FoundImage((url,), title=name), error)
            if finds.full:
                break
    return finds.result("check the names in scrape.commons.categories, or the words in scrape.commons.search")


def _queries(settings: Commons) -> Iterator[dict[str, str | int]]:
    for name in settings.categories:
        title = f"Category:{name.removeprefix('Category:')}"
        yield {"generator": "categorymembers", "gcmtitle": title, "gcmtype": "file", "gcmlimit": BATCH}
    for words in settings.search:
        yield {"generator": "search", "gsrsearch": words, "gsrnamespace": FILES, "gsrlimit": BATCH}


def _files(client: Client, url: str, bar: Bar) -> Iterator[dict[str, Any]]:
    """The files of a query, each once, as tables with a title and, if the wiki says more of it, `imageinfo`.

    An answer may give only part of the information of its files; the next ones add to it until `batchcomplete`.

    Raises:
        UnavailableError: an answer cannot be had, or they would go on for ever.
    """
    seen: set[str] = set()
    asked: set[str] = set()
    incomplete: dict[str, dict[str, Any]] = {}
    fruitless, following = 0, url
    while following not in asked:
        asked.add(following)
        answer = _ask(client, following)
        bar.advance()
        before = len(seen)
        for page in _pages(answer):
            title = text(page.get("title"))
            if title in seen:
                continue
            if page.get("imageinfo"):
                seen.add(title)
                incomplete.pop(title, None)
                yield page
            else:
                incomplete[title] = page
        if "batchcomplete" in answer:
            seen |= incomplete.keys()
            yield from incomplete.values()
            incomplete.clear()
        fruitless = 0 if len(seen) > before else fruitless + 1
        if fruitless == MAX_FRUITLESS:
            raise UnavailableError(f"{MAX_FRUITLESS} answers in a row without a new file", 200)
        more = {name: text(value) for name, value in table(answer.get("continue")).items() if name not in QUERY}
        if not more or ("iistart" in more and not incomplete):  # older versions of the files
            return
        following = with_query(url, more)
    raise UnavailableError("its answers go round in a circle", 200)


def _ask(client: Client, url: str) -> dict[str, Any]:
    """An answer; while the wiki is busy, it is asked again after the time that it names.

    Raises:
        UnavailableError: it cannot be had.
    """
    for attempt in range(client.settings.retries + 1):
        answer = ask(client, url)
        if not isinstance(answer.data, dict):
            raise UnavailableError("not an answer of MediaWiki", 200)
        if "error" not in answer.data:
            return answer.data
        error = table(answer.data["error"])
        code = text(error.get("code"))
        if code not in BUSY or attempt == client.settings.retries:
            raise UnavailableError(f"the wiki answers {code or 'with an error'}: {text(error.get('info'))[:300]}", 200)
        asked = answer.headers.get("Retry-After", "")
        wait = float(asked[:9]) if asked.isdecimal() else LAG
        if wait > client.settings.max_retry_after:
            raise UnavailableError(f"the wiki is busy for more than {client.settings.max_retry_after:g} s", 200)
        client.sleep(max(wait, LAG))
    raise AssertionError("the last attempt returns or raises")


def _pages(answer: dict[str, Any]) -> list[dict[str, Any]]:
    pages = table(answer.get("query")).get("pages")
    listed = pages.values() if isinstance(pages, dict) else pages if isinstance(pages, list) else []
    return [page for page in listed if isinstance(page, dict) and text(page.get("title"))]


def _add(file: dict[str, Any], settings: Commons, finds: Finds, digests: set[str]) -> None:
    """Add a file, or note why it is left out; one that is no image, or there already, is passed over."""
    title = text(file["title"])
    infos = file.get("imageinfo")
    info = table(infos[0] if isinstance(infos, list) and infos else None)
    page = _url(info.get("descriptionurl"), settings.api) or urljoin(
        settings.api, f"/wiki/{quote(title, errors='replace')}"
    )
    mime, digest = text(info.get("mime")), text(info.get("sha1"))
    if digest in digests or (mime and (not mime.startswith("image/") or mime in NO_PICTURES)):
        return
    digests |= {digest} - {""}
    meta = {name: plain_text(text(table(value).get("value"))) for name, value in _metadata(info)}
    licence = meta.get("LicenseShortName") or meta.get("License", "")
    image = FoundImage(
        urls=(_url(info.get("thumburl"), settings.api) or page,),
        page=page,
        title=meta.get("ObjectName") or title.partition(":")[2].rpartition(".")[0] or title,
        author=meta.get("Attribution") or meta.get("Artist") or meta.get("Credit", ""),
        licence=licence,
    )
    if not info:
        finds.leave_out(image, "the wiki says nothing of it")
    elif not _url(info.get("thumburl"), settings.api):
        finds.leave_out(image, "the wiki has no scaled image of it")
    elif not licence:
        finds.leave_out(image, "its page names no licence", "refused")
    elif not licences.allows(settings.licences, licence):
        finds.leave_out(image, f"its licence, {licence[:100]}, is not in scrape.commons.licences", "refused")
    else:
        finds.add(image)


def _metadata(info: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    meta = table(info.get("extmetadata"))
    return ((name, meta[name]) for name in FIELDS if name in meta)


def _url(value: Any, base: str) -> str:
    """A URL from an answer; empty if there is none."""
    try:
        return canonical(text(value), base) if text(value) else ""
    except UnavailableError:
        return ""
