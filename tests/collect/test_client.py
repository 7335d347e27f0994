import gzip
import io
import time
import tracemalloc
from dataclasses import replace

import pytest

from mapgan import __version__
from mapgan.collect import connections
from mapgan.collect.addresses import RefusedError, UnavailableError
from mapgan.collect.client import Client
from mapgan.collect.pace import backoff
from mapgan.collect.responses import WrongTypeError
from mapgan.params.collecting import Download

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
    assert all(0.5 * wait <= slept <= 1.5 * wait for wait, slept in zip([1, 2, 4, 8], sleeps, strict=True))
    assert site.request_counts()["/a.png"] == 5


@pytest.mark.parametrize(
    ("retry_after", "slept"), [("7", 7), ("120", 120), ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("soon", None)]
)
def test_retry_after_is_obeyed(site, client_of, sleeps, retry_after, slept):
    url = site.put("/a.png", Reply(status=503, headers={"Retry-After": retry_after}), png())
    fetch(client_of(url), url)
    # a busy host rests for a second at least
    assert sleeps == [max(backoff(url, 0) if slept is None else slept, 1)]


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
    assert sleeps == [10, 10]  # between robots.txt, tdmrep.json and the image


def test_pages_and_images_are_distinguished_by_type(site, client_of):
    page, image = site.put("/page.png", html("hi")), site.put("/a.png", png())
    client = client_of(page)
    assert error_of(client, page) == "not an image (text/html)"
    with pytest.raises(WrongTypeError, match="image/png"):
        fetch(client, image, expected="page")


def test_what_is_an_image_its_bytes_decide(site, client_of):
    url = site.put("/a.png", Reply(image_bytes(), "text/html"))
    assert fetch(client_of(url), url)[1] == image_bytes()


def test_html_sent_as_an_image_is_not_downloaded_to_its_end(site, client_of):
    url = site.put("/a.jpg", Reply(b"<!doctype html>" + b"x" * 600_000, "image/jpeg"))
    body = io.BytesIO()
    with pytest.raises(WrongTypeError, match="not an image"):
        client_of(url).fetch(url, body, "image", LIMIT)
    assert body.tell() == 0


def test_an_empty_body_is_no_image(site, client_of):
    url = site.put("/a.png", Reply(b"", "image/png"))
    assert error_of(client_of(url), url) == "an empty file"


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, br", "x"])
def test_an_encoding_that_cannot_be_read_is_refused(site, client_of, encoding):
    url = site.put("/a.png", Reply(image_bytes(), "image/png", headers={"Content-Encoding": encoding}))
    assert error_of(client_of(url), url) == "sent in an encoding that was not asked for"


def test_gzip_is_read_though_it_was_not_asked_for(site, client_of):
    url = site.put("/a.png", Reply(gzip.compress(image_bytes()), "image/png", headers={"Content-Encoding": "gzip"}))
    assert fetch(client_of(url), url)[1] == image_bytes()


def test_a_gzip_bomb_is_stopped(site, client_of):
    bomb = gzip.compress(image_bytes() + bytes(200 << 20), compresslevel=1)
    url = site.put("/a.png", Reply(bomb, "image/png", headers={"Content-Encoding": "gzip"}))
    tracemalloc.start()
    assert error_of(client_of(url), url, limit=4 << 20) == "larger than 4 MiB"
    assert tracemalloc.get_traced_memory()[1] < 100 << 20
    tracemalloc.stop()


def test_no_control_character_of_a_server_reaches_the_reason(site, client_of):
    url = site.put("/a", Reply(b"x", "text/\x1b[31mred"))
    assert error_of(client_of(url), url, expected="page") == "not a page (an invalid content type)"


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [("text/html; charset=ISO-8859-1", "iso-8859-1"), ('text/html; x=y; Charset="utf-8"; z', "utf-8"),
     ("text/html;charset='koi8-r'", "koi8-r"), ("text/html; charset=\x01\x1b", None), ("text/html", None)],
)  # fmt: skip
def test_the_charset_of_a_page(site, client_of, content_type, charset):
    url = site.put("/a", Reply(b"x", content_type))
    assert fetch(client_of(url), url, expected="page")[0].charset == charset


REFERERS = {
    "its own site": ("{site}/p/1?q=2", "{site}/p/1?q=2"),
    "another site": ("http://maps.example/p/1?q=2", "http://maps.example/"),
    "a page that came by TLS": ("https://maps.example/p/1", None),
    "no page": ("", None),
}


@pytest.mark.parametrize(("page", "expected"), REFERERS.values(), ids=REFERERS)
def test_the_referer_is_what_a_browser_would_send(site, client_of, page, expected):
    url = site.put("/a.png", png())
    client_of(url).fetch(url, io.BytesIO(), "image", LIMIT, page.format(site=site.url))
    assert site.headers[-1].get("Referer") == (expected and expected.format(site=site.url))


# what owners say in headers


@pytest.mark.parametrize(
    ("header", "value", "word"),
    [
        ("X-Robots-Tag", "noai", "noai"),
        ("X-Robots-Tag", "NOIMAGEAI, nofollow", "noimageai"),
        ("X-Robots-Tag", "noindex", "noindex"),
        ("X-Robots-Tag", "noimageindex", "noimageindex"),
        ("X-Robots-Tag", "none", "none"),
        ("X-Robots-Tag", "mapgan: noai", "noai"),
        ("X-Robots-Tag", "otherbot: nofollow, mapgan: noai", "noai"),
        ("X-Robots-Tag", "unavailable_after: 1 Jan 2030, noai", "noai"),
        ("TDM-Reservation", "1", "tdm-reservation"),
    ],
)
def test_an_image_that_its_owner_keeps_back_is_not_downloaded(site, client_of, header, value, word):
    url = site.put("/a.png", Reply(image_bytes(), "image/png", headers={header: value}))
    with pytest.raises(RefusedError, match=f"^its site says {word}$"):
        fetch(client_of(url), url)
    assert fetch(client_of(url, opt_outs="ignore"), url)[1] == image_bytes()


@pytest.mark.parametrize(
    ("header", "value"),
    [("X-Robots-Tag", "all"), ("X-Robots-Tag", "otherbot: noai, noindex"), ("X-Robots-Tag", "max-snippet:0"),
     ("TDM-Reservation", "0")],
)  # fmt: skip
def test_other_words_do_not_matter(site, client_of, header, value):
    url = site.put("/a.png", Reply(image_bytes(), "image/png", headers={header: value}))
    assert fetch(client_of(url), url)[1] == image_bytes()


# robots.txt


@pytest.mark.parametrize("path", ["/secret/a.png", "/maps/a.gif"])
def test_robots_txt_forbids(site, client_of, path):
    site.put("/robots.txt", Reply(b"User-agent: *\nDisallow: /secret/\nDisallow: /*.gif$\n", "text/plain"))
    url = site.put(path, png())
    assert error_of(client_of(url), url) == "robots.txt forbids it"
    assert site.requested == ["/robots.txt"]


def test_reservations_of_the_site_hold_for_images(site, client_of):
    reserved = b'[{"location": "/maps/*", "tdm-reservation": 1}]'
    site.put("/.well-known/tdmrep.json", Reply(reserved, "application/json"))
    url, page = site.put("/maps/a.png", png()), site.put("/maps/", html("page"))
    client = client_of(url)
    with pytest.raises(RefusedError, match="its site says tdm-reservation"):
        fetch(client, url)
    assert fetch(client, site.put("/b.png", png()))[1]
    assert fetch(client, page, expected="page")[1]
    assert fetch(client_of(url, opt_outs="ignore"), url)[1]
    assert site.request_counts()["/.well-known/tdmrep.json"] == 1


@pytest.mark.parametrize("reply", [Reply(status=500), Reply(b"<p>Not found"), Reply(b"x" * 3_000_000)])
def test_reservations_that_cannot_be_read_reserve_nothing(site, client_of, reply):
    site.put("/.well-known/tdmrep.json", reply)
    url = site.put("/a.png", png())
    assert fetch(client_of(url), url)[1]


def test_cookies_stay_with_their_host(site, other_site, client_of):
    url = site.put("/a.png", Reply(status=302, headers={"Location": "/b.png", "Set-Cookie": "seen=1; Path=/"}))
    site.put("/b.png", png())
    there = other_site.put("/c.png", png())
    client = client_of(url, there)
    fetch(client, url)
    fetch(client, there)
    assert [headers.get("Cookie") for headers in site.headers][-2:] == [None, "seen=1"]
    assert {headers.get("Cookie") for headers in other_site.headers} == {None}


def test_cookies_of_a_host_are_limited(site, client_of, monkeypatch):
    monkeypatch.setattr("mapgan.collect.client.MAX_COOKIES", 3)
    urls = [site.put(f"/{n}.png", replace(png(), headers={"Set-Cookie": f"n{n}=1; Path=/"})) for n in range(6)]
    client = client_of(urls[0])
    for url in urls:
        fetch(client, url)
    assert site.headers[-1]["Cookie"] == "n0=1; n1=1; n2=1"


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


def test_a_robots_txt_of_five_megabytes_is_read_in_part(site, client_of):
    rules = b"User-agent: *\nDisallow: /secret\n" + b"# filler\n" * 600_000
    site.put("/robots.txt", Reply(rules, "text/plain"))
    client = client_of(site.url)
    assert fetch(client, site.put("/a.png", png()))[1]
    assert error_of(client, site.put("/secret.png", png())) == "robots.txt forbids it"


def test_a_longer_crawl_delay_wins(site, client_of, sleeps):
    site.put("/robots.txt", Reply(b"User-agent: *\nCrawl-delay: 2.5\n", "text/plain"))
    url = site.put("/a.png", png())
    client = client_of(url, delay=0)
    fetch(client, url)
    fetch(client, url)
    assert sleeps[-1] == 2.5


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


def test_a_host_that_redirects_to_no_address_has_answered(site, client_of):
    urls = [site.put(f"/{number}.png", redirect("file:///etc/passwd")) for number in range(4)]
    client = client_of(urls[0])
    assert [error_of(client, url) for url in urls] == ["neither http nor https"] * 4


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
    client = Client(Download(delay=0, retries=0), trusted=["http://example.org"])
    assert "private address" in error_of(client, f"{scheme}://maps.example.org:{port}/a.png")
    assert site.requested == []


def test_a_name_in_the_settings_may_not_lead_into_the_home_network(site, monkeypatch):
    """Unless they say so: whoever owns the name decides where it leads, now and at the next request."""
    url = site.put("/a.png", png()).replace("127.0.0.1", "maps.example")
    original = connections.HTTPConnection._new_conn

    def to_loopback(self):
        name, self._dns_host = self._dns_host, "127.0.0.1"
        connected = original(self)
        self._dns_host = name
        return connected

    monkeypatch.setattr(connections.HTTPConnection, "_new_conn", to_loopback)
    assert "private address" in error_of(Client(Download(delay=0, retries=0), trusted=[url]), url)
    assert fetch(Client(Download(delay=0, allow_private=True), trusted=[url]), url)[1]


def test_other_ports_of_a_trusted_host_are_refused(site, other_site, client_of):
    other_site.put("/a.png", png())
    assert "private address" in error_of(client_of(site.url), other_site.url + "/a.png")


def test_through_a_proxy(site, monkeypatch):
    """The proxy may have a private address; what is asked of it may not, and its answers end in time, too."""
    monkeypatch.setenv("HTTP_PROXY", site.url)
    monkeypatch.setenv("NO_PROXY", "")
    site.put("http://maps.example/a.png", png())
    site.put("http://maps.example/b.png", Reply(b"x" * 100, delay_per_byte=0.05))
    client = Client(Download(delay=0, retries=0, max_seconds=0.5), trusted=[])
    assert fetch(client, "http://maps.example/a.png")[1] == image_bytes()
    assert error_of(client, "http://maps.example/b.png") == "not finished after 0.5 s"
    assert "private address" in error_of(client, "http://127.1/a.png")
    assert {path.partition("/a")[0] for path in site.requested} >= {"http://maps.example"}


def test_direct_ignores_the_proxy(site, monkeypatch, closed_port):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port}")
    monkeypatch.setenv("NO_PROXY", "")
    url = site.put("/a.png", png())
    client = Client(Download(delay=0, retries=0), trusted=[url], direct=True)
    assert fetch(client, url)[1]
