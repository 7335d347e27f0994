"""A source of images on the net: what its settings ask for, and how to find it. All after that is shared."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mapgan.collect.addresses import UnavailableError, origin
from mapgan.collect.client import Client
from mapgan.collect.found import Found
from mapgan.errors import MapganError
from mapgan.params.section import Section


@dataclass(frozen=True)
class Source:
    """A source on the net, made from its settings before any request.

    Attributes:
        settings: its section of `params.yaml`.
        addresses: the URLs that the user has named.
        find: lists the images; asks the client for pages, and downloads no image.
        trusted: those of the URLs whose hosts may have private addresses.
        api: beginning of the URLs for programs, for which robots.txt is not meant; empty for none.
    """

    settings: Section
    addresses: Sequence[str]
    find: Callable[[Client], Found]
    trusted: Sequence[str] = ()
    api: str = ""


def check_urls(urls: Sequence[str], setting: str, example: str) -> None:
    """Check the URLs of a setting before any request.

    Raises:
        MapganError: there are none, or one is not http(s) or holds a password.
    """
    if not urls:
        raise MapganError(f"{setting} is empty", f"give it URLs, such as {example}")
    for url in urls:
        if re.match(r"\w+://[^/?#]*@", url):
            raise MapganError(f"{setting}: a URL contains a user name or password", "remove it")
        try:
            origin(url)
        except UnavailableError as error:
            raise MapganError(f"{setting}: {url}: {error}", f"write it as {example}") from None
