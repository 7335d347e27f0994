"""A polite HTTP client: it identifies itself, respects robots.txt, waits between requests, and gives up in time."""

from __future__ import annotations

import io
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import BinaryIO, Literal
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
import urllib3
from protego import Protego

from mapgan import __version__
from mapgan.collect.addresses import Origin, UnavailableError, check, guarded_adapter, origin
from mapgan.params.collecting import Gallery

MAX_REDIRECTS = 5
MAX_BACKOFF = 60.0  # seconds
MAX_DELAY = 3600.0  # seconds; a robots.txt may ask for years
TIMEOUTS_PER_DOWNLOAD = 10  # a download may take this many times the timeout
FAILURES_BEFORE_GIVING_UP = 3
ROBOTS_BYTES = 1 << 20
CHUNK = 1 << 16
RETRY_STATUSES = {429, 500, 502, 503, 504}
SITE_IS_DOWN = {0, 429, 503}  # or does not want more requests
PAGES = {"text/html", "application/xhtml+xml", ""}

Resource = Literal["page", "image", "robots"]
ARTICLES: dict[Resource, str] = {"page": "a page", "image": "an image", "robots": "a robots.txt"}


class WrongKindError(UnavailableError):
    """An image where a page was expected, or vice versa."""

    def __init__(self, media_type: str, expected: Resource) -> None:
        super().__init__(f"not {ARTICLES[expected]} ({media_type or 'no content type'})", 200)
        self.media_type = media_type


class TransientError(UnavailableError):
    """A failure that may be temporary.

    Attributes:
        pause: seconds that the server asked to wait, if it did.
    """

    def __init__(self, reason: str, status: int = 0, pause: float | None = None) -> None:
        super().__init__(reason, status)
        self.pause = pause


@dataclass(frozen=True)
class Response:
    """The address of a body after all redirects, and its type according to the server."""

    url: str
    media_type: str = ""
    charset: str | None = None


class Client:
    """One session with the sites of a gallery.

    Args:
        settings: delay, timeout, retries and contact.
        named: addresses given by the user; only their hosts may be private.
        direct: ignore the proxy of the environment.
        sleep: waits a number of seconds.
    """

    def __init__(
        self,
        settings: Gallery,
        named: Iterable[str],
        direct: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings, self.sleep = settings, sleep
        self.named = frozenset(origin(url) for url in named)
        self.session = requests.Session()
        self.session.trust_env = not direct
        self.session.auth = lambda request: request  # or requests would send passwords from ~/.netrc
        contact = " ".join(settings.contact.encode("ascii", "replace").decode().split())
        agent = f"mapgan/{__version__}" + (f" (+{contact})" if contact else "")
        # no compression: the length of a body can be checked, and it cannot expand
        self.session.headers.update({"User-Agent": agent, "Accept-Encoding": "identity"})
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, guarded_adapter(self.named))
        self.rules: dict[Origin, Protego | UnavailableError] = {}
        self.next_request: dict[Origin, float] = {}
        self.failures: Counter[Origin] = Counter()

    def fetch(self, url: str, into: BinaryIO, expected: Resource, limit: int) -> Response:
        """Download `url` into an empty open file; at most `limit` bytes.

        Raises:
            UnavailableError: it cannot or must not be downloaded; its text says why.
        """
        for _ in range(MAX_REDIRECTS + 1):
            host, port = origin(url)
            check(host, port, host, self.named)  # behind a proxy, no socket has its address
            if expected != "robots":
                self._check_robots(url)
            handle_trouble = self._request_with_retries(url, into, expected, limit)
            if isinstance(handle_trouble, Response):
                return handle_trouble
            url = handle_trouble
        raise UnavailableError(f"more than {MAX_REDIRECTS} redirects")

    def _check_robots(self, url: str) -> None:
        host = origin(url)
        if host not in self.rules:
            self.rules[host] = self._fetch_robots(url)
        rules = self.rules[host]
        if isinstance(rules, UnavailableError):
            raise UnavailableError(f"robots.txt of its site is not available: {rules}", rules.status)
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
        asked = rules.crawl_delay("mapgan") or 0
        if asked > max(self.settings.delay, 5):
            print(f"mapgan: {origin(url)[0]} asks for {asked:g} s between requests", file=sys.stderr)
        return rules

    def _request_with_retries(self, url: str, into: BinaryIO, expected: Resource, limit: int) -> Response | str:
        """Send a request, with retries and exponential backoff; a string is the target of a redirect."""
        host = origin(url)
        if self.failures[host] >= FAILURES_BEFORE_GIVING_UP:
            raise UnavailableError("its site failed too often in succession")
        for tried in range(self.settings.retries + 1):
            try:
                handle_trouble = self._request(url, into, expected, limit)
            except TransientError as error:
                if tried == self.settings.retries:
                    self.failures[host] += error.status in SITE_IS_DOWN
                    raise
                pause = 2.0**tried if error.pause is None else error.pause
                self.sleep(min(pause, MAX_BACKOFF))
            except UnavailableError:
                self.failures[host] = 0
                raise
            else:
                self.failures[host] = 0
                return handle_trouble
        raise AssertionError("the last try returns or raises")

    def _request(self, url: str, into: BinaryIO, expected: Resource, limit: int) -> Response | str:
        self._wait(url)
        timeout = self.settings.timeout
        try:
            with self.session.get(url, stream=True, allow_redirects=False, timeout=timeout) as response:
                target = self.session.get_redirect_target(response)
                if target is not None:
                    return _without_password(urljoin(url, target))
                handle_trouble = _check_response(response, url, expected)
                self._download(response, into, limit)
                return handle_trouble
        except (requests.Timeout, urllib3.exceptions.TimeoutError):
            raise TransientError(f"no answer within {timeout:g} s") from None
        except requests.exceptions.SSLError:
            raise UnavailableError("no trusted encryption (TLS)") from None
        except requests.ConnectionError:
            raise TransientError("no connection") from None
        except (urllib3.exceptions.ProtocolError, requests.exceptions.ChunkedEncodingError):
            raise TransientError("the answer broke off") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            raise UnavailableError(f"cannot be asked for ({type(error).__name__})") from None
        finally:
            self.next_request[origin(url)] = time.monotonic() + self._delay(url)

    def _wait(self, url: str) -> None:
        wait = self.next_request.get(origin(url), 0.0) - time.monotonic()
        if wait > 0:
            self.sleep(wait)

    def _delay(self, url: str) -> float:
        rules = self.rules.get(origin(url))
        asked = rules.crawl_delay("mapgan") if isinstance(rules, Protego) else None
        return min(max(self.settings.delay, asked or 0.0), MAX_DELAY)

    def _download(self, response: requests.Response, into: BinaryIO, limit: int) -> None:
        too_large = UnavailableError(f"larger than {limit / 2**20:g} MiB", response.status_code)
        length = response.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > limit:
            raise too_large
        into.seek(0)
        into.truncate()
        allowed = self.settings.timeout * TIMEOUTS_PER_DOWNLOAD
        deadline = time.monotonic() + allowed
        # read1 returns whatever has arrived, so a slow server cannot block the deadline below;
        # it raises if the body is shorter than its Content-Length
        while chunk := response.raw.read1(CHUNK, decode_content=True):
            into.write(chunk)
            if into.tell() > limit:
                raise too_large
            if time.monotonic() > deadline:
                raise UnavailableError(f"incomplete after {allowed:g} s")


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _check_response(response: requests.Response, url: str, expected: Resource) -> Response:
    status = response.status_code
    if status in RETRY_STATUSES:
        raise TransientError(f"HTTP {status}", status, _retry_after(response))
    if status != 200:
        raise UnavailableError(f"HTTP {status}", status)
    media_type, _, parameters = response.headers.get("Content-Type", "").partition(";")
    media_type = media_type.strip().lower()
    is_page = media_type in PAGES
    if (expected == "page" and not is_page) or (expected == "image" and is_page and media_type):
        raise WrongKindError(media_type, expected)
    _, _, charset = parameters.lower().partition("charset=")
    return Response(url, media_type, charset.strip(" \"'").partition(";")[0] or None)


def _retry_after(response: requests.Response) -> float | None:
    """Seconds that the server asks to wait, given as a number or as a date."""
    asked = response.headers.get("Retry-After", "").strip()
    if asked.isdecimal():
        return float(asked)
    try:
        return max(0.0, parsedate_to_datetime(asked).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
