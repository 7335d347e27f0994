"""A small website on 127.0.0.1 that can fail in the ways real ones do."""

import contextlib
import io
import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from mapgan.collect.client import Client
from mapgan.params.collecting import Download, Gallery, Scrape


def image_bytes(seed: int = 0, image_format: str = "PNG", size: tuple[int, int] = (8, 6)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, (seed * 37 % 256, seed % 256, 90)).save(stream, image_format)
    return stream.getvalue()


def large_image(seed: int = 0) -> bytes:
    """A PNG of 300 kB that does not compress."""
    stream = io.BytesIO()
    Image.frombytes("RGB", (400, 250), random.Random(seed).randbytes(300_000)).save(stream, "PNG", compress_level=0)
    return stream.getvalue()


@dataclass
class Reply:
    body: bytes = b""
    content_type: str = "text/html"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_length: int | None = None
    """the header Content-Length, if not that of the body; -1 for no header"""
    before: Callable[[], object] | None = None
    """is called before the response"""
    delay: float = 0.0
    """seconds before the response"""
    delay_per_byte: float = 0.0
    """seconds between two bytes of the body"""
    ranges: bool = False
    """whether the rest of the body can be asked for, and a body that is known need not be sent; needs an ETag"""


def html(body: str) -> Reply:
    return Reply(body.encode())


def png(seed: int = 0) -> Reply:
    return Reply(image_bytes(seed), "image/png")


@dataclass
class Site:
    """Sends the `replies` of a path in order and repeats the last one; `requested` lists the paths of all requests."""

    url: str = ""
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    requested: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    at_a_time: int = 0
    most_at_a_time: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, path: str, *replies: Reply) -> str:
        self.replies[path] = list(replies)
        return self.url + path

    def request_counts(self) -> Counter[str]:
        return Counter(self.requested)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def do_GET(self):
        self.site.requested.append(self.path)
        self.site.headers.append(dict(self.headers))
        replies = self.site.replies.get(self.path, [Reply(b"no", status=404)])
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        with self.site.lock:
            self.site.at_a_time += 1
            self.site.most_at_a_time = max(self.site.most_at_a_time, self.site.at_a_time)
        if reply.before:
            reply.before()
        time.sleep(reply.delay)
        with self.site.lock:
            self.site.at_a_time -= 1
        if reply.ranges:
            reply = self.part_of(reply)
        with contextlib.suppress(OSError):
            self.respond(reply)

    def part_of(self, reply):
        """As RFC 9110 says: 304, 206, or the whole reply."""
        tag = reply.headers["ETag"]
        if self.headers.get("If-None-Match") == tag:
            return replace(reply, body=b"", status=304)
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        if not start or self.headers.get("If-Range", tag) != tag:
            return reply
        end = len(reply.body)
        headers = {**reply.headers, "Content-Range": f"bytes {start}-{end - 1}/{end}"}
        return replace(reply, body=reply.body[start:], status=206, headers=headers)

    def respond(self, reply):
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        if reply.content_length != -1:
            length = len(reply.body) if reply.content_length is None else reply.content_length
            self.send_header("Content-Length", str(length))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if reply.delay_per_byte:
            for byte in reply.body:
                self.wfile.write(bytes([byte]))
                time.sleep(reply.delay_per_byte)
        else:
            self.wfile.write(reply.body)
        if reply.content_length is not None:
            self.close_connection = True

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # some tests are about clients that close the connection


@contextlib.contextmanager
def running_site(host="127.0.0.1"):
    site = Site()
    server = Server((host, 0), type("H", (Handler,), {"site": site, "disable_nagle_algorithm": True}))
    site.url = f"http://{host}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


def gallery_scrape(url: str, *, download: dict | None = None, **settings) -> Scrape:
    """Settings to scrape a gallery without delays."""
    options = {"delay": 0, "timeout": 5, "retries": 0, **(download or {})}
    return Scrape(source="gallery", gallery=Gallery(urls=[url], **settings), download=Download(**options))


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def site():
    with running_site() as running:
        yield running


@pytest.fixture
def other_site():
    with running_site() as running:
        yield running


@pytest.fixture
def closed_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.sleeps = []

    def sleep(self, seconds):
        self.sleeps.append(seconds)

    def now(self):
        return float(sum(self.sleeps))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sleeps(clock):
    """The client's sleeps in seconds; it does not really sleep."""
    return clock.sleeps


@pytest.fixture
def client_of(clock):
    def make(*trusted: str, pages=None, **settings):
        chosen = {"delay": 0, "timeout": 5, "retries": 2, **settings}
        return Client(Download(**chosen), trusted=trusted, pages=pages, sleep=clock.sleep, now=clock.now)

    return make


@pytest.fixture
def small_demo(tmp_path):
    """A demo gallery of 30 maps in two styles, laid out as in the package."""
    folder = tmp_path / "small-demo"
    (folder / "maps").mkdir(parents=True)
    index = []
    for number in range(30):
        style = "rock" if number < 26 else "ink"
        name = f"{style}-classic-{number:03}.webp"
        (folder / "maps" / name).write_bytes(image_bytes(number, "WEBP", (40 + number, 30)))
        index.append({"file": name, "title": f"The <Pit> & {number}", "style": style, "kind": "classic"})
    (folder / "maps.json").write_text(json.dumps(index), encoding="utf-8")
    return folder
