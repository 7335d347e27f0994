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
from typing import BinaryIO
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from mapgan import __version__
from mapgan.collect.addresses import Origin, RefusedError, UnavailableError, canonical, check, is_public, origin
from mapgan.collect.connections import Deadline, guarded_adapter
from mapgan.collect.opt_outs import opt_out
from mapgan.collect.responses import Fetched, Resource, TransientError, download, read_head
from mapgan.collect.robots import ROBOTS_BYTES, Robots
from mapgan.params.collecting import Download

MAX_REDIRECTS = 5
MAX_CRAWL_DELAY = 3600.0  # seconds; a robots.txt may ask for years
MAX_FAILURES = 3  # of one host in a row
HOST_FAILURES = {0, 429, 503}  # statuses that mean the whole host: down, or refusing requests; 0 is no response


class Client:
    """A session with the hosts of a gallery.

    Args:
        settings: delay, timeout, retries, limits and contact.
        trusted: URLs from the settings; no other host may have a private address.
        api: beginning of the URLs that a site has made for programs; its robots.txt is for the others. Empty for none.
        direct: ignore the proxy of the environment.
        sleep: sleeps for a number of seconds.
    """

    def __init__(
        self,
        settings: Download,
        trusted: Iterable[str],
        api: str = "",
        direct: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings, self.api, self.sleep = settings, api, sleep
        named = {origin(url) for url in trusted}
        # a name that the user wrote may lead elsewhere the next time; an address that they wrote may not
        self.trusted = frozenset(host for host in named if settings.allow_private or not is_public(host[0]))
        self.session = requests.Session()
        self.session.trust_env = not direct
        self.session.auth = lambda request: request  # keeps requests from sending the passwords in ~/.netrc
        contact = " ".join(settings.contact.encode("ascii", "replace").decode().split())
        agent = f"mapgan/{__version__}" + (f" (+{contact})" if contact else "")
        # uncompressed bodies only: their length can be checked, and there are no decompression bombs
        self.session.headers.update({"User-Agent": agent, "Accept-Encoding": "identity"})
        self.deadline = Deadline()
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, guarded_adapter(self.trusted, self.deadline))
        self.rules: dict[Origin, Robots | UnavailableError] = {}
        self.next_request: dict[Origin, float] = {}
        self.failures: Counter[Origin] = Counter()
        self.put_aside: dict[Origin, str] = {}

    def fetch(self, url: str, into: BinaryIO, expected: Resource, limit: int, page: str = "") -> Fetched:
        """Download `url` into an empty open file.

        Args:
            url: the address.
            into: the file.
            expected: what it should be.
            limit: bytes; a longer page or image is refused, a longer robots.txt is cut.
            page: URL of the page that shows the image; some sites give images to visitors of their pages only.

        Raises:
            UnavailableError: it cannot or may not be downloaded; the text of the error is the reason.
        """
        for _ in range(MAX_REDIRECTS + 1):
            url = canonical(url)
            host, port = origin(url)
            check(host, port, host, self.trusted)  # behind a proxy, the adapter sees only the proxy's address
            if expected != "robots" and not (self.api and url.startswith(self.api)):
                self._check_robots(url)
            result = self._request_with_retries(url, into, expected, limit, _referer(page, url))
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
        if not rules.allows(url):
            raise RefusedError("robots.txt forbids it")

    def _fetch_robots(self, url: str) -> Robots | UnavailableError:
        body = io.BytesIO()
        try:
            self.fetch(urljoin(url, "/robots.txt"), body, "robots", ROBOTS_BYTES)
        except UnavailableError as error:
            if not 400 <= error.status < 500 or error.status == 429:
                return error
            body = io.BytesIO()
        rules = Robots(body.getvalue())
        if rules.delay > max(self.settings.delay, 5):
            print(f"mapgan: {origin(url)[0]} asks for {rules.delay:g} s between requests", file=sys.stderr)
        return rules

    def _request_with_retries(
        self, url: str, into: BinaryIO, expected: Resource, limit: int, referer: str
    ) -> Fetched | str:
        """Request with exponential backoff; a string is the target of a redirect."""
        host = origin(url)
        if host in self.put_aside:
            raise UnavailableError(self.put_aside[host])
        if self.failures[host] >= MAX_FAILURES:
            raise UnavailableError("its host failed too often in a row")
        for attempt in range(self.settings.retries + 1):
            try:
                result = self._request(url, into, expected, limit, referer)
            except TransientError as error:
                wait = 2.0**attempt if error.retry_after is None else error.retry_after
                if error.retry_after is not None and wait > self.settings.max_retry_after:
                    self.put_aside[host] = f"its host is busy for more than {self.settings.max_retry_after:g} s"
                    raise
                if attempt == self.settings.retries:
                    self.failures[host] += error.status in HOST_FAILURES
                    raise
                self.sleep(wait)
            except UnavailableError as error:
                self.failures[host] = 0 if error.status else self.failures[host] + 1
                raise
            else:
                self.failures[host] = 0
                return result
        raise AssertionError("the last attempt returns or raises")

    def _request(self, url: str, into: BinaryIO, expected: Resource, limit: int, referer: str) -> Fetched | str:
        self._wait(url)
        timeout = self.settings.timeout
        headers = {"Referer": referer} if referer else {}
        try:
            with (
                self.deadline.within(self.settings.max_seconds),
                self.session.get(url, headers=headers, stream=True, allow_redirects=False, timeout=timeout) as response,
            ):
                target = self.session.get_redirect_target(response)
                if target is not None:
                    return canonical(target, url)
                fetched = read_head(response, url, expected)
                if expected == "image" and self.settings.opt_outs == "obey" and opt_out(fetched.words):
                    raise RefusedError(f"its site says {opt_out(fetched.words)}", response.status_code)
                download(response, fetched, into, expected, limit)
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
        asked = rules.delay if isinstance(rules, Robots) else 0.0
        return min(max(self.settings.delay, asked), MAX_CRAWL_DELAY)


def _referer(page: str, url: str) -> str:
    """What a browser would say it came from: the page, to its own site; to another only its host, never after TLS."""
    if not page or (page.startswith("https:") and not url.startswith("https:")):
        return ""
    parts = urlsplit(page)
    return page if origin(page) == origin(url) else f"{parts.scheme}://{parts.netloc}/"
