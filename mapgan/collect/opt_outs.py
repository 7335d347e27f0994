"""What a site says about its images beside robots.txt: X-Robots-Tag, meta robots and TDM-Reservation."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from mapgan.collect.robots import PRODUCT

RESERVED = "tdm-reservation"  # W3C TDMRep: `TDM-Reservation: 1`, as a header or a meta element
IMAGE_WORDS = {"none", "noindex", "noimageindex", "noai", "noimageai", "noml", RESERVED}
LINK_WORDS = {"none", "nofollow"}
AGENT = re.compile(r"\s*([\w.*-]+)\s*:(.*)", re.DOTALL)
WITH_VALUE = {"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"}  # words, no agents


def words_for_us(tags: Iterable[str], reservation: str) -> frozenset[str]:
    """The words in lower case that are for all crawlers or for mapgan.

    Args:
        tags: values of the header X-Robots-Tag, such as `noai, noindex` and `otherbot: noindex`.
        reservation: value of the header TDM-Reservation.
    """
    words = {RESERVED} if reservation.strip() == "1" else set()
    for tag in tags:
        for_us = True
        for word in tag.lower().split(","):
            agent = AGENT.fullmatch(word)
            if agent and agent[1] not in WITH_VALUE:
                for_us, word = agent[1] in (PRODUCT, "*"), agent[2]
            if for_us:
                words.add(word.strip())
    return frozenset(words)


def opt_out(words: Collection[str]) -> str:
    """The first of the words that keeps images from crawlers or from training; empty if there is none."""
    return min(IMAGE_WORDS & set(words), default="")
