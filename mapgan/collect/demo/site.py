"""The website of the demo: index pages, thumbnails, full images, and a page that robots.txt forbids."""

from __future__ import annotations

import contextlib
import html
import io
import json
import threading
from collections.abc import Callable, Collection, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources.abc import Traversable
from socketserver import TCPServer
from typing import NamedTuple

from PIL import Image

from mapgan.errors import MapganError

MAPS_PER_PAGE = 24
THUMBNAIL_SIDE = 160  # pixels
AUTHOR = "mapgan demo, drawn with dungeongen"
ROBOTS = b"User-agent: *\nDisallow: /trap\n"

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="author" content="{author}">
<title>mapgan demo, page {number} of {last}</title>
{head}
</head>
<body>
<h1>Dungeon plans</h1>
{figures}
<p>{links}</p>
<p>All plans: <a rel="license" href="https://opensource.org/license/mit">MIT</a>.
<a href="/trap">Not for robots</a></p>
</body>
</html>
"""
FIGURE = """<figure><a href="/maps/{file}"><img src="/thumbs/{file}" alt="{title}"></a>
<figcaption>{title}</figcaption></figure>"""


class Body(NamedTuple):
    """The response to one path."""

    media_type: str
    content: Callable[[], bytes]


@contextlib.contextmanager
def serve(styles: Collection[str], source: Traversable) -> Iterator[str]:
    """Serve maps on a free port of 127.0.0.1; yields the URL, which ends in `/`.

    Args:
        styles: which maps of `maps.json` to serve.
        source: a folder with `maps.json` and `maps/`.

    Raises:
        MapganError: there are no maps in these styles.
    """
    bodies = bodies_of(read_index(styles, source), source / "maps")
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"bodies": bodies}))
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.05), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def read_index(styles: Collection[str], source: Traversable) -> list[dict[str, str]]:
    """The maps of these styles, sorted by file name."""
    try:
        index = json.loads((source / "maps.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MapganError("the maps of the demo are missing", "install mapgan again") from None
    chosen = sorted((entry for entry in index if entry["style"] in styles), key=lambda entry: entry["file"])
    if not chosen:
        known = ", ".join(sorted({entry["style"] for entry in index}))
        raise MapganError(f"scrape.demo.styles: no maps for {list(styles)}", f"choose from {known}")
    return chosen


def bodies_of(maps: list[dict[str, str]], folder: Traversable) -> dict[str, Body]:
    """All responses by path. Paths of requests are only looked up here, never opened as files."""
    bodies = {
        "/robots.txt": Body("text/plain", lambda: ROBOTS),
        "/trap": Body("text/html", lambda: b"<p>robots.txt asked you not to read this</p>"),
    }
    for entry in maps:
        file = folder / entry["file"]
        bodies[f"/maps/{entry['file']}"] = Body("image/webp", file.read_bytes)
        bodies[f"/thumbs/{entry['file']}"] = Body("image/webp", partial(_thumbnail, file))
    last = -(-len(maps) // MAPS_PER_PAGE)
    for number in range(1, last + 1):
        on_page = maps[(number - 1) * MAPS_PER_PAGE : number * MAPS_PER_PAGE]
        bodies[f"/page/{number}"] = Body("text/html; charset=utf-8", partial(_page, on_page, number, last))
    return bodies


def _page(maps: list[dict[str, str]], number: int, last: int) -> bytes:
    neighbours = [("prev", number - 1), ("next", number + 1)]
    links = [(rel, f"/page/{page}") for rel, page in neighbours if 1 <= page <= last]
    return PAGE.format(
        author=AUTHOR,
        number=number,
        last=last,
        head="\n".join(f'<link rel="{rel}" href="{path}">' for rel, path in links),
        figures="\n".join(
            FIGURE.format(file=html.escape(entry["file"]), title=html.escape(entry["title"])) for entry in maps
        ),
        links=" ".join(f'<a rel="{rel}" href="{path}">{rel}</a>' for rel, path in links),
    ).encode()


def _thumbnail(file: Traversable) -> bytes:
    with file.open("rb") as stream, Image.open(stream) as image:
        image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        content = io.BytesIO()
        image.save(content, "WEBP")
    return content.getvalue()


class _Server(ThreadingHTTPServer):
    def server_bind(self) -> None:
        # HTTPServer would look up the host name of this machine, which takes seconds where DNS is broken
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each response on a persistent connection takes 40 ms more
    bodies: dict[str, Body]

    def do_GET(self) -> None:
        if self.path == "/":
            self._respond(302, Body("text/plain", bytes), {"Location": "/page/1"})
        elif self.path in self.bodies:
            self._respond(200, self.bodies[self.path], {})
        else:
            self._respond(404, Body("text/plain", lambda: b"not found"), {})

    def _respond(self, status: int, body: Body, headers: dict[str, str]) -> None:
        content = body.content()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", body.media_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *_: object) -> None:
        """Log nothing: the terminal shows the scraper's progress."""
