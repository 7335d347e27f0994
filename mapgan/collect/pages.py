"""What is on a page: its images, the next page and the links to follow. Nothing is fetched here."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Tag

from mapgan.collect.links import candidates, image_link, resolve
from mapgan.collect.markup import attribute, enclosing, one_line, parse, text_of
from mapgan.collect.opt_outs import words_for_us
from mapgan.collect.robots import PRODUCT

MAX_PER_PAGE = 20_000  # images, and links to follow
ICON = 64  # pixels
PARENT_NAMES = {"../", "..", "parent directory"}
NO_PICTURES = {"avatar", "smilies", "smiley", "wp-smiley", "emoji"}  # classes of images of people and moods
# the next page of a category in MediaWiki, in any language; its previous one has `until`
WIKI_NEXT = '#mw-category-media > a[href*="filefrom="], #mw-pages > a[href*="pagefrom="]'


@dataclass(frozen=True)
class ImageLink:
    """An image on a page: its candidate URLs, best first, and its title."""

    urls: tuple[str, ...]
    title: str = ""


@dataclass(frozen=True)
class Page:
    """The images and links of a page, and what it says to crawlers (see `opt_outs`)."""

    images: list[ImageLink]
    next_page: str | None
    follow: list[str]
    author: str = ""
    licence: str = ""
    words: frozenset[str] = frozenset()


def read_page(
    html: bytes,
    url: str,
    *,
    images: str,
    next_page: str,
    follow: str = "",
    charset: str | None = None,
    words: frozenset[str] = frozenset(),
) -> Page:
    """Parse a page and apply the CSS selectors. Without one for `follow`, folders of a directory index are followed.

    Args:
        html: the page, bytes.
        url: its URL, after redirects.
        images, next_page, follow: CSS selectors as in `params.yaml`; an empty one matches nothing.
        charset: character set from the Content-Type header, if there is one.
        words: what the headers of the page say to crawlers.
    """
    soup = parse(html, charset)
    base = _base(soup, url)
    is_index = _is_directory_index(soup)
    links = soup.select(follow, limit=MAX_PER_PAGE) if follow else _folders(soup, url) if is_index else []
    return Page(
        images=_images(soup, base, images, links, icons=is_index),
        next_page=_next_page(soup, base, url, next_page),
        follow=_follow(links, base, url),
        author=_meta(soup, "author"),
        licence=_licence(soup, base),
        words=words | page_words(soup),
    )


def page_words(soup: BeautifulSoup) -> frozenset[str]:
    """What a page says to crawlers in its meta elements."""
    return words_for_us([_meta(soup, "robots"), _meta(soup, PRODUCT)], _meta(soup, "tdm-reservation"))


def _base(soup: BeautifulSoup, url: str) -> str:
    tag = soup.find("base", href=True)
    return (resolve(attribute(tag, "href"), url) if isinstance(tag, Tag) else None) or url


def _images(soup: BeautifulSoup, base: str, selector: str, followed: list[Tag], icons: bool) -> list[ImageLink]:
    """The images that `selector` finds; with `icons`, only linked ones, as the page shows no others."""
    followed_ids = {id(link) for link in followed}
    images: dict[str, ImageLink] = {}
    for tag in soup.select(selector, limit=MAX_PER_PAGE) if selector else []:
        # an image inside a followed link is the thumbnail of an image on that page
        in_followed_link = followed_ids and any(id(element) in followed_ids for element in (tag, *tag.parents))
        if in_followed_link or (tag.name == "a" and not image_link(tag, base)) or _is_decoration(tag):
            continue
        if icons and tag.name != "a":
            continue
        urls = candidates(tag, base)
        if urls:
            images.setdefault(urls[0], ImageLink(urls, _title(tag)))
    return list(images.values())


def _is_decoration(tag: Tag) -> bool:
    """Whether an image is an avatar or a smiley, or smaller than an icon by the page's own words."""
    if NO_PICTURES & {word.lower() for word in attribute(tag, "class").split()}:
        return True
    sides = [attribute(tag, name) for name in ("width", "height")]
    return tag.name == "img" and all(side.isdecimal() and int(side[:9]) < ICON for side in sides)


def _title(tag: Tag) -> str:
    image = tag.find("img") if tag.name == "a" else tag
    link = tag if tag.name == "a" else enclosing(tag, "a")
    texts = [attribute(image, name) for name in ("alt", "title")] if isinstance(image, Tag) else []
    if link is not None:
        texts += [text_of(link), attribute(link, "title")]
    return next((line for text in texts if (line := one_line(text))), "")


def _next_page(soup: BeautifulSoup, base: str, url: str, selector: str) -> str | None:
    for tag in soup.select(f"{selector}, {WIKI_NEXT}", limit=MAX_PER_PAGE) if selector else []:
        target = resolve(attribute(tag, "href"), base)
        if target and target != url:
            return target
    return None


def _is_directory_index(soup: BeautifulSoup) -> bool:
    """Whether a page lists the files of a folder, as nginx, Apache and others write it."""
    title = soup.find("title")
    return (
        isinstance(title, Tag) and re.match("(index of|directory listing)", text_of(title), re.IGNORECASE) is not None
    )


def _folders(soup: BeautifulSoup, url: str) -> list[Tag]:
    """The links of a directory index to the folders below."""
    here = urljoin(url, ".")
    return [
        link
        for link in soup.select('a[href$="/"]', limit=MAX_PER_PAGE)
        if (target := resolve(attribute(link, "href"), url)) and target.startswith(here) and target != here
    ]


def _follow(links: Collection[Tag], base: str, url: str) -> list[str]:
    targets: dict[str, None] = {}
    for tag in links:
        target = resolve(attribute(tag, "href"), base)
        names = {attribute(tag, "href").strip(), text_of(tag).lower()}
        if target and target != url and not names & PARENT_NAMES and not _is_sort_link(target):
            targets.setdefault(target)
    return list(targets)


def _is_sort_link(url: str) -> bool:
    """Whether a link only sorts the directory index of a web server: `?C=N;O=D`."""
    return re.match(r"C=[NMSD][;&]O=[AD]$", urlsplit(url).query) is not None


def _meta(soup: BeautifulSoup, name: str) -> str:
    tags = soup.find_all("meta", attrs={"name": re.compile(rf"^\s*{name}\s*$", re.IGNORECASE)}, limit=10)
    return one_line(", ".join(attribute(tag, "content") for tag in tags if isinstance(tag, Tag)))


def _licence(soup: BeautifulSoup, base: str) -> str:
    tag = soup.select_one("a[rel~=license], link[rel~=license]")
    if tag is None:
        return ""
    return text_of(tag) or resolve(attribute(tag, "href"), base) or ""
