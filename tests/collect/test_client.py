import io
import time

import pytest
import requests

from mapgan import __version__
from mapgan.collect import connections
from mapgan.collect.addresses import UnavailableError, is_public, origin
from mapgan.collect.client import Client
from mapgan.collect.responses import WrongTypeError
from mapgan.params.collecting import Gallery

from .conftest import Reply, html, image_bytes, png

LIMIT = 1 << 20
LONG = image_bytes() + b"x" * (3000 - len(image_bytes()))


def fetch(client, url, expected="image", limit=LIMIT):
    body = io.BytesIO()
    fetched = client.fetch(url, body, expected, limit)
    return fetched, body.getvalue()


def error_of(client, url, **options):
    with pytest.raises(UnavailableError) as raised:
        fetch(client, url, **options)
    return str(raised.value)


def test_the_body_is_unchanged(site, client_of):
    url = site.put("/a.png", png(3))
    fetched, body = fetch(client_of(url), url)
    assert (fetched.url, fetched.media_type, body) == (url, "image/png", image_bytes(3))


def test_user_agent(site, client_of):
    url = site.put("/a.png", png())
    fetch(client_of(url, contact="me@example.org\r\nX-Bad: 1"), url)
    assert {headers["User-Agent"] for headers in site.headers} == {f"mapgan/{__version__} (+me@example.org X-Bad: 1)"}


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_retried(site, client_of, status):
    url = site.put("/a.png", Reply(status=status), png())
    assert fetch(client_of(url), url)[1] == image_bytes()


def test_exponential_backoff(site, client_of, sleeps):
    url = site.put("/a.png", Reply(status=500))
    assert error_of(client_of(url, retries=4), url) == "HTTP 500"
    assert sleeps == [1, 2, 4, 8]
    assert site.request_counts()["/a.png"] == 5


@pytest.mark.parametrize(
    ("retry_after", "slept"), [("7", 7), ("120", 120), ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("soon", 1)]
)
def test_retry_after_is_obeyed(site, client_of, sleeps, retry_after, slept):
    url = site.put("/a.png", Reply(status=503, headers={"Retry-After": retry_after}), png())
    fetch(client_of(url), url)
    assert sleeps == [slept]


def test_a_host_that_asks_to_wait_longer_than_allowed_is_not_asked_again(site, client_of, sleeps):
    busy = site.put("/a.png", Reply(status=503, headers={"Retry-After": "3600"}), png())
    other = site.put("/b.png", png())
    client = client_of(busy)
    assert error_of(client, busy) == "HTTP 503"
    assert error_of(client, other) == "its host is busy for more than 120 s"
    assert (site.request_counts()["/a.png"], site.request_counts()["/b.png"], sleeps) == (1, 0, [])


def test_a_truncated_body_is_retried(site, client_of):
    url = site.put("/a.png", Reply(image_bytes() * 50, "image/png", content_length=9000), png())
    assert fetch(client_of(url), url)[1] == image_bytes()


def test_a_body_that_stays_truncated_is_an_error(site, client_of):
    url = site.put("/a.png", Reply(b"short", "image/png", content_length=100))
    assert error_of(client_of(url), url) == "the response is incomplete"


def test_a_missing_image_is_not_retried(site, client_of, sleeps):
    url = site.url + "/missing.png"
    assert error_of(client_of(url), url) == "HTTP 404"
    assert site.request_counts()["/missing.png"] == 1
    assert sleeps == []


def test_a_server_that_does_not_respond_times_out(site, client_of):
    url = site.put("/a.png", Reply(b"x", delay=0.5))
    site.put("/robots.txt", Reply())
    assert error_of(client_of(url, timeout=0.1, retries=0), url) == "no response within 0.1 s"


def test_a_slow_download_is_stopped(site, client_of):
    url = site.put("/a.png", Reply(b"x" * 60, "image/png", delay_per_byte=0.03))
    start = time.monotonic()
    assert error_of(client_of(url, max_seconds=0.5), url) == "not finished after 0.5 s"
    assert time.monotonic() - start < 1.5


def test_a_closed_port_gives_no_connection(client_of, closed_port):
    url = f"http://127.0.0.1:{closed_port}/a.png"
    assert error_of(client_of(url), url) == "cannot read the robots.txt of its host: no connection"


def test_a_large_content_length_is_refused(site, client_of):
    url = site.put("/a.png", Reply(b"x", "image/png", content_length=10**12))
    assert error_of(client_of(url), url) == "larger than 1 MiB"


def test_a_large_body_without_a_length_is_stopped(site, client_of):
    url = site.put("/a.png", Reply(LONG, "image/png", content_length=-1))
    assert error_of(client_of(url), url, limit=2048) == "larger than 0.00195312 MiB"


def test_a_large_chunked_body_is_stopped(site, client_of):
    body = b"bb8\r\n" + LONG + b"\r\n0\r\n\r\n"
    url = site.put("/a.png", Reply(body, "image/png", content_length=-1, headers={"Transfer-Encoding": "chunked"}))
    assert error_of(client_of(url), url, limit=2048) == "larger than 0.00195312 MiB"


def test_a_host_that_is_down_is_given_up(site, client_of):
    urls = [site.put(f"/{number}.png", Reply(status=503)) for number in range(5)]
    client = client_of(urls[0], retries=0)
    reasons = [error_of(client, url) for url in urls]
    assert reasons == ["HTTP 503"] * 3 + ["its host failed too often in a row"] * 2


def test_delay_between_requests_to_one_host(site, client_of, sleeps):
    url = site.put("/a.png", png())
    client = client_of(url, delay=10)
    fetch(client, url)
    assert len(sleeps) == 1  # between robots.txt and the image
    assert 9 < sleeps[0] <= 10


def test_pages_and_images_are_distinguished_by_type(site, client_of):
    page, image = site.put("/page.png", html("hi")), site.put("/a.png", png())
    client = client_of(page)
    assert error_of(client, page) == "not an image (text/html)"
    with pytest.raises(WrongTypeError, match="image/png"):
        fetch(client, image, expected="page")


# robots.txt


@pytest.mark.parametrize("path", ["/secret/a.png", "/maps/a.gif"])
def test_robots_txt_forbids(site, client_of, path):
    site.put("/robots.txt", Reply(b"User-agent: *\nDisallow: /secret/\nDisallow: /*.gif$\n", "text/plain"))
    url = site.put(path, png())
    assert error_of(client_of(url), url) == "robots.txt forbids it"
    assert site.requested == ["/robots.txt"]


def test_robots_txt_is_fetched_once_per_host(site, client_of):
    urls = [site.put(f"/{number}.png", png()) for number in range(3)]
    client = client_of(urls[0])
    for url in urls:
        fetch(client, url)
    assert site.request_counts()["/robots.txt"] == 1


def test_a_missing_robots_txt_allows_everything(site, client_of):
    site.put("/robots.txt", Reply(status=403))
    url = site.put("/a.png", png())
    assert fetch(client_of(url), url)[1]


@pytest.mark.parametrize("status", [429, 500])
def test_a_failing_robots_txt_allows_nothing(site, client_of, status):
    site.put("/robots.txt", Reply(status=status))
    url = site.put("/a.png", png())
    assert error_of(client_of(url), url) == f"cannot read the robots.txt of its host: HTTP {status}"
    assert "/a.png" not in site.requested


def test_a_longer_crawl_delay_wins(site, client_of, sleeps):
    site.put("/robots.txt", Reply(b"User-agent: *\nCrawl-delay: 2.5\n", "text/plain"))
    url = site.put("/a.png", png())
    client = client_of(url, delay=0)
    fetch(client, url)
    fetch(client, url)
    assert 2 < sleeps[-1] <= 2.5


# redirects and private addresses


def redirect(target):
    return Reply(status=302, headers={"Location": target})


def test_follows_five_redirects_and_no_more(site, client_of):
    for hop in range(7):
        site.put(f"/{hop}", redirect(f"/{hop + 1}"))
    site.put("/7", png())
    client = client_of(site.url)
    assert fetch(client, site.url + "/2")[0].url == site.url + "/7"
    assert error_of(client, site.url + "/1") == "more than 5 redirects"


def test_robots_txt_holds_for_the_target_of_a_redirect(site, client_of):
    site.put("/robots.txt", Reply(b"User-agent: *\nDisallow: /secret/\n", "text/plain"))
    site.put("/secret/a.png", png())
    url = site.put("/a.png", redirect("/secret/a.png"))
    assert error_of(client_of(url), url) == "robots.txt forbids it"


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.org/a.png", "gopher://x/"])
def test_a_redirect_to_another_scheme_is_refused(site, client_of, target):
    url = site.put("/a.png", redirect(target))
    assert error_of(client_of(url), url) == "neither http nor https"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "127.1"])
def test_a_redirect_to_a_private_address_is_refused(site, other_site, client_of, host):
    other_site.put("/a.png", png())
    port = other_site.url.rpartition(":")[2]
    url = site.put("/a.png", redirect(f"http://{host}:{port}/a.png"))
    assert error_of(client_of(url, retries=0), url) in {
        "leads to a private address; set allow_private if that is intended",
        "cannot read the robots.txt of its host: leads to a private address; set allow_private if that is intended",
        "cannot read the robots.txt of its host: no connection",  # spellings that this system does not resolve
    }
    assert other_site.requested == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_that_resolves_to_a_private_address_is_refused(site, monkeypatch, scheme):
    """The name looks public; the connected socket shows the private address."""
    port = int(site.url.rpartition(":")[2])
    original = connections.HTTPConnection._new_conn

    def to_loopback(self):
        self._dns_host = "127.0.0.1"
        return original(self)

    monkeypatch.setattr(connections.HTTPConnection, "_new_conn", to_loopback)
    site.put("/a.png", png())
    client = Client(Gallery(delay=0, retries=0), trusted=["http://example.org"])
    assert "private address" in error_of(client, f"{scheme}://maps.example.org:{port}/a.png")
    assert site.requested == []


def test_other_ports_of_a_trusted_host_are_refused(site, other_site, client_of):
    other_site.put("/a.png", png())
    assert "private address" in error_of(client_of(site.url), other_site.url + "/a.png")


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("10.0.0.1", False),
        ("172.16.3.4", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("127.8.8.8", False),
        ("0.0.0.0", False),
        ("100.64.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("224.0.0.1", False),
        ("maps.localhost", False),
        ("93.184.216.34", True),
        ("::ffff:93.184.216.34", True),
        ("2606:4700::1111", True),
        ("example.org", True),
    ],
)
def test_is_public(host, public):
    assert is_public(host) is public


@pytest.mark.parametrize("url", ["http://[bad", "http:///a.png", "http://a:99999/", "mailto:a@b", "C:\\maps"])
def test_invalid_urls_are_refused(url):
    with pytest.raises(UnavailableError):
        origin(url)


def test_direct_ignores_the_proxy(site, monkeypatch, closed_port):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port}")
    monkeypatch.setenv("NO_PROXY", "")
    url = site.put("/a.png", png())
    client = Client(Gallery(delay=0, retries=0), trusted=[url], direct=True)
    assert fetch(client, url)[1]
    assert isinstance(client.session, requests.Session)
