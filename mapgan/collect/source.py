"""A source of images on the net: what its settings ask for, and how to find it. All after that is shared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mapgan.collect.client import Client
from mapgan.collect.found import Found
from mapgan.params.section import Section


@dataclass(frozen=True)
class Source:
    """A source on the net, made from its settings before any request.

    Attributes:
        settings: its section of `params.yaml`.
        addresses: the URLs that the user has named.
        find: lists the images; asks the client for pages, and downloads no image.
        trusted: those of the URLs whose hosts may have private addresses.
    """

    settings: Section
    addresses: Sequence[str]
    find: Callable[[Client], Found]
    trusted: Sequence[str] = ()
