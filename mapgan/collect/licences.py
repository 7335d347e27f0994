"""Licences by their names: which of them a list allows, and where their text is."""

from __future__ import annotations

import re
from collections.abc import Iterable

VERSION = re.compile(r"v?\d[\d.,]*")
CREATIVE_COMMONS = re.compile(
    r"https?://creativecommons\.org/(licenses|publicdomain)/([a-z-]+)/(\d\.\d)(?:/([a-z]{2,3}))?/?"
)
RESTRICTIONS = {"nc", "nd"}


def allows(allowed: Iterable[str], licence: str) -> bool:
    """Whether one of the names in `allowed` is that of `licence`; a name without a version stands for all versions.

    `CC BY` allows `CC BY 4.0` and `cc-by-3.0-de`, but neither `CC BY-SA 4.0` nor `CC BY-NC 4.0`.
    """
    words = _words(name_of(licence))
    for name in map(_words, allowed):
        rest = words[len(name) :]
        if not name or words[: len(name)] != name:
            continue
        if not rest or (VERSION.fullmatch(rest[0]) and not RESTRICTIONS & set(rest)):
            return True
    return False


def text_of_licence(licence: str) -> str:
    """The URL of the text of a Creative Commons licence; empty for other licences, and without a version."""
    words = _words(name_of(licence))
    if words[:1] == ["cc0"]:
        return "https://creativecommons.org/publicdomain/zero/1.0/"
    if words[:2] != ["cc", "by"]:
        return ""
    number = next((place for place, word in enumerate(words) if VERSION.fullmatch(word)), 0)
    version = re.search(r"\d\.\d", words[number]) if number else None
    if version is None:
        return ""
    port = words[number + 1] if len(words) > number + 1 and re.fullmatch("[a-z]{2,3}", words[number + 1]) else ""
    return f"https://creativecommons.org/licenses/{'-'.join(words[1:number])}/{version[0]}/" + (
        f"{port}/" if port else ""
    )


def name_of(licence: str) -> str:
    """The name of a licence that is given by its URL; a name is returned unchanged."""
    url = CREATIVE_COMMONS.fullmatch(licence.strip().lower())
    if url is None:
        return licence
    kind, name, version, port = url.groups()
    if kind == "publicdomain":
        return {"zero": "CC0", "mark": "Public domain"}.get(name, licence)
    return f"CC {name.upper()} {version} {port or ''}".rstrip()


def _words(name: str) -> list[str]:
    return re.findall(r"[^\s_\u2010-\u2015-]+", name.casefold())
