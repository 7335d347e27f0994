"""A small website on 127.0.0.1 that can be as unkind as the real ones."""

import contextlib
import io
import json
import socket
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from mapgan.collect.client import Client
from mapgan.params.collecting import Gallery


def image_bytes(seed: int = 0, kind: str = "PNG", size: tuple[int, int] = (8, 6)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, (seed * 37 % 256, seed % 256, 90)).save(stream, kind)
    return stream.getvalue()


@dataclass
class Reply:
    body: bytes = b""
    kind: str = "text/html"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    claims: int | None = None
    """Content-Length, if another than the body's; -1 for none"""
    waits: float = 0.0
    """seconds before anything is said"""
    drips: float = 0.0
    """seconds between two bytes"""


def html(body: str) -> Reply:
    return Reply(body.encode())


def png(seed: int = 0) -> Reply:
    return Reply(image_bytes(seed), "image/png")


@dataclass
class Site:
    """`replies[path]` are answered in turn, the last one again and again; `asked` is what was asked for."""

    url: str = ""
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def put(self, path: str, *replies: Reply) -> str:
        self.replies[path] = list(replies)
        return self.url + path

    def times(self) -> dict[str, int]:
        counts: dict[str, int] = defaultdict(int)
        for path in self.asked:
            counts[path] += 1
        return counts


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def do_GET(self):
        self.site.asked.append(self.path)
        self.site.headers.append(dict(self.headers))
        replies = self.site.replies.get(self.path, [Reply(b"no", status=404)])
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        time.sleep(reply.waits)
        with contextlib.suppress(OSError):
            self.handle_trouble(reply)

    def handle_trouble(self, reply):
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        if reply.claims != -1:
            length = len(reply.body) if reply.claims is None else reply.claims
            self.send_header("Content-Length", str(length))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if reply.drips:
            for byte in reply.body:
                self.wfile.write(bytes([byte]))
                time.sleep(reply.drips)
        else:
            self.wfile.write(reply.body)
        if reply.claims is not None:
            self.close_connection = True

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # clients that hang up are what some tests are about


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
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture
def pauses():
    """What the client slept, in seconds; nothing really sleeps."""
    return []


@pytest.fixture
def client_of(pauses):
    def make(*named: str, **settings):
        chosen = {"delay": 0, "timeout": 5, "retries": 2, **settings}
        return Client(Gallery(urls=list(named), **chosen), named=named, sleep=pauses.append)

    return make


@pytest.fixture
def stand_in(tmp_path):
    """A demo of 30 maps in two looks, as the package would hold it."""
    folder = tmp_path / "stand-in"
    (folder / "maps").mkdir(parents=True)
    listed = []
    for number in range(30):
        look = "rock" if number < 26 else "ink"
        name = f"{look}-classic-{number:03}.webp"
        (folder / "maps" / name).write_bytes(image_bytes(number, "WEBP", (40 + number, 30)))
        listed.append({"file": name, "title": f"The <Pit> & {number}", "style": look, "kind": "classic"})
    (folder / "maps.json").write_text(json.dumps(listed), encoding="utf-8")
    return folder
