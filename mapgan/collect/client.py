"""A polite HTTP client: identifies itself, obeys robots.txt, waits between requests, retries, and gives up.

urllib3's own retries are off. They would happen inside the adapter, where a request does not wait its Crawl-delay,
and they end before the body is read, so a truncated download would not be retried.
"""

from __future__ import annotations

import io
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO, Literal
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
import urllib3
from protego import Protego

from mapgan import __version__
from mapgan.collect.addresses import Origin, UnavailableError, check, guarded_adapter, origin
from mapgan.params.collecting import Gallery

MAX_REDIRECTS = 5
MAX_RETRY_DELAY = 60.0  # seconds
MAX_CRAWL_DELAY = 3600.0  # seconds; a robots.txt may ask for years
TIMEOUTS_PER_DOWNLOAD = 10  # time limit of a whole download, in timeouts of a single read
MAX_FAILURES = 3  # of one host in a row
ROBOTS_BYTES = 1 << 20
CHUNK = 1 << 16  # bytes
RETRY_STATUSES = {429, 500, 502, 503, 504}
HOST_FAILURES = {0, 429, 503}  # statuses that mean the whole host: down, or refusing requests; 0 is no response
PAGE_TYPES = {"text/html", "application/xhtml+xml", ""}

Resource = Literal["page", "image", "robots"]
NAMES: dict[Resource, str] = {"page": "a page", "image": "an image", "robots": "a robots.txt"}


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
    """The URL of a downloaded body after all redirects, and its type as the server states it."""

    url: str
    media_type: str = ""
    charset: str | None = None


class Client:
    """A session with the hosts of a gallery.

    Args:
        settings: delay, timeout, retries and contact.
        trusted: URLs from the settings; no other host may have a private address.
        direct: ignore the proxy of the environment.
        sleep: sleeps for a number of seconds.
    """

    def __init__(
        self,
        settings: Gallery,
        trusted: Iterable[str],
        direct: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings, self.sleep = settings, sleep
        self.trusted = frozenset(origin(url) for url in trusted)
        self.session = requests.Session()
        self.session.trust_env = not direct
        self.session.auth = lambda request: request  # keeps requests from sending the passwords in ~/.netrc
        contact = " ".join(settings.contact.encode("ascii", "replace").decode().split())
        agent = f"mapgan/{__version__}" + (f" (+{contact})" if contact else "")
        # uncompressed bodies only: their length can be checked, and there are no decompression bombs
        self.session.headers.update({"User-Agent": agent, "Accept-Encoding": "identity"})
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, guarded_adapter(self.trusted))
        self.rules: dict[Origin, Protego | UnavailableError] = {}
        self.next_request: dict[Origin, float] = {}
        self.failures: Counter[Origin] = Counter()

    def fetch(self, url: str, into: BinaryIO, expected: Resource, limit: int) -> Fetched:
        """Download `url` into an empty open file; at most `limit` bytes.

        Raises:
            UnavailableError: it cannot or may not be downloaded; the text of the error is the reason.
        """
        for _ in range(MAX_REDIRECTS + 1):
            host, port = origin(url)
            check(host, port, host, self.trusted)  # behind a proxy, the adapter sees only the proxy's address
            if expected != "robots":
                self._check_robots(url)
            result = self._request_with_retries(url, into, expected, limit)
            if isinstance(result, Fetched):
                return result
            url = result
        raise UnavailableError(f"more than {MAX_REDIRECTS} redirects")

    def _check_robots(self, url: str) -> None:
        host = origin(url)
        if host not in self.rules:
            self.rules[host] = self._fetch_robots(url)
        rules = self.rules[host]
        if isinstance(rules, UnavailableError):
            raise UnavailableError(f"cannot read the robots.txt of its host: {rules}", rules.status)
        if not rules.can_fetch(url, "mapgan"):
            raise UnavailableError("robots.txt forbids it")

    def _fetch_robots(self, url: str) -> Protego | UnavailableError:
        body = io.BytesIO()
        try:
            self.fetch(urljoin(url, "/robots.txt"), body, "robots", ROBOTS_BYTES)
        except UnavailableError as error:
            if not 400 <= error.status < 500 or error.status == 429:
                return error
            body = io.BytesIO()
        rules = Protego.parse(body.getvalue().decode("utf-8", "replace"))
        crawl_delay = rules.crawl_delay("mapgan") or 0
        if crawl_delay > max(self.settings.delay, 5):
            print(f"mapgan: {origin(url)[0]} asks for {crawl_delay:g} s between requests", file=sys.stderr)
        return rules

    def _request_with_retries(self, url: str, into: BinaryIO, expected: Resource, limit: int) -> Fetched | str:
        """Request with exponential backoff; a string is the target of a redirect."""
        host = origin(url)
        if self.failures[host] >= MAX_FAILURES:
            raise UnavailableError("its host failed too often in a row")
        for attempt in range(self.settings.retries + 1):
            try:
                result = self._request(url, into, expected, limit)
            except TransientError as error:
                if attempt == self.settings.retries:
                    self.failures[host] += error.status in HOST_FAILURES
                    raise
                delay = 2.0**attempt if error.retry_after is None else error.retry_after
                self.sleep(min(delay, MAX_RETRY_DELAY))
            except UnavailableError:
                self.failures[host] = 0
                raise
            else:
                self.failures[host] = 0
                return result
        raise AssertionError("the last attempt returns or raises")

    def _request(self, url: str, into: BinaryIO, expected: Resource, limit: int) -> Fetched | str:
        self._wait(url)
        timeout = self.settings.timeout
        try:
            with self.session.get(url, stream=True, allow_redirects=False, timeout=timeout) as response:
                target = self.session.get_redirect_target(response)
                if target is not None:
                    return _without_password(urljoin(url, target))
                fetched = _check_response(response, url, expected)
                self._download(response, into, limit)
                return fetched
        except (requests.Timeout, urllib3.exceptions.TimeoutError):
            raise TransientError(f"no response within {timeout:g} s") from None
        except requests.exceptions.SSLError:
            raise UnavailableError("no trusted TLS connection") from None
        except requests.ConnectionError:
            raise TransientError("no connection") from None
        except (urllib3.exceptions.ProtocolError, requests.exceptions.ChunkedEncodingError):
            raise TransientError("the response is incomplete") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            raise UnavailableError(f"cannot be requested ({type(error).__name__})") from None
        finally:
            self.next_request[origin(url)] = time.monotonic() + self._delay(url)

    def _wait(self, url: str) -> None:
        wait = self.next_request.get(origin(url), 0.0) - time.monotonic()
        if wait > 0:
            self.sleep(wait)

    def _delay(self, url: str) -> float:
        rules = self.rules.get(origin(url))
        crawl_delay = rules.crawl_delay("mapgan") if isinstance(rules, Protego) else None
        return min(max(self.settings.delay, crawl_delay or 0.0), MAX_CRAWL_DELAY)

    def _download(self, response: requests.Response, into: BinaryIO, limit: int) -> None:
        too_large = UnavailableError(f"larger than {limit / 2**20:g} MiB", response.status_code)
        length = response.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > limit:
            raise too_large
        into.seek(0)
        into.truncate()
        time_limit = self.settings.timeout * TIMEOUTS_PER_DOWNLOAD
        deadline = time.monotonic() + time_limit
        # read1 returns what has arrived, so the deadline holds even for a server that sends a byte at a time;
        # it raises when the body is shorter than its Content-Length
        while chunk := response.raw.read1(CHUNK, decode_content=True):
            into.write(chunk)
            if into.tell() > limit:
                raise too_large
            if time.monotonic() > deadline:
                raise UnavailableError(f"download not finished after {time_limit:g} s")


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _check_response(response: requests.Response, url: str, expected: Resource) -> Fetched:
    status = response.status_code
    if status in RETRY_STATUSES:
        raise TransientError(f"HTTP {status}", status, _retry_after(response))
    if status != 200:
        raise UnavailableError(f"HTTP {status}", status)
    media_type, _, parameters = response.headers.get("Content-Type", "").partition(";")
    media_type = media_type.strip().lower()
    is_page = media_type in PAGE_TYPES
    if (expected == "page" and not is_page) or (expected == "image" and is_page and media_type):
        raise WrongTypeError(media_type, expected)
    _, _, charset = parameters.lower().partition("charset=")
    return Fetched(url, media_type, charset.strip(" \"'").partition(";")[0] or None)


def _retry_after(response: requests.Response) -> float | None:
    """The header Retry-After, a number of seconds or a date, in seconds from now; None without a valid one."""
    try:
        return urllib3.Retry().get_retry_after(response.raw)
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        return None
