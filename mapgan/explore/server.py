"""Serves the page on this computer. Nothing is asked of any other: no fonts, no scripts, no telemetry."""

from __future__ import annotations

import asyncio
import importlib.util
import ipaddress
import logging
import os
import socket
import tempfile
import webbrowser
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mapgan.errors import MapganError
from mapgan.explore.favourites import Favourites
from mapgan.explore.scene_renderer import SceneRenderer
from mapgan.params import Explore

NEXT_PORTS = 20  # tried where one is taken
UPLOAD = "8mb"
# should Gradio, or a name from somewhere, ever ask for something from elsewhere, the browser refuses it
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; worker-src 'self' blob:; "
    "frame-ancestors 'none'; form-action 'self'; base-uri 'self'"
)
QUIET = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "1"}


def serve(settings: Explore, renderer: SceneRenderer, favourites: Favourites, ready: Callable[[str], None]) -> None:
    """Serve the page until the process is stopped.

    Args:
        settings: host and port.
        renderer: draws.
        favourites: their file.
        ready: is told the address, when the page can be opened.

    Raises:
        MapganError: Gradio is not installed, or no port is free.
    """
    if importlib.util.find_spec("gradio") is None:
        raise MapganError("explore: gradio is not installed", 'pip install "mapgan[explore]"')
    listener = _listen(settings.host, settings.port)
    url = f"http://{settings.host}:{listener.getsockname()[1]}/"
    with tempfile.TemporaryDirectory(prefix="mapgan-explore-") as folder:
        os.environ.update(QUIET | {"GRADIO_TEMP_DIR": folder})  # before Gradio is imported, which reads them
        import uvicorn

        app = application(settings, renderer, favourites, Path(folder))
        ready(url)
        if settings.browser:
            webbrowser.open(url)
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2)
        logging.getLogger("uvicorn.error").addFilter(is_news)
        uvicorn.Server(config).run(sockets=[listener])


def application(settings: Explore, renderer: SceneRenderer, favourites: Favourites, folder: Path) -> Any:
    """The page as an ASGI application; what is downloaded lies in `folder`."""
    from fastapi import FastAPI, Request, Response
    from gradio import mount_gradio_app
    from starlette.middleware.base import BaseHTTPMiddleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    from mapgan.explore.page import build
    from mapgan.explore.theme import FOLDER, theme

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    async def only_from_here(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        origin = request.headers.get("origin")  # browsers send what pages elsewhere ask, too
        if origin and urlsplit(origin).netloc != request.headers.get("host"):
            return Response(status_code=403)
        response = await call_next(request)
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    app.add_middleware(BaseHTTPMiddleware, dispatch=only_from_here)
    if is_loopback(settings.host):  # a page elsewhere cannot reach this one under a name of its own
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    blocks = build(renderer, favourites, folder)
    blocks.has_launched = True  # else Gradio lets a browser name any file as the one that was uploaded
    return mount_gradio_app(
        app,
        blocks,
        path="/",
        server_name=settings.host,
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=UPLOAD,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        theme=theme(),
        css_paths=FOLDER / "page.css",
    )


def is_news(record: logging.LogRecord) -> bool:
    """Whether a line of the log is more than that Ctrl+C cut off what open pages were being sent."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, asyncio.CancelledError) and not record.getMessage().startswith("Cancel ")


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach `host`."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listen(host: str, port: int) -> socket.socket:
    """A socket on the first free port from `port` on."""
    for number in range(port, min(port + NEXT_PORTS, 65536)):
        try:
            return socket.create_server((host, number))
        except OSError as error:
            reason = error.strerror or str(error)
    raise MapganError(f"explore: cannot listen on {host}, port {port} ({reason})", "name another --host or --port")
