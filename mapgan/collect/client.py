"""A polite HTTP client: identifies itself, obeys robots.txt, waits between requests, retries, and gives up.

urllib3's own retries are off. They would happen where a request does not wait its Crawl-delay, and they end before the
body is read, so a truncated download would not be retried.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO
from urllib.parse import urlsplit

from requests import Request
from requests.cookies import extract_cookies_to_jar, get_cookie_header
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError, ProxyError, SSLError, TimeoutError

from mapgan import __version__
from mapgan.collect import rules
from mapgan.collect.addresses import RefusedError, UnavailableError, canonical, check, is_public, origin
from mapgan.collect.budget import Budget
from mapgan.collect.connections import finish
from mapgan.collect.hosts import Host, Hosts
from mapgan.collect.opt_outs import opt_out
from mapgan.collect.pace import backoff
from mapgan.collect.page_cache import CachedPage, PageCache
from mapgan.collect.partial import Partial
from mapgan.collect.responses import (
    Fetched,
    NotModified,
    Resource,
    TransientError,
    WrongRangeError,
    download,
    read_head,
)
from mapgan.params.download import Download

MAX_FAILURES = 3  # of one host in a row
HOST_FAILURES = {0, 429, 503}  # statuses that mean the whole host: down, or refusing requests; 0 is no response
NOT_HERE = "not here, and offline"
BUSY = {429, 503}
REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True)
class Wanted:
    """What is asked for: where it goes, what it should be, and how many bytes it may have."""

    into: BinaryIO | Partial
    expected: Resource
    limit: int

    @property
    def partial(self) -> Partial | None:
        """The bytes that are there already, if it can be gone on with."""
        return self.into if isinstance(self.into, Partial) else None


class Client:
    """Asks hosts, each by one connection at a time; threads may use it for several hosts side by side.

    Args:
        settings: delay, timeout, retries, limits and contact.
        trusted: URLs from the settings; no other host may have a private address.
        api: beginning of the URLs that a site has made for programs; its robots.txt is for the others. Empty for none.
        direct: ignore the proxy of the environment.
        pages: pages of earlier scrapes; None to ask for all pages in full.
        sleep: sleeps for a number of seconds, or until `stop`.
        now: a clock, seconds.
    """

    def __init__(
        self,
        settings: Download,
        trusted: Iterable[str],
        api: str = "",
        direct: bool = False,
        pages: PageCache | None = None,
        sleep: Callable[[float], object] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings, self.api, self.pages, self.now = settings, api, pages, now
        named = {origin(url) for url in trusted}
        # a name that the user wrote may lead elsewhere the next time; an address that they wrote may not
        self.trusted = frozenset(host for host in named if settings.allow_private or not is_public(host[0]))
        contact = " ".join(settings.contact.encode("ascii", "replace").decode().split())
        agent = f"mapgan/{__version__}" + (f" (+{contact})" if contact else "")
        # uncompressed bodies only: their length can be checked, and there are no decompression bombs
        self.headers = {"User-Agent": agent, "Accept": "*/*", "Accept-Encoding": "identity"}
        self.hosts = Hosts(settings.delay, self.trusted, direct)
        self.budget = Budget(settings, now)
        self.sleep = sleep or self.budget.stopped.wait

    def fetch(self, url: str, into: BinaryIO | Partial, expected: Resource, limit: int, page: str = "") -> Fetched:
        """Download `url` into an empty open file, or go on with a download that was cut off.

        Args:
            url: the address.
            into: the file.
            expected: what it should be.
            limit: bytes; a longer page or image is refused, a longer robots.txt is cut.
            page: URL of the page that shows the image; some sites give images to visitors of their pages only.

        Raises:
            UnavailableError: it cannot or may not be downloaded; the text of the error is the reason.
        """
        pages = None if expected in ("image", "robots") else self.pages
        known = pages.get(url) if pages else None
        if self.settings.offline:
            if known is None:
                raise NotHereError(NOT_HERE)
            return _copy(known, into)
        try:
            fetched = self._follow(url, Wanted(into, expected, limit), page, known)
        except NotModified:
            if known is None:
                raise UnavailableError("HTTP 304", 304) from None
            return _copy(known, into)
        if pages and isinstance(into, BytesIO):
            pages.put(url, CachedPage(fetched, into.getvalue()))
        return fetched

    def stop(self) -> None:
        """End all requests; later ones fail. For another thread."""
        self.budget.stopped.set()
        self.hosts.end_now()

    def _follow(self, url: str, wanted: Wanted, page: str, known: CachedPage | None) -> Fetched:
        for _ in range(self.settings.max_redirects + 1):
            url = canonical(url)
            place = origin(url)
            check(*place, place[0], self.trusted)  # behind a proxy, the connection sees only the proxy's address
            host = self.hosts[place]
            if wanted.expected != "robots" and not (self.api and url.startswith(self.api)):
                rules.check(self, host, url, wanted.expected)
            headers = {**self.headers, **(known.conditions(url) if known else {})}
            if referer := _referer(page, url):
                headers["Referer"] = referer
            result = self._request_with_retries(host, url, wanted, headers)
            if isinstance(result, Fetched):
                return result
            url = result
        raise UnavailableError(f"more than {self.settings.max_redirects} redirects")

    def _request_with_retries(self, host: Host, url: str, wanted: Wanted, headers: dict[str, str]) -> Fetched | str:
        """Request with exponential backoff; a string is the target of a redirect."""
        for attempt in range(self.settings.retries + 1):
            with host.requesting:
                if host.put_aside or host.failures >= MAX_FAILURES:
                    raise UnavailableError(host.put_aside or "its host failed too often in a row")
                try:
                    result = self._request(host, url, wanted, headers)
                except TransientError as error:
                    self._after_failure(host, url, error, attempt)
                except NotModified:
                    host.failures = 0
                    raise
                except UnavailableError as error:
                    host.failures = 0 if error.status else host.failures + 1
                    raise
                else:
                    host.failures = 0
                    host.pace.succeeded()
                    return result
        raise AssertionError("the last attempt returns or raises")

    def _after_failure(self, host: Host, url: str, error: TransientError, attempt: int) -> None:
        """Make the host wait for the next attempt, or raise `error` if there is none."""
        longest = self.settings.max_retry_after
        if error.retry_after is not None and error.retry_after > longest:
            host.put_aside = f"its host is busy for more than {longest:g} s"
            raise error
        if attempt == self.settings.retries:
            host.failures += error.status in HOST_FAILURES
            raise error
        if isinstance(error, WrongRangeError):
            return
        wait = backoff(url, attempt) if error.retry_after is None else error.retry_after
        host.pace.next = max(host.pace.next, self.now() + wait)

    def _request(self, host: Host, url: str, wanted: Wanted, headers: dict[str, str]) -> Fetched | str:
        self._wait(host)
        timeout, started, response = self.settings.timeout, self.now(), None
        if host.cookies:
            headers = {**headers, **_cookies(host, url)}
        if wanted.partial:
            headers = {**headers, **wanted.partial.continuation}
        try:
            with host.connections.deadline.within(self.settings.max_seconds):
                response = host.connections.get(url, headers, timeout)
                host.pace.answered(self.now() - started)
                return self._read(host, url, wanted, response)
        except TransientError as error:
            if error.status in BUSY:
                host.pace.refused()
            if isinstance(error, WrongRangeError) and wanted.partial:
                wanted.partial.restart()
            raise
        except (HTTPError, ValueError, OSError) as error:
            raise _failure(error, response, timeout) from None
        finally:
            if response is not None:
                finish(response)
            host.pace.next = self.now() + host.pace.delay

    def _read(self, host: Host, url: str, wanted: Wanted, response: BaseHTTPResponse) -> Fetched | str:
        if "Set-Cookie" in response.headers:
            extract_cookies_to_jar(host.cookies, Request("GET", url), response)  # type: ignore[no-untyped-call]
        target = response.headers.get("Location")
        if response.status in REDIRECTS and target is not None:
            return canonical(target, url)
        fetched = read_head(response, url, wanted.expected, wanted.partial)
        if wanted.expected == "image" and self.settings.opt_outs == "obey" and opt_out(fetched.words):
            raise RefusedError(f"its site says {opt_out(fetched.words)}", response.status)
        download(response, fetched, wanted.into, wanted.expected, wanted.limit)
        return fetched

    def _wait(self, host: Host) -> None:
        wait = max(0.0, host.pace.next - self.now())
        self.budget.check(wait)
        if wait > 0:
            self.sleep(wait)
            self.budget.check()


class NotHereError(UnavailableError):
    """Something that only the net could give, and the settings say offline."""


def _failure(error: Exception, response: BaseHTTPResponse | None, timeout: float) -> UnavailableError:
    """What went wrong below HTTP, in words that are the same on every run."""
    cause = error.original_error if isinstance(error, ProxyError) else error
    if isinstance(cause, TimeoutError) and not isinstance(cause, NewConnectionError):
        return TransientError(f"no response within {timeout:g} s")
    if isinstance(cause, SSLError):
        return UnavailableError("no trusted TLS connection")
    if isinstance(cause, (NewConnectionError, ProtocolError, OSError)) or isinstance(error, ProxyError):
        return TransientError("no connection" if response is None else "the response is incomplete")
    return UnavailableError(f"cannot be requested ({type(error).__name__})")


def _copy(known: CachedPage, into: BinaryIO | Partial) -> Fetched:
    into.write(known.body)
    return known.fetched


def _cookies(host: Host, url: str) -> dict[str, str]:
    header = get_cookie_header(host.cookies, Request("GET", url))  # type: ignore[no-untyped-call]
    return {"Cookie": header} if header else {}


def _referer(page: str, url: str) -> str:
    """What a browser would say it came from: the page, to its own site; to another only its host, never after TLS."""
    if not page or (page.startswith("https:") and not url.startswith("https:")):
        return ""
    parts = urlsplit(page)
    return page if origin(page) == origin(url) else f"{parts.scheme}://{parts.netloc}/"
