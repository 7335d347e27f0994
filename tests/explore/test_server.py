from __future__ import annotations

import asyncio
import importlib.util
import logging
import socket
from pathlib import Path

import pytest

from mapgan.errors import MapganError
from mapgan.explore.favourites import Favourites
from mapgan.explore.scene_renderer import SceneRenderer
from mapgan.explore.server import NEXT_PORTS, _listen, is_loopback, is_news, serve
from mapgan.params import Explore


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("10.0.0.7", False),
        ("a.example", False),
    ],
)
def test_only_this_computer_is_a_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_the_next_port_is_taken_where_one_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with _listen("127.0.0.1", port) as listener:
            assert port < listener.getsockname()[1] < port + NEXT_PORTS


def test_ctrl_c_with_an_open_page_prints_no_traceback() -> None:
    def record(error: BaseException, text: str = "Exception in ASGI application") -> logging.LogRecord:
        return logging.LogRecord("uvicorn.error", logging.ERROR, "", 0, text, None, (type(error), error, None))

    assert not is_news(record(asyncio.CancelledError()))
    assert is_news(record(ValueError()))


def test_an_address_of_another_computer_is_one_line() -> None:
    with pytest.raises(MapganError, match=r"cannot listen on 192\.0\.2\.1, port 65530"):
        _listen("192.0.2.1", 65530)


def test_without_gradio_it_says_what_to_install(
    renderer: SceneRenderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MapganError, match=r"gradio is not installed; pip install \"mapgan\[explore\]\""):
        serve(Explore(), renderer, Favourites(tmp_path / "favourites.json"), print)
