"""A response: whether its head and its first bytes are those of what was asked for, and its body up to a limit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

from urllib3 import BaseHTTPResponse, HTTPHeaderDict, Retry
from urllib3.exceptions import InvalidHeader

from mapgan.collect.addresses import UnavailableError
from mapgan.collect.image_formats import is_image_start
from mapgan.collect.opt_outs import words_for_us
from mapgan.collect.partial import Partial, validator_of

CHUNK = 1 << 16  # bytes
HEAD = 32  # bytes that show the format of an image
RETRY_STATUSES = {408, 429, 500, 502, 503, 504}
PAGE_TYPES = {"text/html", "application/xhtml+xml", ""}
ENCODINGS = {"", "identity", "gzip", "x-gzip", "deflate"}  # not asked for, but the last three can be read
CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE | re.ASCII)
CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.IGNORECASE | re.ASCII)
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


class WrongRangeError(TransientError):
    """Bytes that do not follow on those that are there."""


@dataclass(frozen=True)
class Fetched:
    """The URL of a downloaded body after all redirects, its type as the server states it, robots words, and headers.

    `start` is the number of the body's bytes that were there already.
    """

    url: str
    media_type: str = ""
    charset: str | None = None
    words: frozenset[str] = frozenset()
    headers: Mapping[str, str] = field(default_factory=dict)
    start: int = 0


class NotModified(Exception):
    """A page is the one that is known already; what its response says to crawlers now is in `words`."""

    def __init__(self, words: frozenset[str]) -> None:
        super().__init__()
        self.words = words


def read_head(response: BaseHTTPResponse, url: str, expected: Resource, partial: Partial | None = None) -> Fetched:
    """Check status and headers.

    Args:
        response: its body is still to be read.
        url: the address that was asked.
        expected: what it should be.
        partial: bytes that were not asked for, because they are there already.

    Raises:
        UnavailableError: they are not those of `expected`. What is an image, its first bytes decide, not its header.
        NotModified: the page is the one whose validators were sent.
    """
    status, headers = response.status, response.headers
    if status in RETRY_STATUSES:
        raise TransientError(f"HTTP {status}", status, _retry_after(response))
    if status == 304 and expected != "image":
        raise NotModified(_words(headers))
    start = _start_of_range(response, partial) if partial and partial.continuation else 0
    if status != 200 and not start:
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
    return Fetched(url, media_type, charset[1].lower() if charset else None, _words(headers), headers, start)


def _words(headers: HTTPHeaderDict) -> frozenset[str]:
    return words_for_us(headers.getlist("X-Robots-Tag"), headers.get("TDM-Reservation", ""))


def _start_of_range(response: BaseHTTPResponse, partial: Partial) -> int:
    """How many bytes come before the body: those of `partial`, or none if the body is the whole file.

    Raises:
        WrongRangeError: it is neither.
    """
    if response.status not in (206, 416):
        return 0
    headers = response.headers
    found = CONTENT_RANGE.fullmatch(headers.get("Content-Range", "").strip())
    same = headers.get("ETag", partial.validator).strip() == partial.validator or not partial.validator.startswith('"')
    plain = headers.get("Content-Encoding", "identity").strip().lower() in ("", "identity")
    to_the_end = found and (found[3] == "*" or int(found[2]) + 1 == int(found[3]))
    if response.status == 206 and found and same and plain and to_the_end and int(found[1]) == partial.size:
        return partial.size
    raise WrongRangeError("not the range of bytes that was asked for", response.status)


def too_large(limit: int) -> UnavailableError:
    """The error for a body of more than `limit` bytes."""
    return UnavailableError(f"larger than {limit / 2**20:g} MiB", 200)


def download(
    response: BaseHTTPResponse, fetched: Fetched, into: BinaryIO | Partial, expected: Resource, limit: int
) -> None:
    """Write the body to `into`; of a robots.txt, the first `limit` bytes.

    Raises:
        UnavailableError: it is larger than `limit`, or no image where one was expected.
    """
    length = response.headers.get("Content-Length", "")
    if expected != "robots" and length.isdecimal() and fetched.start + int(length) > limit:
        raise too_large(limit)
    if isinstance(into, Partial):
        if not fetched.start:
            into.restart(validator_of(response.headers))
    else:
        into.seek(0)
        into.truncate()
    head, size = b"", fetched.start
    unchecked = expected == "image" and not fetched.start
    # read1 returns what has arrived, and raises when the body is shorter than its Content-Length
    while chunk := response.read1(CHUNK, decode_content=True):
        if unchecked:
            head += chunk[:HEAD]
            if len(head) >= HEAD:
                _check_start(head, fetched)
                unchecked = False
        size += len(chunk)
        if size > limit and expected == "robots":
            into.write(chunk[: limit - size])
            return
        if size > limit:
            raise too_large(limit)
        into.write(chunk)
    if unchecked:
        _check_start(head, fetched)


def _check_start(head: bytes, fetched: Fetched) -> None:
    if is_image_start(head):
        return
    if not head:
        raise UnavailableError("an empty file", 200)
    raise WrongTypeError(fetched.media_type, "image")


def _retry_after(response: BaseHTTPResponse) -> float | None:
    """The header Retry-After, a number of seconds or a date, in seconds from now; None without a valid one."""
    try:
        return Retry().get_retry_after(response)
    except (InvalidHeader, ValueError, OverflowError):
        return None
