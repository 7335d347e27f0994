import io
import time

import pytest
import requests

from mapgan import __version__
from mapgan.collect import addresses
from mapgan.collect.addresses import UnavailableError, is_public, origin
from mapgan.collect.client import Client, WrongKindError
from mapgan.params.collecting import Gallery

from .conftest import Reply, html, image_bytes, png

LIMIT = 1 << 20


def fetched(client, url, want="image", limit=LIMIT):
    body = io.BytesIO()
    handle_trouble = client.fetch(url, body, want, limit)
    return handle_trouble, body.getvalue()


def refusal(client, url, **how):
    with pytest.raises(UnavailableError) as refused:
        fetched(client, url, **how)
    return str(refused.value)


def test_brings_the_body_as_it_is(site, client_of):
    url = site.put("/a.png", png(3))
    handle_trouble, body = fetched(client_of(url), url)
    assert (handle_trouble.url, handle_trouble.media_type, body) == (url, "image/png", image_bytes(3))


def test_says_who_it_is(site, client_of):
    url = site.put("/a.png", png())
    fetched(client_of(url, contact="me@example.org\r\nX-Bad: 1"), url)
    assert {each["User-Agent"] for each in site.headers} == {f"mapgan/{__version__} (+me@example.org X-Bad: 1)"}


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_asks_again_when_a_server_is_busy(site, client_of, status):
    url = site.put("/a.png", Reply(status=status), png())
    assert fetched(client_of(url), url)[1] == image_bytes()


def test_pauses_grow_and_tries_end(site, client_of, pauses):
    url = site.put("/a.png", Reply(status=500))
    assert refusal(client_of(url, retries=4), url) == "HTTP 500"
    assert pauses == [1, 2, 4, 8]
    assert site.times()["/a.png"] == 5


@pytest.mark.parametrize(("asked", "waited"), [("7", 7), ("86400", 60), ("Wed, 21 Oct 2015 07:28:00 GMT", 0)])
def test_waits_as_long_as_the_server_asks_but_no_more_than_a_minute(site, client_of, pauses, asked, waited):
    url = site.put("/a.png", Reply(status=503, headers={"Retry-After": asked}), png())
    fetched(client_of(url), url)
    assert pauses == [waited]


def test_a_truncated_body_is_asked_for_again(site, client_of):
    whole = image_bytes()
    url = site.put("/a.png", Reply(b"x" * 5000, "image/png", claims=9000), png())
    assert fetched(client_of(url), url)[1] == whole


def test_a_body_that_stays_truncated_is_no_image(site, client_of):
    url = site.put("/a.png", Reply(b"short", "image/png", claims=100))
    assert refusal(client_of(url), url) == "the answer broke off"


def test_a_missing_image_is_not_asked_for_twice(site, client_of, pauses):
    url = site.url + "/missing.png"
    assert refusal(client_of(url), url) == "HTTP 404"
    assert site.times()["/missing.png"] == 1
    assert pauses == []


def test_a_hanging_server_is_left(site, client_of):
    url = site.put("/a.png", Reply(b"x", waits=0.5))
    site.put("/robots.txt", Reply())
    assert refusal(client_of(url, timeout=0.1, retries=0), url) == "no answer within 0.1 s"


def test_a_dripping_server_is_left(site, client_of):
    url = site.put("/a.png", Reply(b"x" * 60, "image/png", drips=0.03))
    start = time.monotonic()
    assert refusal(client_of(url, timeout=0.05), url) == "incomplete after 0.5 s"
    assert time.monotonic() - start < 1.5


def test_a_closed_port_is_no_connection(client_of, closed_port):
    url = f"http://127.0.0.1:{closed_port}/a.png"
    assert refusal(client_of(url), url) == "robots.txt of its site is not available: no connection"


def test_a_body_that_says_it_is_huge_is_not_begun(site, client_of):
    url = site.put("/a.png", Reply(b"x", "image/png", claims=10**12))
    assert refusal(client_of(url), url) == "larger than 1 MiB"


def test_a_huge_body_without_a_length_is_cut_off(site, client_of):
    url = site.put("/a.png", Reply(b"x" * 3000, "image/png", claims=-1))
    assert refusal(client_of(url), url, limit=2048) == "larger than 0.00195312 MiB"


def test_a_huge_body_in_chunks_is_cut_off(site, client_of):
    body = b"bb8\r\n" + b"x" * 3000 + b"\r\n0\r\n\r\n"
    url = site.put("/a.png", Reply(body, "image/png", claims=-1, headers={"Transfer-Encoding": "chunked"}))
    assert refusal(client_of(url), url, limit=2048) == "larger than 0.00195312 MiB"


def test_a_site_that_is_down_is_given_up(site, client_of):
    urls = [site.put(f"/{number}.png", Reply(status=503)) for number in range(5)]
    client = client_of(urls[0], retries=0)
    reasons = [refusal(client, url) for url in urls]
    assert reasons == ["HTTP 503"] * 3 + ["its site failed too often in succession"] * 2


def test_waits_between_requests_to_one_host(site, client_of, pauses):
    url = site.put("/a.png", png())
    client = client_of(url, delay=10)
    fetched(client, url)
    assert len(pauses) == 1  # between robots.txt and the image
    assert 9 < pauses[0] <= 10


def test_kinds_are_told_apart(site, client_of):
    page, image = site.put("/page.png", html("hi")), site.put("/a.png", png())
    client = client_of(page)
    assert refusal(client, page) == "not an image (text/html)"
    with pytest.raises(WrongKindError, match="image/png"):
        fetched(client, image, want="page")


# robots.txt


@pytest.mark.parametrize("path", ["/secret/a.png", "/maps/a.gif"])
def test_robots_txt_forbids(site, client_of, path):
    site.put("/robots.txt", Reply(b"User-agent: *\nDisallow: /secret/\nDisallow: /*.gif$\n", "text/plain"))
    url = site.put(path, png())
    assert refusal(client_of(url), url) == "robots.txt forbids it"
    assert site.asked == ["/robots.txt"]


def test_robots_txt_is_asked_once_a_host(site, client_of):
    urls = [site.put(f"/{number}.png", png()) for number in range(3)]
    client = client_of(urls[0])
    for url in urls:
        fetched(client, url)
    assert site.times()["/robots.txt"] == 1


def test_no_robots_txt_allows_all(site, client_of):
    site.put("/robots.txt", Reply(status=403))
    url = site.put("/a.png", png())
    assert fetched(client_of(url), url)[1]


@pytest.mark.parametrize("status", [429, 500])
def test_a_broken_robots_txt_allows_nothing(site, client_of, status):
    site.put("/robots.txt", Reply(status=status))
    url = site.put("/a.png", png())
    assert refusal(client_of(url), url) == f"robots.txt of its site is not available: HTTP {status}"
    assert "/a.png" not in site.asked


def test_a_longer_crawl_delay_wins(site, client_of, pauses):
    site.put("/robots.txt", Reply(b"User-agent: *\nCrawl-delay: 2.5\n", "text/plain"))
    url = site.put("/a.png", png())
    client = client_of(url, delay=0)
    fetched(client, url)
    fetched(client, url)
    assert 2 < pauses[-1] <= 2.5


# redirects and private addresses


def redirect(target):
    return Reply(status=302, headers={"Location": target})


def test_follows_five_redirects_and_no_more(site, client_of):
    for hop in range(7):
        site.put(f"/{hop}", redirect(f"/{hop + 1}"))
    site.put("/7", png())
    client = client_of(site.url)
    assert fetched(client, site.url + "/2")[0].url == site.url + "/7"
    assert refusal(client, site.url + "/1") == "more than 5 redirects"


def test_a_redirect_does_not_lead_past_robots_txt(site, client_of):
    site.put("/robots.txt", Reply(b"User-agent: *\nDisallow: /secret/\n", "text/plain"))
    site.put("/secret/a.png", png())
    url = site.put("/a.png", redirect("/secret/a.png"))
    assert refusal(client_of(url), url) == "robots.txt forbids it"


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.org/a.png", "gopher://x/"])
def test_a_redirect_leads_to_the_web_only(site, client_of, target):
    url = site.put("/a.png", redirect(target))
    assert refusal(client_of(url), url) == "neither http nor https"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "127.1"])
def test_a_redirect_does_not_lead_into_the_own_network(site, other_site, client_of, host):
    other_site.put("/a.png", png())
    port = other_site.url.rpartition(":")[2]
    url = site.put("/a.png", redirect(f"http://{host}:{port}/a.png"))
    assert refusal(client_of(url, retries=0), url) in {
        "leads to a private address; name it in scrape.gallery.urls if you mean it",
        "robots.txt of its site is not available: "
        "leads to a private address; name it in scrape.gallery.urls if you mean it",
        "robots.txt of its site is not available: no connection",  # spellings that this system does not know
    }
    assert other_site.asked == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_that_resolves_to_a_private_address_is_refused(site, monkeypatch, scheme):
    """A public-looking name, checked where it really leads: at the connected socket."""
    port = int(site.url.rpartition(":")[2])
    real = addresses.HTTPConnection._new_conn

    def to_loopback(self):
        self._dns_host = "127.0.0.1"
        return real(self)

    monkeypatch.setattr(addresses.HTTPConnection, "_new_conn", to_loopback)
    site.put("/a.png", png())
    client = Client(Gallery(delay=0, retries=0), named=["http://example.org"])
    assert "private address" in refusal(client, f"{scheme}://maps.example.org:{port}/a.png")
    assert site.asked == []


def test_only_the_very_port_that_was_named_is_allowed(site, other_site, client_of):
    other_site.put("/a.png", png())
    assert "private address" in refusal(client_of(site.url), other_site.url + "/a.png")


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
def test_public_addresses(host, public):
    assert is_public(host) is public


@pytest.mark.parametrize("url", ["http://[bad", "http:///a.png", "http://a:99999/", "mailto:a@b", "C:\\maps"])
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(UnavailableError):
        origin(url)


def test_goes_past_the_proxy_when_told_to(site, monkeypatch, closed_port):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port}")
    monkeypatch.setenv("NO_PROXY", "")
    url = site.put("/a.png", png())
    client = Client(Gallery(delay=0, retries=0), named=[url], direct=True)
    assert fetched(client, url)[1]
    assert isinstance(client.session, requests.Session)
