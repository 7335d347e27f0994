"""Images and links of an HTML page. Nothing is downloaded here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag

from mapgan.collect.links import addresses, attribute, image_link, resolve

PARENT_NAMES = {"../", "..", "parent directory"}


@dataclass(frozen=True)
class ImageLink:
    """An image on a page: addresses to try, the best one first, and its title."""

    addresses: tuple[str, ...]
    title: str = ""


@dataclass(frozen=True)
class Page:
    """The images and links of a page."""

    images: list[ImageLink]
    next_page: str | None
    follow: list[str]
    author: str = ""
    licence: str = ""


def read_page(
    html: bytes, url: str, *, images: str, next_page: str, follow: str = "", charset: str | None = None
) -> Page:
    """Find images and links by CSS selectors.

    Args:
        html: the page.
        url: its address, after redirects.
        images, next_page, follow: CSS selectors as in `params.yaml`; an empty one finds nothing.
        charset: according to the server, if it said so.
    """
    soup = BeautifulSoup(html, "html.parser", from_encoding=charset)
    base = _base(soup, url)
    links = soup.select(follow) if follow else []
    return Page(
        images=_images(soup, base, images, links),
        next_page=_next_page(soup, base, url, next_page),
        follow=_followed(links, base, url),
        author=_author(soup),
        licence=_licence(soup, base),
    )


def _base(soup: BeautifulSoup, url: str) -> str:
    tag = soup.find("base", href=True)
    return (resolve(attribute(tag, "href"), url) if isinstance(tag, Tag) else None) or url


def _images(soup: BeautifulSoup, base: str, selector: str, followed: list[Tag]) -> list[ImageLink]:
    pages = {id(link) for link in followed}
    found: dict[str, ImageLink] = {}
    for tag in soup.select(selector) if selector else []:
        neighbours = [tag, *tag.parents]
        # an image in a followed link is a thumbnail of one on the page behind it
        if any(id(each) in pages for each in neighbours) or (tag.name == "a" and not image_link(tag, base)):
            continue
        tries = addresses(tag, base)
        if tries:
            found.setdefault(tries[0], ImageLink(tries, _title(tag)))
    return list(found.values())


def _title(tag: Tag) -> str:
    image = tag.find("img") if tag.name == "a" else tag
    link = tag if tag.name == "a" else tag.find_parent("a")
    named = [attribute(image, name) for name in ("alt", "title")] if isinstance(image, Tag) else []
    if isinstance(link, Tag):
        named += [link.get_text(" "), attribute(link, "title")]
    return next((" ".join(text.split()) for text in named if text.strip()), "")


def _next_page(soup: BeautifulSoup, base: str, url: str, selector: str) -> str | None:
    for tag in soup.select(selector) if selector else []:
        target = resolve(attribute(tag, "href"), base)
        if target and target != url.partition("#")[0]:
            return target
    return None


def _followed(links: list[Tag], base: str, url: str) -> list[str]:
    targets: dict[str, None] = {}
    for tag in links:
        target = resolve(attribute(tag, "href"), base)
        names = {attribute(tag, "href").strip(), " ".join(tag.get_text().split()).lower()}
        if target and target != url.partition("#")[0] and not names & PARENT_NAMES and not _sorts(target):
            targets.setdefault(target)
    return list(targets)


def _sorts(address: str) -> bool:
    """Whether a link only changes the order of a directory listing: `?C=N;O=D`."""
    return re.match(r"C=[NMSD][;&]O=[AD]$", urlsplit(address).query) is not None


def _author(soup: BeautifulSoup) -> str:
    tag = soup.find("meta", attrs={"name": "author"})
    return attribute(tag, "content") if isinstance(tag, Tag) else ""


def _licence(soup: BeautifulSoup, base: str) -> str:
    tag = soup.select_one("a[rel~=license], link[rel~=license]")
    if tag is None:
        return ""
    return " ".join(tag.get_text().split()) or resolve(attribute(tag, "href"), base) or ""
