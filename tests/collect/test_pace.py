"""How fast a host is asked, and how much in all."""

import io
import threading
import time
from dataclasses import replace

import pytest

from mapgan.collect import fetching, gallery
from mapgan.collect.addresses import UnavailableError
from mapgan.collect.client import Client
from mapgan.collect.manifest import ManifestRow
from mapgan.collect.pace import FORGIVEN, MAX_PENALTY, Pace, backoff
from mapgan.collect.partial import Partial
from mapgan.collect.store import Store
from mapgan.collect.tally import Tally
from mapgan.params.collecting import Download

from .conftest import Reply, gallery_scrape, html, image_bytes, png, running_site


def test_a_slow_host_rests_longer():
    pace = Pace(1.0)
    pace.answered(0.1)
    assert pace.delay == 1.0
    for _ in range(50):
        pace.answered(3.0)
    assert pace.delay == pytest.approx(6.0, rel=0.01)


def test_one_slow_answer_counts_little():
    pace = Pace(1.0)
    pace.answered(0.1)
    pace.answered(2.0)
    assert pace.delay == 1.0


def test_a_busy_host_rests_longer_and_recovers():
    pace = Pace(1.0)
    delays = []
    for _ in range(10):
        pace.refused()
        delays.append(pace.delay)
    assert delays[:3] == [2.0, 3.0, 5.0]
    assert delays[-1] == 1.0 + MAX_PENALTY
    for _ in range(10):
        pace.succeeded()
    assert pace.delay == 1.0
    assert FORGIVEN > 0


def test_a_site_of_ones_own_rests_only_when_it_is_busy():
    pace = Pace(0.0)
    pace.answered(5.0)
    assert pace.delay == 0.0
    pace.refused()
    assert pace.delay == 1.0


def test_the_longest_wish_counts():
    pace = Pace(1.0)
    pace.asked = 2.5
    assert pace.delay == 2.5
    pace.asked = 1e9
    assert pace.delay == 3600.0


def test_backoff_is_exponential_with_jitter_and_the_same_each_time():
    waits = [backoff("http://a.example/", attempt) for attempt in range(8)]
    assert all(0.5 * 2**n <= wait <= 1.5 * 2**n for n, wait in enumerate(waits))
    assert waits == [backoff("http://a.example/", attempt) for attempt in range(8)]
    firsts = {backoff(f"http://a.example/{number}", 0) for number in range(100)}
    assert len(firsts) == 100
    assert max(firsts) - min(firsts) > 0.8


def test_after_a_503_the_host_is_asked_more_slowly(site, client_of, sleeps):
    busy = site.put("/a.png", Reply(status=503))
    other = site.put("/b.png", png())
    client = client_of(busy, delay=1.0, retries=1, opt_outs="ignore")
    with pytest.raises(UnavailableError):
        client.fetch(busy, io.BytesIO(), "image", 10)
    before = len(sleeps)
    client.fetch(other, io.BytesIO(), "image", 1 << 20)
    assert sleeps[before:] == [3.0]  # 1 s, and a penalty of 2 s


# several hosts


def test_hosts_are_asked_side_by_side_and_each_by_one_connection(tmp_path):
    """Each image comes only when all three hosts are asked at the same time."""
    together = threading.Barrier(3, timeout=10)
    with running_site() as a, running_site("127.0.0.2") as b, running_site("127.0.0.3") as c:
        sites = (a, b, c)
        for index, site in enumerate(sites):
            for number in range(4):
                site.put(f"/{number}.png", replace(png(index * 4 + number), before=together.wait))
        order = [f"{site.url}/{number}.png" for number in range(4) for site in sites]
        start = a.put("/", html("".join(f'<img src="{url}">' for url in order)))
        client = Client(Download(delay=0, retries=0), [site.url for site in sites])
        gathered = fetching.gather(
            gallery.source(gallery_scrape(start)), client, Store(tmp_path / "cache"), tmp_path / "raw", ""
        )
    assert [(row.url, row.status) for row in gathered.rows] == [(url, "ok") for url in order]
    assert [site.most_at_a_time for site in sites] == [1, 1, 1]


@pytest.mark.parametrize("order", ["{a}{b}", "{b}{a}"])
def test_an_error_of_one_host_ends_the_others(tmp_path, monkeypatch, order):
    with running_site() as a, running_site("127.0.0.2") as b:
        b.put("/b.png", replace(png(), delay_per_byte=0.5))
        start = a.put("/", html(order.format(a='<img src="/a.png">', b=f'<img src="{b.url}/b.png">')))
        a.put("/a.png", png(1))
        client = Client(Download(delay=0), [a.url, b.url])

        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Store, "add", full)
        began = time.monotonic()
        with pytest.raises(OSError, match="No space"):
            fetching.gather(gallery.source(gallery_scrape(start)), client, Store(tmp_path), tmp_path / "raw", "")
        assert time.monotonic() - began < 15


# limits of a whole scrape


@pytest.fixture
def three(site):
    for number in range(3):
        site.put(f"/{number}.png", png(number))
    return site.put("/", html("".join(f'<img src="/{number}.png">' for number in range(3))))


def reasons(start, client, tmp_path):
    store = Store(tmp_path / "cache")
    rows = fetching.gather(gallery.source(gallery_scrape(start)), client, store, tmp_path / "raw", "").rows
    return [row.reason for row in rows]


def test_no_more_bytes_than_allowed(three, client_of, tmp_path):
    left = "max_total_mib of 0.0001 reached"
    assert reasons(three, client_of(three, max_total_mib=0.0001), tmp_path) == ["", "", left]
    assert reasons(three, client_of(three, max_total_mib=0.0001), tmp_path) == ["", "", ""]  # the rest, in the next run


def test_bytes_of_downloads_that_fail_count(site, client_of, tmp_path):
    urls = [site.put(f"/{number}.png", Reply(image_bytes() * 50, "image/png", content_length=9000)) for number in "ab"]
    client = client_of(urls[0], retries=0, max_total_mib=0.001)
    for url, reason in zip(urls, ["the response is incomplete", "max_total_mib of 0.001 reached"], strict=True):
        with pytest.raises(UnavailableError, match=reason):
            client.fetch(url, Partial(tmp_path / "half", url, resume=False), "image", 1 << 20)


def test_a_limit_is_the_reason_for_all_that_is_left(site, client_of, tmp_path):
    """And not that the host failed, which it did not."""
    for number in range(6):
        site.put(f"/{number}.png", png(number))
    start = site.put("/", html("".join(f'<img src="/{number}.png">' for number in range(6))))
    left = "max_total_mib of 0.0001 reached"
    assert reasons(start, client_of(start, max_total_mib=0.0001), tmp_path) == ["", "", *[left] * 4]


def test_no_more_seconds_than_allowed(three, client_of, tmp_path):
    """robots.txt, the page, tdmrep.json and two images, with 10 s between them."""
    left = "max_total_seconds of 45 reached"
    assert reasons(three, client_of(three, delay=10, max_total_seconds=45), tmp_path) == ["", "", left]


def test_redirects_are_limited_by_a_setting(site, client_of):
    site.put("/0", Reply(status=302, headers={"Location": "/1"}))
    url = site.put("/1", png())
    with pytest.raises(UnavailableError, match="more than 0 redirects"):
        client_of(url, max_redirects=0).fetch(f"{site.url}/0", io.BytesIO(), "image", 1 << 20)


# what is shown


def test_the_table_says_what_has_become_of_the_images(capsys):
    tally = Tally({"a.example": 4, "b.example": 1})
    ok = ManifestRow(file=f"{'0' * 64}.png", bytes=3 << 20)
    with tally.bars:
        tally.count("a.example", ok, new=True)
        tally.count("a.example", ok, new=False)
        for _ in range(2):
            tally.count("a.example", ManifestRow(status="failed", reason="HTTP 404"), new=False)
        tally.count("b.example", ManifestRow(status="refused", reason="robots.txt forbids it"), new=False)
    tally.print()
    assert capsys.readouterr().err.splitlines() == [
        "images of a.example: 4/4 3.0 MiB, 2 HTTP 404",
        "images of b.example: 1/1 0.0 MiB, 1 robots.txt forbids it",
        "       5 found, on 2 hosts",
        "       1 fetched, 3.0 MiB",
        "       1 already there",
        "       3 put aside",
        "           2 HTTP 404",
        "           1 robots.txt forbids it",
    ]
