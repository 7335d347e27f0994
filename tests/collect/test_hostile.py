"""One scrape of a site where everything goes wrong: each image ends with the right row in the manifest."""

import gzip
import io

import pytest
from PIL import Image

from mapgan.collect import fetching, gallery
from mapgan.collect.client import Client
from mapgan.collect.manifest import deduplicate
from mapgan.collect.store import Store
from mapgan.errors import MapganError

from .conftest import Reply, gallery_scrape, html, image_bytes, large_image, png, running_site

PNG = image_bytes(1)
JPEG = image_bytes(2, "JPEG", (400, 300))
LIMIT = 1 << 20


def bomb():
    stream = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(stream, "PNG")
    return stream.getvalue()


def animation():
    stream = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), (value, 0, 0)) for value in (0, 90, 180)]
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:])
    return stream.getvalue()


def redirect(target):
    return Reply(status=302, headers={"Location": target})


PART, PART_2, PART_3 = (large_image(seed) for seed in (31, 32, 33))
LONGER = image_bytes(20)
TAG = {"ETag": '"one"'}
BUSY = {"Retry-After": "0"}
DATE = {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}

# the replies to the requests for an image, and the reason in its row; empty if it is fine
CASES = {
    "429-seconds.png": ([Reply(status=429, headers=BUSY), png(11)], ""),
    "429-date.png": ([Reply(status=429, headers=DATE), png(12)], ""),
    "503-three-times.png": ([Reply(status=503, headers=BUSY)] * 3 + [png(13)], ""),
    "500-for-ever.png": ([Reply(status=500, headers=BUSY)], "HTTP 500"),
    "gone.png": ([Reply(status=410)], "HTTP 410"),
    "stalled.png": ([Reply(PNG, "image/png", delay=0.6)], "no response within 0.3 s"),
    "cut-short.png": ([Reply(PNG, "image/png", content_length=5000)], "the response is incomplete"),
    "cut-by-its-length.png": ([Reply(JPEG, "image/jpeg", content_length=900)], "damaged: cannot be decoded"),
    "large.png": ([Reply(PNG + bytes(LIMIT), "image/png")], "larger than 1 MiB"),
    "large-without-length.png": ([Reply(PNG + bytes(LIMIT), "image/png", content_length=-1)], "larger than 1 MiB"),
    "gzip-bomb.png": (
        [Reply(gzip.compress(PNG + bytes(8 * LIMIT)), "image/png", headers={"Content-Encoding": "gzip"})],
        "larger than 1 MiB",
    ),
    "pixel-bomb.png": ([Reply(bomb(), "image/png")], "larger than 100 megapixels"),
    "html.jpg": ([Reply(b"<!doctype html><p>sorry, no hot links</p>", "image/jpeg")], "not an image (image/jpeg)"),
    # not right behind each other: a host that fails three times in a row is given up
    "endless.png": ([Reply(PNG + b"x" * 200, "image/png", delay_per_byte=0.02)], "not finished after 1 s"),
    "svg.png": ([Reply(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")], "not an image (image/svg+xml)"),
    "empty.png": ([Reply(b"", "image/png")], "an empty file"),
    "stalled-body.png": ([Reply(PNG, "image/png", delay_per_byte=0.6)], "no response within 0.3 s"),
    "animated.gif": ([Reply(animation(), "image/gif")], "animated"),
    "as-text.png": ([Reply(image_bytes(14), "text/html")], ""),
    "loop.png": ([redirect("/loop.png")], "more than 5 redirects"),
    "to-a-file.png": ([redirect("file:///etc/passwd")], "neither http nor https"),
    "to-a-port.png": ([redirect("http://h:99999/")], "not a valid URL"),
    "to-the-metadata.png": (
        [redirect("http://169.254.169.254/latest/meta-data/")],
        "leads to a private address; set allow_private if that is intended",
    ),
    "to-the-router.png": (
        [redirect("http://[::ffff:192.168.0.1]/")],
        "leads to a private address; set allow_private if that is intended",
    ),
    "forbidden/a.png": ([png(15)], "robots.txt forbids it"),
    "x/..%2Fforbidden/b.png": ([png(15)], "robots.txt forbids it"),
    "noai.png": ([Reply(PNG, "image/png", headers={"X-Robots-Tag": "noai"})], "its site says noai"),
    "%C3%BCn%C3%AFc%C3%B6d%C3%A9.png": ([png(16)], ""),
    "n" * 300 + ".png": ([png(17)], ""),
    "a%2F..%2F..%2Fb.png": ([png(18)], ""),
    "same-1.png": ([png(19)], ""),
    "range-wrong.png": (
        [
            Reply(PART[:200_000], "image/png", headers=TAG, content_length=len(PART)),
            Reply(PART[50:], "image/png", 206, {**TAG, "Content-Range": f"bytes 50-{len(PART) - 1}/{len(PART)}"}),
            Reply(PART, "image/png"),
        ],
        "",
    ),
    "range-accepted.png": (
        [
            Reply(PART_2[:200_000], "image/png", headers=TAG, content_length=len(PART_2)),
            Reply(PART_2, "image/png", headers=TAG, ranges=True),
        ],
        "",
    ),
    "range-refused.png": (
        [
            Reply(PART_3[:200_000], "image/png", headers=TAG, content_length=len(PART_3)),
            Reply(PART_3, "image/png"),
        ],
        "",
    ),
    "longer-than-its-length.png": ([Reply(LONGER + b"more", "image/png", content_length=len(LONGER))], ""),
    "304.png": ([Reply(status=304)], "HTTP 304"),
    "to-a-private-name.png": (
        [redirect("http://localhost/a.png")],
        "leads to a private address; set allow_private if that is intended",
    ),
}


@pytest.fixture(scope="module")
def scraped(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    with running_site() as site:
        site.put("/robots.txt", Reply(b"User-agent: *\nDisallow: /forbidden/\n", "text/plain"))
        for name, (replies, _) in CASES.items():
            site.put(f"/{name}", *replies)
        for number in (2, 3):
            site.put(f"/same-{number}.png", png(19))
        images = "".join(f'<img src="/{name}">' for name in [*CASES, "same-2.png", "same-3.png"])
        links = "".join(f'<a href="/p{number}">x</a>' for number in range(5000))
        start = site.put("/", html(f'{images}{links}<![foo]><a rel="next" href="/p2">next</a>'))
        site.put("/p2", html('<a rel="next" href="/">and round again</a>'))
        limits = {"max_mib": 1.0, "max_seconds": 1.0, "timeout": 0.3, "retries": 3}
        scrape = gallery_scrape(start, download=limits)
        client = Client(scrape.download, [start], direct=True, sleep=lambda seconds: None)
        gathered = fetching.gather(gallery.source(scrape), client, Store(folder / "cache"), folder / "raw", "")
        rows = deduplicate(gathered.rows)
        return folder / "raw", {row.url.removeprefix(site.url + "/"): row for row in rows}


@pytest.mark.parametrize("name", CASES)
def test_row(scraped, name):
    _, rows = scraped
    assert rows[name].reason == CASES[name][1]
    assert (rows[name].status == "ok") is (CASES[name][1] == "")


def test_the_same_image_at_three_addresses_is_one(scraped):
    assert [name for name in scraped[1] if name.startswith("same-")] == ["same-1.png"]


def test_no_file_has_a_name_from_the_net(scraped):
    raw, rows = scraped
    files = {row.file for row in rows.values() if row.status == "ok"}
    assert {path.name for path in raw.iterdir()} == files
    assert all(len(name) == 64 + len(".png") for name in files)


RULES = b"User-agent: *\nDisallow: /b.png\n"
# the robots.txt of a site with two images, and the reasons in their rows
ROBOTS = {
    "that forbids": (Reply(RULES, "text/plain"), ["", "robots.txt forbids it"]),
    "that is missing": (Reply(status=404), ["", ""]),
    "that is HTML": (html("<!doctype html><p>User-agent: * Disallow: /"), ["", ""]),
    "that is 5 MB": (Reply(RULES + b"# filler\n" * 550_000, "text/plain"), ["", "robots.txt forbids it"]),
    "that is stalled": (Reply(RULES, "text/plain", delay=0.6), None),
    "that fails": (Reply(status=500), None),
    "with a Crawl-delay": (Reply(b"User-agent: *\nCrawl-delay: 2.5\n", "text/plain"), ["", ""]),
}


@pytest.mark.parametrize(("robots", "reasons"), ROBOTS.values(), ids=ROBOTS)
def test_robots_txt(site, client_of, sleeps, tmp_path, robots, reasons):
    """Without one that can be read nothing is asked for."""
    site.put("/robots.txt", robots)
    start = site.put(
        "/", Reply('<title>H\xf6hle</title><img src="a.png" alt="H\xf6hle"><img src="b.png">'.encode("latin-1"))
    )
    site.put("/a.png", png(1))
    site.put("/b.png", png(2))
    client, source = client_of(start, timeout=0.3, retries=0), gallery.source(gallery_scrape(start))
    store = Store(tmp_path / "cache")
    if reasons is None:
        with pytest.raises(MapganError, match=r"cannot read the robots\.txt of its host"):
            fetching.gather(source, client, store, tmp_path / "raw", "")
        assert set(site.requested) == {"/robots.txt"}
        return
    rows = fetching.gather(source, client, store, tmp_path / "raw", "").rows
    assert [row.reason for row in rows] == reasons
    assert rows[0].title == "H\xf6hle"  # a page that is not UTF-8 and does not say so
    assert set(sleeps) == ({2.5} if "Crawl-delay" in str(robots.body) else set())
