"""HTML parsing: the images of a page, the next page and the links to follow. Nothing is fetched here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag

from mapgan.collect.links import attribute, candidates, image_link, resolve

PARENT_NAMES = {"../", "..", "parent directory"}


@dataclass(frozen=True)
class ImageLink:
    """An image on a page: its candidate URLs, best first, and its title."""

    urls: tuple[str, ...]
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
    """Parse a page and apply the CSS selectors.

    Args:
        html: the page, bytes.
        url: its URL, after redirects.
        images, next_page, follow: CSS selectors as in `params.yaml`; an empty one matches nothing.
        charset: character set from the Content-Type header, if there is one.
    """
    soup = BeautifulSoup(html, "html.parser", from_encoding=charset)
    base = _base(soup, url)
    links = soup.select(follow) if follow else []
    return Page(
        images=_images(soup, base, images, links),
        next_page=_next_page(soup, base, url, next_page),
        follow=_follow(links, base, url),
        author=_author(soup),
        licence=_licence(soup, base),
    )


def _base(soup: BeautifulSoup, url: str) -> str:
    tag = soup.find("base", href=True)
    return (resolve(attribute(tag, "href"), url) if isinstance(tag, Tag) else None) or url


def _images(soup: BeautifulSoup, base: str, selector: str, followed: list[Tag]) -> list[ImageLink]:
    followed_ids = {id(link) for link in followed}
    images: dict[str, ImageLink] = {}
    for tag in soup.select(selector) if selector else []:
        # an image inside a followed link is the thumbnail of an image on that page
        in_followed_link = any(id(element) in followed_ids for element in (tag, *tag.parents))
        if in_followed_link or (tag.name == "a" and not image_link(tag, base)):
            continue
        urls = candidates(tag, base)
        if urls:
            images.setdefault(urls[0], ImageLink(urls, _title(tag)))
    return list(images.values())


def _title(tag: Tag) -> str:
    image = tag.find("img") if tag.name == "a" else tag
    link = tag if tag.name == "a" else tag.find_parent("a")
    texts = [attribute(image, name) for name in ("alt", "title")] if isinstance(image, Tag) else []
    if isinstance(link, Tag):
        texts += [link.get_text(" "), attribute(link, "title")]
    return next((" ".join(text.split()) for text in texts if text.strip()), "")


def _next_page(soup: BeautifulSoup, base: str, url: str, selector: str) -> str | None:
    for tag in soup.select(selector) if selector else []:
        target = resolve(attribute(tag, "href"), base)
        if target and target != url.partition("#")[0]:
            return target
    return None


def _follow(links: list[Tag], base: str, url: str) -> list[str]:
    targets: dict[str, None] = {}
    for tag in links:
        target = resolve(attribute(tag, "href"), base)
        names = {attribute(tag, "href").strip(), " ".join(tag.get_text().split()).lower()}
        if target and target != url.partition("#")[0] and not names & PARENT_NAMES and not _is_sort_link(target):
            targets.setdefault(target)
    return list(targets)


def _is_sort_link(url: str) -> bool:
    """Whether a link only sorts the directory index of a web server: `?C=N;O=D`."""
    return re.match(r"C=[NMSD][;&]O=[AD]$", urlsplit(url).query) is not None


def _author(soup: BeautifulSoup) -> str:
    tag = soup.find("meta", attrs={"name": "author"})
    return attribute(tag, "content") if isinstance(tag, Tag) else ""


def _licence(soup: BeautifulSoup, base: str) -> str:
    tag = soup.select_one("a[rel~=license], link[rel~=license]")
    if tag is None:
        return ""
    return " ".join(tag.get_text().split()) or resolve(attribute(tag, "href"), base) or ""
