"""A response: whether its head and its first bytes are those of what was asked for, and its body up to a limit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

import requests
import urllib3

from mapgan.collect.addresses import UnavailableError
from mapgan.collect.image_formats import is_image_start
from mapgan.collect.opt_outs import words_for_us

CHUNK = 1 << 16  # bytes
HEAD = 32  # bytes that show the format of an image
RETRY_STATUSES = {429, 500, 502, 503, 504}
PAGE_TYPES = {"text/html", "application/xhtml+xml", ""}
ENCODINGS = {"", "identity", "gzip", "x-gzip", "deflate"}  # not asked for, but the last three can be read
CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE | re.ASCII)
MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)

Resource = Literal["page", "image", "robots", "data"]
NAMES: dict[Resource, str] = {"page": "a page", "image": "an image", "robots": "a robots.txt", "data": "JSON"}


class WrongTypeError(UnavailableError):
    """An image where a page was expected, or the other way round."""

    def __init__(self, media_type: str, expected: Resource) -> None:
        super().__init__(f"not {NAMES[expected]} ({media_type or 'no content type'})", 200)
        self.media_type = media_type


class TransientError(UnavailableError):
    """A failure worth a retry; `retry_after` is the number of seconds that the server asked to wait, or None."""

    def __init__(self, reason: str, status: int = 0, retry_after: float | None = None) -> None:
        super().__init__(reason, status)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Fetched:
    """The URL of a downloaded body after all redirects, its type as the server states it, robots words, and headers."""

    url: str
    media_type: str = ""
    charset: str | None = None
    words: frozenset[str] = frozenset()
    headers: Mapping[str, str] = field(default_factory=dict)


def read_head(response: requests.Response, url: str, expected: Resource) -> Fetched:
    """Check status and headers.

    Raises:
        UnavailableError: they are not those of `expected`. What is an image, its first bytes decide, not its header.
    """
    status, headers = response.status_code, response.headers
    if status in RETRY_STATUSES:
        raise TransientError(f"HTTP {status}", status, _retry_after(response))
    if status != 200:
        raise UnavailableError(f"HTTP {status}", status)
    media_type, _, parameters = headers.get("Content-Type", "").partition(";")
    media_type = media_type.strip().lower()
    if media_type and not MEDIA_TYPE.fullmatch(media_type):
        media_type = "an invalid content type"
    if expected == "page" and media_type not in PAGE_TYPES:
        raise WrongTypeError(media_type, expected)
    if headers.get("Content-Encoding", "").strip().lower() not in ENCODINGS:
        raise UnavailableError("sent in an encoding that was not asked for", status)
    charset = CHARSET.search(parameters)
    words = words_for_us(response.raw.headers.getlist("X-Robots-Tag"), headers.get("TDM-Reservation", ""))
    return Fetched(url, media_type, charset[1].lower() if charset else None, words, headers)


def download(response: requests.Response, fetched: Fetched, into: BinaryIO, expected: Resource, limit: int) -> None:
    """Write the body to `into`; of a robots.txt, the first `limit` bytes.

    Raises:
        UnavailableError: it is larger than `limit`, or no image where one was expected.
    """
    too_large = UnavailableError(f"larger than {limit / 2**20:g} MiB", response.status_code)
    length = response.headers.get("Content-Length", "")
    if expected != "robots" and length.isdecimal() and int(length) > limit:
        raise too_large
    into.seek(0)
    into.truncate()
    head = b""
    # read1 returns what has arrived, and raises when the body is shorter than its Content-Length
    while chunk := response.raw.read1(CHUNK, decode_content=True):
        if len(head) < HEAD:
            head += chunk[:HEAD]
            if len(head) >= HEAD:
                _check_start(head, fetched, expected)
        into.write(chunk)
        if into.tell() > limit and expected == "robots":
            into.truncate(limit)
            return
        if into.tell() > limit:
            raise too_large
    if len(head) < HEAD:
        _check_start(head, fetched, expected)


def _check_start(head: bytes, fetched: Fetched, expected: Resource) -> None:
    if expected != "image" or is_image_start(head):
        return
    if not head:
        raise UnavailableError("an empty file", 200)
    raise WrongTypeError(fetched.media_type, expected)


def _retry_after(response: requests.Response) -> float | None:
    """The header Retry-After, a number of seconds or a date, in seconds from now; None without a valid one."""
    try:
        return urllib3.Retry().get_retry_after(response.raw)
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        return None
