"""Whatever bytes a server sends, a request ends with an image or with a reason."""

import contextlib
import io
import socket
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mapgan.collect.addresses import UnavailableError
from mapgan.collect.crawl import crawl
from mapgan.errors import MapganError
from mapgan.params.collecting import Gallery

from .conftest import image_bytes

HEADERS = st.sampled_from([
    *(b"Content-Type: image/png", b"Content-Type: \xff\x00", b"Content-Type: text/html; charset=\x01"),
    *(b"Content-Length: 10", b"Content-Length: -1", b"Content-Length: x", b"Content-Length: 9" + b"9" * 50),
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: x", b"Content-Encoding: gzip", b"Content-Encoding: deflate"),
    *(b"Location: http://h:99999/", b"Location: //", b"Location: \xff\xfe", b"Location: /again"),
    *(b"Retry-After: -5", b"Retry-After: 1e9", b"Retry-After: 0", b"Retry-After: Mon, 99 Foo", b"X-Robots-Tag: :,:"),
    *(b"Set-Cookie: \x00=\x01", b": ", b"no colon", b" folded", b"X: " + b"y" * 70_000, b"Connection: close"),
])  # fmt: skip
STATUS = st.sampled_from(
    [b"200", b"301", b"302", b"206", b"304", b"100", b"101", b"204", b"503", b"999", b"-1", b"x", b""]
)
BODY = st.sampled_from(
    [b"", image_bytes(), image_bytes()[:20], b"5\r\nhello\r\n0\r\n\r\n", b"zz\r\n", b"<p><img src=a>"]
)
RESPONSES = st.one_of(
    st.binary(max_size=60),
    st.builds(
        lambda status, headers, body: b"HTTP/1.1 " + status + b" OK\r\n" + b"\r\n".join([*headers, b"", b""]) + body,
        STATUS,
        st.lists(HEADERS, max_size=4),
        BODY | st.binary(max_size=60),
    ),
)


class Server:
    """Answers each connection with `response` and closes it; robots.txt is missing."""

    def __init__(self, listening):
        self.listening, self.response = listening, b""
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listening.accept()
                with connection, contextlib.suppress(OSError):
                    robots = b"GET /robots.txt" in connection.recv(10_000)
                    missing = b"HTTP/1.1 404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                    connection.sendall(missing if robots else self.response)


@pytest.fixture(scope="module")
def server():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield Server(listening)
        listening.shutdown(socket.SHUT_RDWR)


# the fixtures hold no state of an example
ANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@ANY
@given(RESPONSES)
def test_any_bytes_for_an_image(server, client_of, response):
    server.response = response
    client = client_of(server.url, timeout=0.5, retries=1)
    with contextlib.suppress(UnavailableError):
        client.fetch(f"{server.url}/a.png", io.BytesIO(), "image", 1 << 20)


@ANY
@given(RESPONSES)
def test_any_bytes_for_a_page(server, client_of, response):
    server.response = response
    gallery = Gallery(urls=[f"{server.url}/"])
    with contextlib.suppress(MapganError):
        crawl(gallery, client_of(server.url, timeout=0.5, retries=0))
