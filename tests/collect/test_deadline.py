"""Servers that send a byte now and then, in every part of a response, and never end."""

import contextlib
import io
import re
import socket
import threading
import time

import pytest

from mapgan.collect.addresses import UnavailableError, origin

from .conftest import image_bytes

SECONDS = 0.4
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
A_CHUNK = f"{len(image_bytes()):x}\r\n".encode() + image_bytes() + b"\r\n"

ENDLESS = {
    "a status line": (b"", b"H"),
    "a header": (HEAD + b"X-A: ", b"x"),
    "headers": (HEAD, b"X: y\r\n"),
    "100 Continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body": (HEAD + b"\r\n" + image_bytes(), b"x"),
    "a body with a length": (HEAD + b"Content-Length: 100000\r\n\r\n" + image_bytes(), b"x"),
    "the size of a chunk": (CHUNKED, b"0"),
    "an extension of a chunk": (CHUNKED + b"5;", b"x"),
    "chunks": (CHUNKED + A_CHUNK, b"1\r\nx\r\n"),
    "trailers": (CHUNKED + A_CHUNK + b"0\r\n", b"X: y\r\n"),
    "a trailer": (CHUNKED + A_CHUNK + b"0\r\nX: ", b"x"),
    "a body after a connection that closes": (HEAD + b"Connection: close\r\n\r\n" + image_bytes(), b"x"),
    "nothing": (HEAD, b""),
}


@contextlib.contextmanager
def dripping(start, drop):
    """Yields the URL of a server that has no robots.txt, and answers all else with `start` and drops without end."""
    with socket.create_server(("127.0.0.1", 0)) as server, contextlib.ExitStack() as connections:
        stopped = threading.Event()

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    connections.enter_context(connection)
                    threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection):
            with contextlib.suppress(OSError):
                if re.match(rb"GET /(robots\.txt|\.well-known/)", connection.recv(10_000)):
                    connection.sendall(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    connection.close()
                    return
                connection.sendall(start)
                while not stopped.wait(0.02):
                    connection.sendall(drop)

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            stopped.set()
            server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(("start", "drop"), ENDLESS.values(), ids=ENDLESS)
def test_what_drips_is_ended(client_of, start, drop):
    with dripping(start, drop) as url:
        client = client_of(url, max_seconds=SECONDS, timeout=30)
        began = time.monotonic()
        with pytest.raises(UnavailableError, match=r"^not finished after 0\.4 s$"):
            client.fetch(f"{url}/a.png", io.BytesIO(), "image", 1 << 20)
        assert time.monotonic() - began < SECONDS + 1


def test_a_tls_handshake_that_drips_is_ended(client_of):
    with dripping(b"\x16\x03\x03\x3f\xff", b"x") as url:
        secure = url.replace("http:", "https:")
        client = client_of(secure, max_seconds=SECONDS, timeout=30)
        with pytest.raises(UnavailableError, match=r"not finished after 0\.4 s$"):
            client.fetch(f"{secure}/a.png", io.BytesIO(), "image", 1 << 20)


def test_a_host_that_only_drips_is_given_up(client_of):
    with dripping(HEAD, b"X: y\r\n") as url:
        client = client_of(url, max_seconds=0.2, timeout=30)
        reasons = []
        for number in range(5):
            with pytest.raises(UnavailableError) as raised:
                client.fetch(f"{url}/{number}.png", io.BytesIO(), "image", 1 << 20)
            reasons.append(str(raised.value))
    assert reasons == ["not finished after 0.2 s"] * 3 + ["its host failed too often in a row"] * 2


def test_the_next_request_after_one_that_was_ended_works(site, client_of):
    with dripping(HEAD, b"X: y\r\n") as url:
        client = client_of(url, site.url, max_seconds=SECONDS)
        with pytest.raises(UnavailableError):
            client.fetch(f"{url}/a.png", io.BytesIO(), "image", 1 << 20)
        body = io.BytesIO()
        with pytest.raises(UnavailableError, match="HTTP 404"):
            client.fetch(site.url + "/a.png", body, "image", 1 << 20)


def test_no_socket_stays_open(site, client_of):
    """Sockets of connections that were closed are not collected until the end of the scrape."""
    client = client_of(site.url)
    for _ in range(30):
        with pytest.raises(UnavailableError, match="HTTP 404"):
            client.fetch(site.url + "/a.png", io.BytesIO(), "image", 1 << 20)
    assert len(client.hosts[origin(site.url)].connections.deadline.watched) <= 2
